/** Whether the connection is encrypted, and the driver's options for that. */
import { isIP } from 'node:net'
import type { ConnectionOptions } from 'mysql2'
import type { StoreWarning } from '../warning.ts'
import { isLocal, type MysqlAddress } from './url.ts'

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
 * The host that a certificate is verified against. The driver passes a name on and drops an address; Node would then verify `localhost`.
 * The driver takes an address with a full stop after it for a name; Node ignores the full stop.
 */
function identityOf(host: string): string {
  return isIP(host) === 0 ? host : `${host}.`
}

export function encryptionWarnings(address: MysqlAddress): readonly StoreWarning[] {
  if (address.tls !== null || isLocal(address)) return []
  const message = `The connection to ${address.host} is not encrypted. Add ssl-mode=VERIFY_IDENTITY to the store URL.`
  return [{ code: 'unencrypted', message }]
}
