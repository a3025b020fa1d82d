/** Actors, and the two columns by which a row of `requests` or of `hold_changes` names its author: the actor's number and the trace. */
import { sql } from 'kysely'
import type { Author } from '../../domain/by.ts'
import type { ActorUse } from '../../engine/actor-book.ts'
import type { Instant } from '../../domain/ids.ts'
import { rowKind } from './row-kind.ts'
import { Bytes, whole, wholeOrNull, type Row } from './values.ts'

/** @param by null: no key */
export function authorColumns(by: Author | null) {
  return {
    actor: by === null ? null : by.actor.number,
    trace: by === null || by.trace === null ? null : new Bytes(by.trace),
  }
}

/** A row of `actors`, whose number the database gives. */
export function actorRow({ keyNumber, key, address }: ActorUse, firstAt: Instant) {
  return { key_number: keyNumber, key_name: key, address, first_at: firstAt }
}

/** An actor whose row is gone is shown by its number. `holdfast verify` reports it (law 3). */
const LOST = '?'

/**
 * Prefixes of columns: those of the author of a request, and those of who ended a hold without a step.
 *
 * With `author_`, a row has `author_actor`, `author_trace`, `author_key` and `author_address`; null in all of them means nobody.
 */
export const AUTHOR = 'author_'
export const ENDER = 'ender_'

/**
 * The columns of an author, by their names. Each is a look-up by key: a planner that believes `actors` to be small could join it by
 * reading all of it.
 *
 * @param of the number of the actor, and the trace
 */
function columnsOf(
  prefix: typeof AUTHOR | typeof ENDER,
  of: { readonly actor: string; readonly trace: string },
): readonly (readonly [name: string, column: string])[] {
  const found = (column: string): string => `(SELECT k.${column} FROM actors k WHERE k.number = ${of.actor})`
  return [
    [`${prefix}actor`, of.actor],
    [`${prefix}trace`, of.trace],
    [`${prefix}key`, found('key_name')],
    [`${prefix}address`, found('address')],
  ]
}

/** The author of request `r`, and who ended its hold without a step, as the changes `c` and `e` say (request-select.ts). */
export const AUTHOR_COLUMNS = [
  ...columnsOf(AUTHOR, { actor: 'r.actor', trace: 'r.trace' }),
  ...columnsOf(ENDER, { actor: 'COALESCE(e.actor, c.actor)', trace: 'COALESCE(e.trace, c.trace)' }),
]
  .map(([name, column]) => `${column} AS ${name}`)
  .join(', ')

/** For a line: the author of its request, and who ended the hold without a step, as the change `ended` says. */
export const LINE_AUTHORS = [
  ...columnsOf(AUTHOR, { actor: 'requests.actor', trace: 'requests.trace' }),
  ...columnsOf(ENDER, { actor: 'ended.actor', trace: 'ended.trace' }),
].map(([name, column]) => sql.raw(column).as(name))

/** @param row with these columns; without them, as if they were null */
export function authorOf(row: Row, prefix: typeof AUTHOR | typeof ENDER): Author | null {
  const number = wholeOrNull(row[`${prefix}actor`] ?? null)
  if (number === null) return null
  const [key, address] = [row[`${prefix}key`], row[`${prefix}address`]]
  const name = { key: (key ?? `${LOST} ${number}`) as string, address: (address ?? LOST) as string }
  return { actor: { number, ...name }, trace: traceOf(row[`${prefix}trace`]) }
}

function traceOf(bytes: unknown): string | null {
  if (bytes === null || bytes === undefined) return null
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex')
}

export const ACTOR = rowKind('actors', (use: ActorUse) => actorRow(use, 1), {
  keyNumber: 2,
  key: 'billing',
  address: '::',
})

/** A row of `actors`. */
export function actorOf(row: Row): { readonly number: number; readonly use: ActorUse; readonly firstAt: Instant } {
  const use = { keyNumber: whole(row['key_number']), key: row['key_name'] as string, address: row['address'] as string }
  return { number: actorNumberOf(row), use, firstAt: whole(row['first_at']) }
}

export function actorNumberOf(row: Row): number {
  return whole(row['number'])
}

/** A sample with a value in every column. */
export const SAMPLE_AUTHOR: Author = {
  actor: { number: 41, key: 'billing', address: '192.0.2.1' },
  trace: '0af7651916cd43dd8448eb211c80319c',
}
