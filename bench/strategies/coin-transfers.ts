/**
 * The tables of the transfer write-up, and a transfer as one local transaction: the order, the journal ("流水"), and one update per account.
 * The order of these steps and of the accounts depends on the strategy.
 *
 * As in the write-up, nothing is retried: a transfer that meets a deadlock fails, and a job compensates for it later.
 */
import { auditCoins } from '../audit/coins.ts'
import { DatabaseFailure, type Connection, type Database, type Dialect } from '../databases/database.ts'
import { openDatabase } from '../databases/scratch.ts'
import { slowed } from '../databases/slowed.ts'
import { Counter } from './counting.ts'
import { CallFailure, type Player, type Site, type Strategy, type TransferRequest, type Transfers } from './strategy.ts'

const COIN_KIND = 'start_moon'

/** The change of one account; negative for the payer. */
export interface Change {
  readonly uid: number
  readonly num: number
}

interface Variant {
  readonly summary: string
  readonly first: 'journal' | 'balances'
  /** The order in which accounts are updated; in the caller's order the payer comes first. */
  readonly inOrder: (changes: readonly Change[]) => readonly Change[]
}

export function transferStrategy(variant: Variant): Strategy {
  return {
    summary: variant.summary,
    plays: 'transfers',
    async prepare(site) {
      await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
      await database.run([...tables(site.dialect), accounts(site)])
    },
    async open(site): Promise<Player> {
      const counter = new Counter()
      const database = slowed(await openDatabase(site.url, site.dialect, site), site.statementPauseMs)
      return {
        lives: null,
        transfers: new CoinTransfers(counter.watch(database), variant),
        counts: () => counter.counts,
        workerPid: null,
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      }
    },
    audit: auditCoins,
  }
}

class CoinTransfers implements Transfers {
  readonly #database: Database
  readonly #variant: Variant

  constructor(database: Database, variant: Variant) {
    this.#database = database
    this.#variant = variant
  }

  async transfer(request: TransferRequest): Promise<void> {
    const changes = this.#variant.inOrder(changesOf(request))
    try {
      await this.#database.transaction(async (connection) => {
        await insertOrder(connection, request.requestId)
        if (this.#variant.first === 'journal') {
          await insertJournal(connection, request.requestId, changes)
          await changeBalances(connection, changes)
        } else {
          await changeBalances(connection, changes)
          await insertJournal(connection, request.requestId, changes)
        }
      })
    } catch (error) {
      // The order exists already: a repeat, which has taken effect.
      if (!(error instanceof DatabaseFailure) || error.code !== 'duplicate') throw error
    }
  }
}

function changesOf({ from, shares }: TransferRequest): readonly Change[] {
  const total = shares.reduce((sum, { amount }) => sum + amount, 0)
  return [{ uid: from, num: -total }, ...shares.map(({ to, amount }) => ({ uid: to, num: amount }))]
}

async function insertOrder(connection: Connection, requestId: string): Promise<void> {
  await connection.change(`INSERT INTO transfer_orders (order_id, status) VALUES (?, 'success')`, [requestId])
}

async function insertJournal(connection: Connection, requestId: string, changes: readonly Change[]): Promise<void> {
  const rows = changes.map(() => `(?, ?, '${COIN_KIND}', ?)`).join(', ')
  await connection.change(
    `INSERT INTO coin_journal (order_id, uid, coin_kind, num) VALUES ${rows}`,
    changes.flatMap(({ uid, num }) => [requestId, uid, num]),
  )
}

/** @throws CallFailure when the payer has insufficient funds */
async function changeBalances(connection: Connection, changes: readonly Change[]): Promise<void> {
  for (const { uid, num } of changes) {
    const changed = await connection.change(
      `UPDATE user_coins SET balance = balance + ?, updated_at = CURRENT_TIMESTAMP
       WHERE uid = ? AND coin_kind = '${COIN_KIND}' AND balance + ? >= 0`,
      [num, uid, num],
    )
    if (changed === 0) throw new CallFailure('insufficient_funds', `User ${uid} has insufficient funds.`)
  }
}

const NUMBERED: Readonly<Record<Dialect, string>> = {
  sqlite: 'INTEGER PRIMARY KEY',
  mysql: 'BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY',
  postgres: 'BIGSERIAL PRIMARY KEY',
}

function tables(dialect: Dialect): readonly string[] {
  return [
    `CREATE TABLE user_coins (
      uid BIGINT NOT NULL,
      coin_kind VARCHAR(32) NOT NULL,
      balance BIGINT NOT NULL,
      updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
      PRIMARY KEY (uid, coin_kind)
    )`,
    `CREATE TABLE transfer_orders (
      order_id VARCHAR(64) NOT NULL PRIMARY KEY,
      status VARCHAR(16) NOT NULL,
      created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    )`,
    `CREATE TABLE coin_journal (
      id ${NUMBERED[dialect]},
      order_id VARCHAR(64) NOT NULL,
      uid BIGINT NOT NULL,
      coin_kind VARCHAR(32) NOT NULL,
      num BIGINT NOT NULL,
      created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    )`,
  ]
}

function accounts({ users, funds }: Site): string {
  const rows = users.map((uid) => `(${uid}, '${COIN_KIND}', ${funds})`)
  return `INSERT INTO user_coins (uid, coin_kind, balance) VALUES ${rows.join(', ')}`
}
