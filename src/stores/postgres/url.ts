/**
 * `postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE&…` in parts.
 *
 * Names and meanings are libpq's where it has them (https://www.postgresql.org/docs/current/libpq-connect.html).
 */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { splitHosts, type Host } from '../hosts.ts'
import { StoreUrlError } from '../store-url-error.ts'

export { onlyHost } from '../hosts.ts'

export interface PostgresUrl {
  /** A name, an address, or the folder of a Unix socket. With several hosts, the first one, or the one that `atHost` was given. */
  readonly host: string
  readonly port: number
  /** In the order of the URL; one or more. */
  readonly hosts: readonly Host[]
  /** Without one, the environment's PGUSER or the name of the system's user. */
  readonly user: string | undefined
  /** Without one, the environment's PGPASSWORD. */
  readonly password: string | undefined
  readonly database: string | undefined
  readonly tls: false | ConnectionOptions
  /** The schema of the tables; null for the database's own search path. */
  readonly schema: string | null
  readonly applicationName: string
  /** Connections for reads. Writes have up to four others. */
  readonly poolSize: number
  readonly connectTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  /** Whether another engine, or a pooler that shares connections, is accepted. */
  readonly allowUnsupported: boolean
}

const PORT_DEFAULT = 5432
const POOL_SIZE_DEFAULT = 4
const CONNECT_TIMEOUT_MS_DEFAULT = 5_000
const LOCK_TIMEOUT_MS_DEFAULT = 1_000
const STATEMENT_TIMEOUT_MS_DEFAULT = 10_000

const OPTIONS = [
  'allowUnsupported',
  'application_name',
  'connect_timeout_ms',
  'host',
  'lock_timeout_ms',
  'pool_size',
  'schema',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslrootcert',
  'statement_timeout_ms',
] as const

type Option = (typeof OPTIONS)[number]
type Options = ReadonlyMap<string, string>

/** @throws StoreUrlError, which never repeats the password */
export function parsePostgresUrl(text: string): PostgresUrl {
  const { text: single, hosts } = splitHosts(text, PORT_DEFAULT)
  const url = URL.parse(single)
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol)) {
    throw new StoreUrlError('A PostgreSQL store URL is postgres://USER:PASSWORD@HOST:PORT/DATABASE.')
  }
  const options = optionsOf(url)
  if (hosts !== null && options.has('host')) {
    throw new StoreUrlError('The store URL names several hosts, so it has no option "host".')
  }
  const named = options.get('host') ?? (decoded(url.hostname) ?? '').replace(/^\[(.*)\]$/, '$1')
  const host = named === '' ? 'localhost' : named
  const port = url.port === '' ? PORT_DEFAULT : Number(url.port)
  return {
    host,
    port,
    hosts: hosts ?? [{ host, port }],
    user: decoded(url.username),
    password: decoded(url.password),
    database: decoded(url.pathname.slice(1)),
    tls: tlsOf(options),
    schema: schemaOf(options),
    applicationName: options.get('application_name') ?? 'holdfast',
    poolSize: wholeOf(options, 'pool_size', POOL_SIZE_DEFAULT),
    connectTimeoutMs: wholeOf(options, 'connect_timeout_ms', CONNECT_TIMEOUT_MS_DEFAULT),
    lockTimeoutMs: wholeOf(options, 'lock_timeout_ms', LOCK_TIMEOUT_MS_DEFAULT),
    statementTimeoutMs: wholeOf(options, 'statement_timeout_ms', STATEMENT_TIMEOUT_MS_DEFAULT),
    allowUnsupported: flagOf(options, 'allowUnsupported'),
  }
}

/** The same database at one of its hosts. */
export function atHost(url: PostgresUrl, { host, port }: Host): PostgresUrl {
  return { ...url, host, port }
}

function optionsOf(url: URL): Options {
  const options = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (!OPTIONS.includes(name as Option)) {
      throw new StoreUrlError(`PostgreSQL store URLs have no option "${name}". They have ${OPTIONS.join(', ')}.`)
    }
    if (options.has(name)) throw new StoreUrlError(`The option "${name}" stands twice in the store URL.`)
    options.set(name, value)
  }
  return options
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    throw new StoreUrlError('A part of the store URL is not percent-encoded as it should be.')
  }
}

function wholeOf(options: Options, name: Option, fallback: number): number {
  const text = options.get(name)
  if (text === undefined) return fallback
  const value = Number(text)
  // The maximum of timers and of the server's settings is 2^31 - 1.
  if (!/^\d+$/.test(text) || value < 1 || value > 0x7fff_ffff) {
    throw new StoreUrlError(`The option "${name}" of the store URL is a whole number from 1, not "${text}".`)
  }
  return value
}

function flagOf(options: Options, name: Option): boolean {
  const text = options.get(name) ?? 'false'
  if (text !== 'true' && text !== 'false') {
    throw new StoreUrlError(`The option "${name}" of the store URL is true or false, not "${text}".`)
  }
  return text === 'true'
}

function schemaOf(options: Options): string | null {
  const schema = options.get('schema') ?? null
  if (schema !== null && !/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new StoreUrlError('The option "schema" of the store URL has 1 to 63 characters of a-z 0-9 _, no digit first.')
  }
  return schema
}

/**
 * - `disable` (the default): no encryption.
 * - `require`: encrypted, but the server is not verified; with `sslrootcert` as `verify-ca`.
 * - `verify-ca`: the server's certificate is signed by `sslrootcert`.
 * - `verify-full`: signed by `sslrootcert` or a public authority, and issued for the host.
 *
 * `allow` and `prefer` are refused, because they can fall back to no encryption.
 */
function tlsOf(options: Options): false | ConnectionOptions {
  const mode = options.get('sslmode') ?? 'disable'
  const files = {
    ...file(options, 'sslrootcert', 'ca'),
    ...file(options, 'sslcert', 'cert'),
    ...file(options, 'sslkey', 'key'),
  }
  switch (mode) {
    case 'disable':
      if (Object.keys(files).length > 0) throw new StoreUrlError('Certificates in the store URL need an sslmode.')
      return false
    case 'require':
      return files.ca === undefined ? { ...files, rejectUnauthorized: false } : { ...files, ...ANY_HOST }
    case 'verify-ca':
      if (files.ca === undefined) throw new StoreUrlError('sslmode=verify-ca needs sslrootcert in the store URL.')
      return { ...files, ...ANY_HOST }
    case 'verify-full':
      return files
    default:
      throw new StoreUrlError(`sslmode is disable, require, verify-ca or verify-full, not "${mode}".`)
  }
}

const ANY_HOST = { checkServerIdentity: () => undefined }

function file<Key extends 'ca' | 'cert' | 'key'>(
  options: Options,
  name: Option,
  key: Key,
): { readonly [K in Key]?: string } {
  const path = options.get(name)
  if (path === undefined) return {}
  try {
    return { [key]: readFileSync(path, 'utf8') } as { readonly [K in Key]?: string }
  } catch (error) {
    throw new StoreUrlError(`The file of "${name}" in the store URL cannot be read: ${(error as Error).message}`)
  }
}
