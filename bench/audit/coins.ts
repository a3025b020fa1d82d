/** Audits the tables of the transfer write-up: coins are conserved, and every order was acknowledged. */
import { openDatabase } from '../databases/scratch.ts'
import type { Site } from '../strategies/strategy.ts'
import { compareCounts, type Tally } from './tally.ts'

export async function auditCoins(site: Site, tally: Tally): Promise<readonly string[]> {
  await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
  return await database.transaction(async (connection) => {
    const strayed = await connection.select(
      `SELECT c.uid AS uid FROM user_coins c
       LEFT JOIN (SELECT uid, SUM(num) AS num FROM coin_journal GROUP BY uid) j ON j.uid = c.uid
       WHERE c.balance <> ? + COALESCE(j.num, 0) OR c.balance < 0`,
      [site.funds],
    )
    const unbalanced = await connection.select(
      'SELECT order_id FROM coin_journal GROUP BY order_id HAVING SUM(num) <> 0',
      [],
    )
    const [orders] = await connection.select('SELECT COUNT(*) AS total FROM transfer_orders', [])
    const [lines] = await connection.select('SELECT COUNT(DISTINCT order_id) AS total FROM coin_journal', [])
    return [
      ...strayed.map(({ uid }) => `the balance of user ${String(uid)} does not match the journal`),
      ...unbalanced.map(({ order_id: id }) => `the journal of order ${String(id)} does not sum to zero`),
      ...compareCounts('transfers', tally.transfers, Number(orders!['total']), tally.unknown),
      ...compareCounts('transfers in the journal', tally.transfers, Number(lines!['total']), tally.unknown),
    ]
  })
}
