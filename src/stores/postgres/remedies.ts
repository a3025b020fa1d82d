/** Errors that repeat until an operator changes something, and what to change. All others may end by themselves. */
import { DatabaseError } from 'pg'

const CREDENTIALS =
  'Check the user and the password in the store URL (or PGPASSWORD), and what pg_hba.conf allows this user and this address.'
const DATABASE = 'Create the database, or correct its name in the store URL.'
const MIGRATE = 'Run "holdfast migrate --store URL", and check the database and the schema in the store URL.'
const RIGHTS =
  'Grant this user its rights: the PostgreSQL guide lists those for serving. To migrate, it must own the database.'
const CERTIFICATE = 'Check sslmode, sslrootcert and the host in the store URL against the certificate of the server.'
export const POOLER =
  'A pooler that hands out a connection per transaction or statement loses what Holdfast sets and prepares on it. Set its ' +
  'pool_mode to session, or connect to the server itself. allowUnsupported=true in the store URL insists.'

/** See https://www.postgresql.org/docs/current/errcodes-appendix.html */
const BY_STATE: Readonly<Record<string, string>> = {
  '26000': POOLER, // invalid_sql_statement_name: prepared on a connection that was another one
  '28000': CREDENTIALS, // invalid_authorization_specification: no such role, no login, no line of pg_hba.conf
  '28P01': CREDENTIALS, // invalid_password
  '3D000': DATABASE, // invalid_catalog_name
  '3F000': MIGRATE, // invalid_schema_name
  '42501': RIGHTS, // insufficient_privilege
  '42703': MIGRATE, // undefined_column
  '42P01': MIGRATE, // undefined_table
  '42P05': POOLER, // duplicate_prepared_statement: prepared by another client of the pooler
}

/** A pooler reports all its own errors as violations of the protocol. */
const POOLER_STATE = '08P01'
const BY_POOLER_MESSAGE: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/statement pooling/, POOLER],
  [/no such database|database .* does not exist/, DATABASE],
  [/no such user/, CREDENTIALS],
  [/authentication failed|auth failed/, CREDENTIALS],
]

/** By the driver's message, because it gives these errors no code. */
const BY_DRIVER_MESSAGE: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/client password must be a/, CREDENTIALS],
  [
    /^SASL: .*mechanism|^Unknown authenticationOk message type/,
    'The driver knows the methods trust, password, md5 and scram-sha-256. Give the user one of them in pg_hba.conf.',
  ],
  [
    /does not support SSL connections/,
    'Turn on TLS at the server, or use sslmode=disable on a network that you trust.',
  ],
]

/** Codes of Node for a certificate that is not trusted. */
const CERTIFICATE_CODES =
  /^(?:CERT_|ERR_TLS_CERT_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF)/

/** What an operator has to do before the same call can succeed; null when it may succeed later without that. */
export function remedyOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (error instanceof DatabaseError) {
    return code === POOLER_STATE ? among(BY_POOLER_MESSAGE, error.message) : (BY_STATE[code] ?? null)
  }
  return CERTIFICATE_CODES.test(code) ? CERTIFICATE : among(BY_DRIVER_MESSAGE, error.message)
}

function among(remedies: readonly (readonly [pattern: RegExp, remedy: string])[], message: string): string | null {
  return remedies.find(([pattern]) => pattern.test(message))?.[1] ?? null
}
