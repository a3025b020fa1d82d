/** What the driver is told of the host and of encryption. */
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'mysql2'
import type { MysqlAddress } from './url.ts'

export function encryptionOf({ host, tls }: MysqlAddress): Pick<ConnectionOptions, 'host' | 'ssl'> {
  if (tls === null) return { host }
  return {
    host: tls.verifyIdentity ? identityOf(host) : host,
    ssl: {
      rejectUnauthorized: tls.verifyCertificate,
      verifyIdentity: tls.verifyIdentity,
      ...(tls.ca === null ? {} : { ca: tls.ca }),
      ...(tls.cert === null ? {} : { cert: tls.cert }),
      ...(tls.key === null ? {} : { key: tls.key }),
    },
  }
}

/**
 * What the driver verifies a certificate against. It hands a name on and drops an address, in whose place Node would look for
 * `localhost` in the certificate. With a full stop behind it, the driver takes an address for a name; Node ignores the full stop.
 */
function identityOf(host: string): string {
  return isIP(host) === 0 ? host : `${host}.`
}
