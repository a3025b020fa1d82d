/** The port to the keys over SQL: one short statement at a time, each a transaction of its own. */
import { isLive, newKey, type KeyRecord, type KeyTerms } from '../../access/key.ts'
import {
  KEYS_LOADED_MAX,
  type KeysQuery,
  type KeyStore,
  type LiveKeys,
  type NewSecret,
} from '../../access/key-store.ts'
import type { Instant } from '../../domain/ids.ts'
import { asFault, Fault } from '../../engine/faults.ts'
import type { Query, SqlDialect } from './dialect.ts'
import { keyOf, newKeyRow } from './key-row.ts'
import { whole, type SqlValue } from './values.ts'

/** Statements on the table of keys. A write is durable when it returns, except a touch. */
export interface KeyStatements {
  readonly read: Query
  readonly write: Query
  readonly touch: Query
}

const IS_LIVE = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)'

export class SqlKeyStore implements KeyStore {
  readonly #statements: KeyStatements
  readonly #dialect: SqlDialect

  constructor(dialect: SqlDialect, statements: KeyStatements) {
    this.#dialect = dialect
    this.#statements = statements
  }

  async live(now: Instant): Promise<LiveKeys> {
    const text = `SELECT * FROM api_keys WHERE ${IS_LIVE} ORDER BY number LIMIT ${KEYS_LOADED_MAX}`
    const rows = await this.#read(text, now)
    const required = rows.length > 0 || (await this.#read('SELECT number FROM api_keys LIMIT 1')).length > 0
    return { required, keys: rows.map(keyOf) }
  }

  async list({ after, limit }: KeysQuery): Promise<readonly KeyRecord[]> {
    const text = 'SELECT * FROM api_keys WHERE number > ? ORDER BY number LIMIT ?'
    return (await this.#read(text, after, limit)).map(keyOf)
  }

  async find(name: string): Promise<KeyRecord | null> {
    const [row] = await this.#read('SELECT * FROM api_keys WHERE name = ?', name)
    return row === undefined ? null : keyOf(row)
  }

  async create(terms: KeyTerms, { hash, at }: NewSecret, liveMax: number): Promise<KeyRecord | 'taken' | 'full'> {
    if ((await this.find(terms.name)) !== null) return 'taken'
    const [count] = await this.#read(`SELECT COUNT(*) AS live FROM api_keys WHERE ${IS_LIVE}`, at)
    if (whole(count!['live']) >= liveMax) return 'full'
    const row = newKeyRow(newKey(terms, hash, at))
    const columns = Object.keys(row)
    const text = `INSERT INTO api_keys (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
    const found = await this.#change(terms.name, text, ...Object.values(row))
    if (found.key === null) throw found.failure ?? asFault(null)
    // Another process made a key of this name at the same instant.
    return found.key.hash === hash ? found.key : 'taken'
  }

  async rotate(name: string, { hash, at }: NewSecret, previousUntil: Instant | null): Promise<KeyRecord | null> {
    const before = await this.find(name)
    if (before === null || !isLive(before, at)) return null
    // MySQL assigns from left to right, so the previous hash comes first.
    const previous = previousUntil === null ? 'NULL' : 'hash'
    const text = `UPDATE api_keys SET previous_hash = ${previous}, previous_until = ?, hash = ?, rotated_at = ?
      WHERE name = ? AND ${IS_LIVE}`
    const { key, failure } = await this.#change(name, text, previousUntil, hash, at, name, at)
    if (key !== null && [key.hash, key.previousHash].includes(hash)) return key
    if (failure !== null) throw failure
    return null
  }

  async revoke(name: string, at: Instant): Promise<KeyRecord | null> {
    const text = 'UPDATE api_keys SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL'
    const { key, failure } = await this.#change(name, text, at, name)
    if (key !== null && key.revokedAt === null) throw failure ?? asFault(null)
    return key
  }

  async touch(numbers: readonly number[], at: Instant): Promise<void> {
    if (numbers.length === 0) return
    const places = numbers.map(() => '?').join(', ')
    const text = `UPDATE api_keys SET last_used_at = ?
      WHERE number IN (${places}) AND (last_used_at IS NULL OR last_used_at < ?)`
    await this.#statements.touch(...this.#statement(text, [at, ...numbers, at]))
  }

  async #read(text: string, ...parameters: readonly SqlValue[]): ReturnType<Query> {
    return await this.#statements.read(...this.#statement(text, parameters))
  }

  /**
   * Writes, and reads the key. A write that failed may have had its effect all the same; then the row shows it.
   *
   * @throws Fault `commit_in_doubt` if the row cannot be read after a failure
   */
  async #change(
    name: string,
    text: string,
    ...parameters: readonly SqlValue[]
  ): Promise<{ readonly key: KeyRecord | null; readonly failure: Fault | null }> {
    let failure: Fault | null = null
    try {
      await this.#statements.write(...this.#statement(text, parameters))
    } catch (error) {
      failure = asFault(error)
    }
    try {
      return { key: await this.find(name), failure }
    } catch (error) {
      const message = 'The database was lost while a key was changed. Look at the list of keys.'
      throw new Fault('commit_in_doubt', message, { applied: 'unknown', cause: failure ?? error })
    }
  }

  #statement(text: string, parameters: readonly SqlValue[]): Parameters<Query> {
    let count = 0
    const sql = this.#dialect === 'postgres' ? text.replaceAll('?', () => `$${++count}`) : text
    return [sql, parameters]
  }
}
