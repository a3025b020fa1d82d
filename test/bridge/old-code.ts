/**
 * Old code on the tables of the freeze write-ups: its three ways to freeze, settle and refund (row locks, compare-and-swap, update first),
 * and the ways of other code of the same age: transfers between users in the order of their ids, and reports that change many rows.
 *
 * Each call is a transaction of its own connection at the server's default isolation. What the database refuses is counted by the name of its error.
 */
import type { OldPool, OldRow, OldServer, OldSession } from './old-server.ts'

export type Way = 'row-lock' | 'cas' | 'update-first' | 'insert-first'

export interface OldCounts {
  freezes: number
  ends: number
  transfers: number
  /** Calls that found too few coins, or lost against another version every time. */
  declined: number
  /** Errors of the server, by their names. */
  readonly errors: Map<string, number>
}

const CAS_TRIES_MAX = 51

class Declined extends Error {}

export class OldCode implements AsyncDisposable {
  readonly counts: OldCounts = { freezes: 0, ends: 0, transfers: 0, declined: 0, errors: new Map() }
  readonly #server: OldServer
  readonly #pool: OldPool

  constructor(server: OldServer, url: string, connections = 6) {
    this.#server = server
    this.#pool = server.pool(url, connections)
  }

  /** Returns whether the coins are frozen. */
  async freeze(way: Way, requestId: string, user: number, amount: number): Promise<boolean> {
    const frozen = await this.#counted(() => (way === 'cas' ? this.#swapped(freeze) : this.#transaction(freeze)))
    if (frozen) this.counts.freezes++
    return frozen

    async function freeze(connection: OldSession): Promise<boolean> {
      if (way === 'insert-first') await insertLog(connection, requestId, user, amount)
      if (way === 'row-lock') await select(connection, 'SELECT balance FROM users WHERE id = ? FOR UPDATE', [user])
      const condition = way === 'cas' ? await versionCondition(connection, user) : ''
      const changed = await change(
        connection,
        `UPDATE users SET frozen_balance = frozen_balance + ?, version = version + 1
         WHERE id = ? AND balance - frozen_balance >= ? ${condition}`,
        [amount, user, amount],
      )
      if (changed === 0) {
        if (way !== 'cas') throw new Declined()
        const [row] = await select(connection, 'SELECT balance - frozen_balance AS free FROM users WHERE id = ?', [
          user,
        ])
        if (Number(row!['free']) < amount) throw new Declined()
        return false
      }
      if (way !== 'insert-first') await insertLog(connection, requestId, user, amount)
      return true
    }
  }

  /** @param cost null: a refund */
  async end(way: Way, requestId: string, user: number, cost: number | null): Promise<boolean> {
    const ended = await this.#counted(() => (way === 'cas' ? this.#swapped(end) : this.#transaction(end)))
    if (ended) this.counts.ends++
    return ended

    async function end(connection: OldSession): Promise<boolean> {
      if (way === 'row-lock') await select(connection, 'SELECT balance FROM users WHERE id = ? FOR UPDATE', [user])
      const [log] = await select(connection, 'SELECT amount, status FROM compute_freeze_logs WHERE request_id = ?', [
        requestId,
      ])
      if (log?.['status'] !== 'frozen') throw new Declined()
      const condition = way === 'cas' ? await versionCondition(connection, user) : ''
      const changed = await change(
        connection,
        `UPDATE users SET balance = balance - ?, frozen_balance = frozen_balance - ?, version = version + 1 WHERE id = ? ${condition}`,
        [cost ?? 0, Number(log['amount']), user],
      )
      if (changed === 0) return false
      const logs = await change(
        connection,
        `UPDATE compute_freeze_logs SET status = ?, actual_amount = ? WHERE request_id = ? AND status = 'frozen'`,
        [cost === null ? 'refunded' : 'settled', cost ?? 0, requestId],
      )
      if (logs === 0) throw new Declined()
      return true
    }
  }

  /** One pays several, in the order of ids. */
  async transfer(from: number, to: readonly number[], amount: number): Promise<boolean> {
    const done = await this.#counted(() =>
      this.#transaction(async (connection) => {
        const moves = new Map(to.map((user) => [user, amount]))
        moves.set(from, -amount * to.length)
        for (const [user, by] of [...moves].toSorted(([left], [right]) => left - right)) {
          const changed = await change(
            connection,
            'UPDATE users SET balance = balance + ?, version = version + 1 WHERE id = ? AND balance - frozen_balance + ? >= 0',
            [by, user, by],
          )
          if (changed === 0) throw new Declined()
        }
        return true
      }),
    )
    if (done) this.counts.transfers++
    return done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end()
  }

  /** Each attempt is a transaction of its own, as at REPEATABLE READ it must be. */
  async #swapped(work: (connection: OldSession) => Promise<boolean>): Promise<boolean> {
    for (let tries = 1; tries <= CAS_TRIES_MAX; tries++) if (await this.#transaction(work)) return true
    throw new Declined()
  }

  async #transaction(work: (connection: OldSession) => Promise<boolean>): Promise<boolean> {
    const connection = await this.#pool.take()
    try {
      await connection.run('BEGIN')
      try {
        const result = await work(connection)
        await connection.run('COMMIT')
        return result
      } catch (error) {
        await connection.run('ROLLBACK')
        throw error
      }
    } finally {
      connection.release()
    }
  }

  async #counted(call: () => Promise<boolean>): Promise<boolean> {
    try {
      return await call()
    } catch (error) {
      if (error instanceof Declined) this.counts.declined++
      else {
        const name = this.#server.errorName(error)
        if (name === null) throw error
        this.counts.errors.set(name, (this.counts.errors.get(name) ?? 0) + 1)
      }
      return false
    }
  }
}

async function versionCondition(connection: OldSession, user: number): Promise<string> {
  const [row] = await select(connection, 'SELECT version FROM users WHERE id = ?', [user])
  if (row === undefined) throw new Declined()
  return `AND version = ${Number(row['version'])}`
}

async function insertLog(connection: OldSession, requestId: string, user: number, amount: number): Promise<void> {
  const sql = `INSERT INTO compute_freeze_logs (request_id, user_id, amount, status) VALUES (?, ?, ?, 'frozen')`
  await change(connection, sql, [requestId, user, amount])
}

async function select(connection: OldSession, sql: string, values: readonly unknown[]): Promise<readonly OldRow[]> {
  return (await connection.run(sql, values)).rows
}

async function change(connection: OldSession, sql: string, values: readonly unknown[]): Promise<number> {
  return (await connection.run(sql, values)).changed
}
