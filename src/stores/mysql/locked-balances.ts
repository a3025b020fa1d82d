/** Which balances another transaction has locked: their rows are those that SKIP LOCKED leaves out. */
import { balanceKey, type BalanceName } from '../../domain/balance.ts'
import type { OldPlace } from '../sql/bridged-names.ts'
import { whole, type Row } from '../sql/values.ts'
import type { MysqlConnection, Reply } from './connection.ts'
import type { OldRows } from './old-rows.ts'
import { selectBalances } from './reads.ts'
import { ROLLBACK } from './transactions.ts'

/** Without locks of gaps: whoever inserts a balance meanwhile does not meet this look. */
const BEGIN_LOOK: readonly string[] = ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'START TRANSACTION']

/** Their keys. Waits for no lock and keeps none. @throws MysqlFailure */
export async function lockedBalances(
  connection: MysqlConnection,
  balances: ReadonlyMap<string, BalanceName>,
  oldRows: OldRows | null,
): Promise<ReadonlySet<string>> {
  const names = [...balances.values()]
  const selects = [selectBalances(names), ...(oldRows?.selectPlaces(names) ?? [])]
  // All rows first: one that appears between the two looks is not taken for a locked one.
  const looks = selects.flatMap((select) => [select, `${select} FOR UPDATE SKIP LOCKED`])
  const replies = await connection.run([...BEGIN_LOOK, ...looks, ROLLBACK])
  const [own, ...old] = pairsOf(replies.slice(BEGIN_LOOK.length, -1))
  const locked = new Set(leftOut(own!, nameOf).map(nameOf))
  const places = old.flatMap((pair) => leftOut(pair, (row) => JSON.stringify(placeOf(row)))).map(placeOf)
  for (const key of oldRows?.keysAt(places, balances) ?? []) locked.add(key)
  return locked
}

/** All rows, and those of them that are free. */
type Pair = readonly [all: Reply, free: Reply]

function pairsOf(replies: readonly Reply[]): readonly Pair[] {
  return Array.from({ length: replies.length >> 1 }, (_, index) => [replies[index * 2]!, replies[index * 2 + 1]!])
}

function leftOut([all, free]: Pair, idOf: (row: Row) => string): readonly Row[] {
  const found = new Set(free.rows.map(idOf))
  return all.rows.filter((row) => !found.has(idOf(row)))
}

function nameOf({ account, asset, stripe }: Row): string {
  return balanceKey(String(account), String(asset), whole(stripe))
}

function placeOf(row: Row): OldPlace {
  const { place_key: key, place_kind: kind } = row as Readonly<Record<string, bigint | number | string | null>>
  return [String(key), kind === null || kind === undefined ? null : String(kind)]
}
