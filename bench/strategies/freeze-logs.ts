/**
 * The tables of the freeze write-ups, `users` and `compute_freeze_logs`, and the statements on them.
 *
 * A freeze adds to a user's `frozen_balance`; a settle subtracts the actual cost from `balance` and the frozen amount from
 * `frozen_balance`; a refund only the latter. The log row, unique by request id, is the idempotency record.
 */
import { openDatabase } from '../databases/scratch.ts'
import { DatabaseFailure, forUpdate, type Connection, type Database, type Dialect } from '../databases/database.ts'
import { slowed } from '../databases/slowed.ts'
import { seriesSql, uuidTextSql } from '../../harness/row-series.ts'
import { auditFreezeLogs } from '../audit/freeze-logs.ts'
import { Counter } from './counting.ts'
import {
  CallFailure,
  type FreezeRequest,
  type HoldRequest,
  type Lives,
  type Loading,
  type Player,
  type Site,
  type Strategy,
} from './strategy.ts'

interface Variant {
  readonly summary: string
  /** A foreign key from the log to the user. */
  readonly foreignKey?: boolean
  /** A version column in `users`, with an index. */
  readonly version?: boolean
  readonly play: (database: Database, counter: Counter) => Lives
}

/** A strategy on these tables. */
export function freezeStrategy({ summary, foreignKey = false, version = false, play }: Variant): Strategy {
  return {
    summary,
    plays: 'lives',
    loading: LOADING,
    async prepare(site) {
      await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
      await database.run(tables(site.dialect, { foreignKey, version }))
      for (const statement of users(site)) await database.run([statement])
    },
    async open(site): Promise<Player> {
      const counter = new Counter()
      const database = slowed(await openDatabase(site.url, site.dialect, site), site.statementPauseMs)
      return {
        lives: play(counter.watch(database), counter),
        transfers: null,
        counts: () => counter.counts,
        workerPid: null,
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      }
    },
    audit: auditFreezeLogs,
  }
}

/** The write-up's index for compare-and-swap. */
export const SWAP_INDEX = 'idx_users_id_version'

const NUMBERED: Readonly<Record<Dialect, string>> = {
  sqlite: 'INTEGER PRIMARY KEY',
  mysql: 'BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY',
  postgres: 'BIGSERIAL PRIMARY KEY',
}

function tables(dialect: Dialect, options: { foreignKey: boolean; version: boolean }): readonly string[] {
  const foreignKey = options.foreignKey ? ', FOREIGN KEY (user_id) REFERENCES users (id)' : ''
  return [
    `CREATE TABLE users (
      id BIGINT NOT NULL PRIMARY KEY,
      balance BIGINT NOT NULL,
      frozen_balance BIGINT NOT NULL,
      ${options.version ? 'version BIGINT NOT NULL DEFAULT 0,' : ''}
      updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    )`,
    ...(options.version ? [`CREATE INDEX ${SWAP_INDEX} ON users (id, version)`] : []),
    `CREATE TABLE compute_freeze_logs (
      id ${NUMBERED[dialect]},
      request_id VARCHAR(64) NOT NULL,
      user_id BIGINT NOT NULL,
      amount BIGINT NOT NULL,
      actual_amount BIGINT,
      model_id BIGINT,
      conversation_id BIGINT,
      status VARCHAR(16) NOT NULL,
      remark VARCHAR(255),
      created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
      updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
      ${foreignKey}
    )`,
    'CREATE UNIQUE INDEX idx_request_id ON compute_freeze_logs (request_id)',
  ]
}

/** Nobody of `usersOf`. */
const LOADED_USER = 1_000_000

const LOADING: Loading = {
  livesPerStep: 10_000,
  async begin() {},
  stepSql(step, dialect) {
    const livesPerStep = LOADING.livesPerStep
    const values = {
      request_id: uuidTextSql(dialect, 'i'),
      user_id: String(LOADED_USER),
      amount: '10',
      actual_amount: '4',
      model_id: '7',
      conversation_id: '4711',
      status: `'settled'`,
      remark: `'chat'`,
    }
    return [
      ...(step === 0 ? [`INSERT INTO users (id, balance, frozen_balance) VALUES (${LOADED_USER}, 0, 0)`] : []),
      seriesSql('compute_freeze_logs', {
        numbers: { first: step * livesPerStep + 1, count: livesPerStep },
        key: 'user_id',
        series: [{ values }],
      }),
    ]
  },
  reads: null,
}

const USERS_PER_STATEMENT = 500

function* users({ users, funds }: Site): Iterable<string> {
  for (let start = 0; start < users.length; start += USERS_PER_STATEMENT) {
    const rows = users.slice(start, start + USERS_PER_STATEMENT).map((id) => `(${id}, ${funds}, 0)`)
    yield `INSERT INTO users (id, balance, frozen_balance) VALUES ${rows.join(', ')}`
  }
}

/** A row of `compute_freeze_logs`. */
export interface FreezeLog {
  readonly amount: number
  readonly status: 'frozen' | 'settled' | 'refunded'
}

/** How a log ends. */
export interface Ending {
  readonly status: 'settled' | 'refunded'
  readonly cost: number
}

/** Reads without a lock: the check for a repeat. */
export async function findLog(connection: Connection, requestId: string): Promise<FreezeLog | null> {
  const sql = 'SELECT amount, status FROM compute_freeze_logs WHERE request_id = ?'
  const [row] = await connection.select(sql, [requestId])
  return row === undefined ? null : { amount: Number(row['amount']), status: row['status'] as FreezeLog['status'] }
}

/** The log of a hold to be ended; null when it has ended already. @throws CallFailure when there is none */
export async function findOpenLog(connection: Connection, { requestId }: HoldRequest): Promise<FreezeLog | null> {
  const log = await findLog(connection, requestId)
  if (log === null) throw new CallFailure('hold_not_found', `There is no hold ${requestId}.`)
  return log.status === 'frozen' ? log : null
}

/** Fails with `duplicate` when the request id is taken. */
export async function insertLog(connection: Connection, { requestId, user, amount }: FreezeRequest): Promise<void> {
  await connection.change(
    `INSERT INTO compute_freeze_logs (request_id, user_id, amount, model_id, conversation_id, status, remark)
     VALUES (?, ?, ?, ?, ?, 'frozen', ?)`,
    [requestId, user, amount, 7, 4_711, 'chat'],
  )
}

/** False when another transaction has ended it meanwhile. */
export async function endLog(connection: Connection, hold: HoldRequest, ending: Ending): Promise<boolean> {
  const changed = await connection.change(
    `UPDATE compute_freeze_logs SET status = ?, actual_amount = ?, updated_at = CURRENT_TIMESTAMP
     WHERE request_id = ? AND status = 'frozen'`,
    [ending.status, ending.cost, hold.requestId],
  )
  return changed === 1
}

/** @throws CallFailure when the user has insufficient funds */
export async function freezeBalance(connection: Connection, { user, amount }: FreezeRequest): Promise<void> {
  const changed = await connection.change(
    `UPDATE users SET frozen_balance = frozen_balance + ?, updated_at = CURRENT_TIMESTAMP
     WHERE id = ? AND balance - frozen_balance >= ?`,
    [amount, user, amount],
  )
  if (changed === 0) throw insufficient(user)
}

export async function endBalance(connection: Connection, user: number, log: FreezeLog, ending: Ending): Promise<void> {
  await connection.change(
    `UPDATE users SET balance = balance - ?, frozen_balance = frozen_balance - ?, updated_at = CURRENT_TIMESTAMP
     WHERE id = ?`,
    [ending.cost, log.amount, user],
  )
}

export interface UserRow {
  readonly balance: number
  readonly frozen: number
}

export async function lockUser(connection: Connection, dialect: Dialect, user: number): Promise<UserRow> {
  const sql = `SELECT balance, frozen_balance FROM users WHERE id = ?${forUpdate(dialect)}`
  const [row] = await connection.select(sql, [user])
  if (row === undefined) throw insufficient(user)
  return { balance: Number(row['balance']), frozen: Number(row['frozen_balance']) }
}

export function insufficient(user: number): CallFailure {
  return new CallFailure('insufficient_funds', `User ${user} has insufficient funds.`)
}

/** Thrown inside a transaction that discovers late that the hold has ended: it must be rolled back. */
class EndedMeanwhile extends Error {
  override readonly name = 'EndedMeanwhile'
}

/** As `endLog`, for transactions that have already changed the balance: `unlessEnded` rolls them back. */
export async function endLogAtLast(connection: Connection, hold: HoldRequest, ending: Ending): Promise<void> {
  if (!(await endLog(connection, hold, ending))) throw new EndedMeanwhile()
}

/** Runs a transaction that ends a hold; if the hold has ended already, this is no failure. */
export async function unlessEnded(transaction: Promise<void>): Promise<void> {
  try {
    await transaction
  } catch (error) {
    if (!(error instanceof EndedMeanwhile)) throw error
  }
}

/** The write-ups' treatment of holds: settle and release are two endings of one kind. */
export abstract class LogLives implements Lives {
  abstract freeze(request: FreezeRequest): Promise<void>

  protected abstract end(hold: HoldRequest, ending: Ending): Promise<void>

  async settle(hold: HoldRequest, cost: number): Promise<void> {
    await this.end(hold, { status: 'settled', cost })
  }

  async release(hold: HoldRequest): Promise<void> {
    await this.end(hold, { status: 'refunded', cost: 0 })
  }
}

/** Runs a freeze; a duplicate request id is a repeat, as in the write-up's `except IntegrityError`. */
export async function onceByRequestId(
  database: Database,
  requestId: string,
  freeze: () => Promise<void>,
): Promise<void> {
  try {
    await freeze()
  } catch (error) {
    if (!(error instanceof DatabaseFailure) || error.code !== 'duplicate') throw error
    const existing = await database.transaction((connection) => findLog(connection, requestId))
    if (existing === null) throw error
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
