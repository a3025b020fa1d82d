/** Large reads from a service, and a measurement of how other requests fare meanwhile. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { DatabaseSync } from 'node:sqlite'
import { JOURNAL_BEGINS_AT } from './long-journal.ts'
import { keySql } from './row-series.ts'

/** An account with many assets, each deposited once, just before this instant. */
export const RICH = 'user:9'
export const RICH_AT = JOURNAL_BEGINS_AT
/** Before the numbers of its deposits. */
const SEQ = 3_000_000

/** Up to 1,000,000 assets, on SQLite. Every law holds in it. */
export function richAccountSql(assets: number): readonly string[] {
  const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${assets})`
  const at = RICH_AT - 1
  const balances = [
    { account: RICH, id: 1_000_000, amount: 'i', floor: '0' },
    { account: '@issuer', id: 2_000_000, amount: '-i', floor: 'NULL' },
  ]
  const places = balances.map(({ id }) => `[' || (${id} + i) || ',1,1]`)
  return [
    `INSERT INTO assets (code, decimals, name, created_at) ${numbers} SELECT 'asset' || i, 0, 'Asset', ${at} FROM n`,
    `INSERT INTO requests (seq, id, kind, at, fingerprint, postings)
      ${numbers} SELECT ${SEQ} + i, ${keySql('sqlite', `'x' || i`)}, 'deposit', ${at}, 1, '[${places.join(',')}]' FROM n`,
    ...balances.flatMap(({ account, id, amount, floor }) => [
      `INSERT INTO balances (id, account, asset, stripe, available, held, floor, version)
        ${numbers} SELECT ${id} + i, '${account}', 'asset' || i, 0, ${amount}, 0, ${floor}, 1 FROM n`,
      `INSERT INTO journal (balance_id, first_version, last_version, available, held, at, seq, packed)
        ${numbers} SELECT ${id} + i, 1, 1, ${amount}, 0, ${at}, ${SEQ} + i, '[[0,"deposit",' || (${amount}) || ',0]]' FROM n`,
    ]),
  ]
}

/** Inserts rows that need not survive a crash. */
export function fill(database: DatabaseSync, statements: readonly string[]): void {
  database.exec('PRAGMA synchronous = OFF; BEGIN')
  for (const sql of statements) database.exec(sql)
  database.exec('COMMIT; PRAGMA synchronous = FULL')
}

export interface During<Result> {
  readonly result: Result
  /** Other requests that began and ended while the work was under way. */
  readonly answered: number
  readonly longestMs: number
}

/** Requests `/healthz` in a loop while `work` is under way. */
export async function answeredDuring<Result>(url: string, work: Promise<Result>): Promise<During<Result>> {
  let isOver = false
  const over = work.finally(() => (isOver = true))
  let answered = 0
  let longestMs = 0
  while (!isOver) {
    const since = performance.now()
    const answer = await fetch(`${url}/healthz`)
    await answer.arrayBuffer()
    longestMs = Math.max(longestMs, performance.now() - since)
    if (!isOver) answered++
  }
  return { result: await over, answered, longestMs }
}

/** Pipelines `times` requests for one path over one connection. Returns how many responses had status 200. */
export async function pipelined(url: string, path: string, times: number): Promise<number> {
  const { host, hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  const request = (isLast: boolean): string =>
    `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${isLast ? 'connection: close\r\n' : ''}\r\n`
  socket.write(Array.from({ length: times }, (_, index) => request(index === times - 1)).join(''))
  let answers = 0
  // A status line may be split between two chunks; such a response is not counted.
  socket.on('data', (part: Buffer) => (answers += part.toString('latin1').split('HTTP/1.1 200').length - 1))
  await once(socket, 'close')
  return answers
}
