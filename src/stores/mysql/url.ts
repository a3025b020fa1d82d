/**
 * `mysql://USER:PASSWORD@HOST:PORT/DATABASE?ssl-mode=VERIFY_IDENTITY&ssl-ca=FILE&pool_size=4`, or `mariadb://…`: both schemes mean the
 * same, because the server reports which one it is.
 */
import { readFileSync } from 'node:fs'
import { splitHosts, type Host } from '../hosts.ts'
import { StoreUrlError } from '../store-url-error.ts'

export { onlyHost } from '../hosts.ts'

export interface MysqlAddress {
  /** With several hosts, the first one, or the one that `atHost` was given. */
  readonly host: string
  readonly port: number
  /** In the order of the URL; one or more. */
  readonly hosts: readonly Host[]
  /** The path of a Unix socket in place of host and port. */
  readonly socketPath: string | null
  readonly user: string
  readonly password: string
  readonly database: string
  /** Null: not encrypted. */
  readonly tls: MysqlTls | null
  /** Whether an unknown kind of server is accepted. */
  readonly allowUnsupported: boolean
}

export interface MysqlTls {
  /** False: encrypted, but the server is not verified. */
  readonly verifyCertificate: boolean
  /** Whether the certificate must be that of `host`. */
  readonly verifyIdentity: boolean
  /** PEM texts. */
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
}

/** Settings in the URL's query or in the options; the options win. */
export interface MysqlTuning {
  /** Connections for reads, 1 to 100. Writes have two others. */
  readonly poolSize: number
  readonly connectTimeoutMs: number
  /** The longest time without an answer of the server before the connection is given up. */
  readonly statementTimeoutMs: number
  /** How long a statement waits for a lock, 1,000 to 60,000; the server counts in whole seconds. */
  readonly lockTimeoutMs: number
  /** How long a read waits for a free connection of the pool, and a write for its turn. */
  readonly poolTimeoutMs: number
  /** From this many requests and changes of holds on, a commit runs ahead of its turn, see store.ts: a second round trip has to be worth it. */
  readonly aheadRowsMin: number
}

const PORT_DEFAULT = 3306

export const MYSQL_TUNING: MysqlTuning = {
  poolSize: 4,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 1_000,
  poolTimeoutMs: 10_000,
  aheadRowsMin: 100,
}

/** MySQL's own names, see https://dev.mysql.com/doc/refman/8.4/en/connection-options.html */
const TLS_MODES: Readonly<Record<string, Pick<MysqlTls, 'verifyCertificate' | 'verifyIdentity'> | null>> = {
  DISABLED: null,
  REQUIRED: { verifyCertificate: false, verifyIdentity: false },
  VERIFY_CA: { verifyCertificate: true, verifyIdentity: false },
  VERIFY_IDENTITY: { verifyCertificate: true, verifyIdentity: true },
}

interface TuningParameter {
  readonly name: string
  readonly min: number
  readonly max: number
}

const TUNING_PARAMETERS: Readonly<Record<keyof MysqlTuning, TuningParameter>> = {
  poolSize: { name: 'pool_size', min: 1, max: 100 },
  connectTimeoutMs: { name: 'connect_timeout_ms', min: 100, max: 60_000 },
  statementTimeoutMs: { name: 'statement_timeout_ms', min: 1_000, max: 600_000 },
  lockTimeoutMs: { name: 'lock_timeout_ms', min: 1_000, max: 60_000 },
  poolTimeoutMs: { name: 'pool_timeout_ms', min: 100, max: 600_000 },
  aheadRowsMin: { name: 'ahead_rows_min', min: 1, max: 1_000_000 },
}

/** @throws StoreUrlError */
export function parseMysqlUrl(
  text: string,
  options: Partial<MysqlTuning> = {},
): { readonly address: MysqlAddress; readonly tuning: MysqlTuning } {
  const { text: single, hosts } = splitHosts(text, PORT_DEFAULT)
  const url = URL.parse(single)
  if (url === null || !['mysql:', 'mariadb:'].includes(url.protocol)) {
    throw new StoreUrlError('A MySQL store URL looks like mysql://USER:PASSWORD@HOST:3306/DATABASE.')
  }
  const query = new Map(url.searchParams)
  const take = (name: string): string | null => {
    const value = query.get(name) ?? null
    query.delete(name)
    return value
  }
  const host = url.hostname.replace(/^\[|\]$/g, '') || 'localhost'
  const port = url.port === '' ? PORT_DEFAULT : Number(url.port)
  const address: MysqlAddress = {
    host,
    port,
    hosts: hosts ?? [{ host, port }],
    socketPath: take('socket'),
    user: decode(url.username),
    password: decode(url.password),
    database: decode(url.pathname.slice(1)),
    tls: tlsOf(take),
    allowUnsupported: flagOf('allowUnsupported', take),
  }
  if (hosts !== null && address.socketPath !== null) {
    throw new StoreUrlError('The store URL names several hosts, so it has no socket.')
  }
  if (address.user === '') throw new StoreUrlError('The store URL names no user: mysql://USER:PASSWORD@HOST/DATABASE.')
  if (address.database === '') throw new StoreUrlError('The store URL names no database: mysql://USER@HOST/DATABASE.')
  const tuning = tuningOf(take, options)
  const [unknown] = query.keys()
  if (unknown !== undefined) throw new StoreUrlError(`The store URL has a parameter "${unknown}", which nothing reads.`)
  return { address, tuning }
}

/** The same database at one of its hosts. */
export function atHost(address: MysqlAddress, { host, port }: Host): MysqlAddress {
  return { ...address, host, port }
}

/** Whether every connection stays on this machine. */
export function isLocal({ hosts, socketPath }: MysqlAddress): boolean {
  const isHere = ({ host }: Host): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')
  return socketPath !== null || hosts.every(isHere)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new StoreUrlError('The store URL has a % that starts no escape; write it as %25.')
  }
}

function flagOf(name: string, take: (name: string) => string | null): boolean {
  const value = take(name) ?? 'false'
  if (value !== 'true' && value !== 'false') throw new StoreUrlError(`${name} must be true or false.`)
  return value === 'true'
}

function tlsOf(take: (name: string) => string | null): MysqlTls | null {
  const [ca, cert, key] = ['ssl-ca', 'ssl-cert', 'ssl-key'].map((name) => pem(name, take(name)))
  const asked = take('ssl-mode')
  // A certificate to trust implies verification.
  const mode = asked ?? (ca === null ? 'DISABLED' : 'VERIFY_CA')
  const checks = TLS_MODES[mode.toUpperCase()]
  if (checks === undefined) {
    throw new StoreUrlError(`ssl-mode is "${mode}"; it must be ${Object.keys(TLS_MODES).join(', ')}.`)
  }
  return checks === null ? null : { ...checks, ca: ca ?? null, cert: cert ?? null, key: key ?? null }
}

function pem(name: string, path: string | null): string | null {
  if (path === null) return null
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new StoreUrlError(`${name}: the file ${path} cannot be read.`, { cause: error })
  }
}

function tuningOf(take: (name: string) => string | null, options: Partial<MysqlTuning>): MysqlTuning {
  const tuning: Record<keyof MysqlTuning, number> = { ...MYSQL_TUNING }
  for (const field of Object.keys(TUNING_PARAMETERS) as (keyof MysqlTuning)[]) {
    const { name, min, max } = TUNING_PARAMETERS[field]
    const inUrl = take(name)
    const value = options[field] ?? (inUrl === null ? tuning[field] : Number(inUrl))
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new StoreUrlError(`${name} must be a whole number from ${min} to ${max}.`)
    }
    tuning[field] = value
  }
  return tuning
}
