/**
 * The limit: the cheapest rows and statements that are known for freezes and settles of accounts in one place, whoever may have found
 * them. Holdfast is held against them, not only against its own rows.
 *
 * A hold is a narrow row in the order of time, with its id in one narrow unique index and its expiry in another; its end is a row of its
 * own; what a batch posts to one balance is one row. Versions guard the balances. There are no requests of other kinds, no steps, no
 * fingerprints, and nothing can be read but by key: a ledger needs more than this. It is not idempotent, and one process uses it.
 */
import type { Connection } from '../databases/database.ts'
import { openDatabase } from '../databases/scratch.ts'
import { ENGINE_LIMITS } from '../../src/engine/limits.ts'
import { compareCounts, type Tally } from '../audit/tally.ts'
import { BatchedCalls } from './batched-calls.ts'
import { UNCOUNTED } from './counting.ts'
import { LimitBatches, PAYEE } from './limit-rows.ts'
import { limitTables, openLimitWriter } from './limit-writers.ts'
import type { Player, Site, Strategy } from './strategy.ts'

export const limit: Strategy = {
  summary: 'the cheapest rows and statements that are known, without rules or checks',
  plays: 'lives',
  async prepare(site) {
    await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
    const owners = [PAYEE, ...site.users]
    const values = owners.map((user) => `(${user}, ${user === PAYEE ? 0 : site.funds}, 0, 1)`)
    const inserts: string[] = []
    for (let start = 0; start < values.length; start += 1_000) {
      inserts.push(`INSERT INTO balances VALUES ${values.slice(start, start + 1_000).join(', ')}`)
    }
    await database.run([...limitTables(site.dialect), ...inserts])
  },
  async open(site): Promise<Player> {
    const batches = new LimitBatches(site.users, site.funds)
    const writer = await openLimitWriter(site)
    const calls = new BatchedCalls((commands) => writer.write(batches.rowsOf(commands, Date.now())), ENGINE_LIMITS)
    return {
      lives: calls,
      transfers: null,
      counts: () => ({ ...UNCOUNTED, retries: 0, batches: calls.batches, batchedCommands: calls.commands }),
      workerPid: null,
      [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
    }
  },
  async audit(site, tally) {
    await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
    return await database.transaction((connection) => findings(connection, site, tally))
  },
}

async function findings(connection: Connection, site: Site, tally: Tally): Promise<readonly string[]> {
  const one = async (sql: string): Promise<number> => Number((await connection.select(sql, []))[0]!['found'])
  const coins = await one('SELECT SUM(available) + SUM(held) AS found FROM balances')
  const held = await one('SELECT SUM(held) AS found FROM balances')
  const open = await one(
    `SELECT COALESCE(SUM(h.amount), 0) AS found FROM holds h
     WHERE NOT EXISTS (SELECT 1 FROM ends e WHERE e.seq = h.seq)`,
  )
  const settles = await one('SELECT COUNT(*) AS found FROM ends WHERE settled > 0')
  const releases = await one('SELECT COUNT(*) AS found FROM ends WHERE settled = 0')
  return [
    ...(coins === site.funds * site.users.length
      ? []
      : [`${coins} coins in place of ${site.funds * site.users.length}`]),
    ...(held === open ? [] : [`${held} coins are held, and open holds have ${open}`]),
    ...compareCounts('freezes', tally.freezes, await one('SELECT COUNT(*) AS found FROM holds'), tally.unknown),
    ...compareCounts('settles', tally.settles, settles, tally.unknown),
    ...compareCounts('releases', tally.releases, releases, tally.unknown),
  ]
}
