/**
 * What an answer is on the wire: its schema, and the way there and back.
 *
 * The functions go field by field, because they run for every request and because nothing may leave the ledger by accident. What
 * comes back is trusted to have the schema's shape: a Holdfast service sent it. Amounts are decimal strings, instants ISO 8601.
 */
import type { TSchema } from 'typebox'
import { named, nullableText, reference } from './schema.ts'
import { Type } from './typebox.ts'

export interface Resource<Value, Wire> {
  readonly schema: TSchema & { readonly $id: string }
  toWire(value: Value): Wire
  fromWire(wire: Wire): Value
}

/** One call in the document's examples: it was allowed 616 and cost 500. */
export const FROZEN_AT = '2030-01-31T12:00:00.000Z'
export const SETTLED_AT = '2030-01-31T12:00:07.250Z'

interface Page<Row> {
  readonly items: readonly Row[]
  /** The cursor of the next page; null when this is the last one. */
  readonly next: string | null
}

/** The schema of a page of a list. */
export function page<Schema extends TSchema>(id: string, plural: string, item: Schema & { $id: string }) {
  return named(
    id,
    Type.Object(
      {
        items: Type.Array(reference(item)),
        next: nullableText({ description: 'The cursor of the next page; null when this is the last one.' }),
      },
      {
        description: `A page of ${plural}. It may be short, and still have a next one, where filters leave out most rows, or rows are large.`,
      },
    ),
  )
}

export function pageFromWire<Wire, Row>(wire: Page<Wire>, rowFromWire: (row: Wire) => Row): Page<Row> {
  return { items: wire.items.map(rowFromWire), next: wire.next }
}

export function pageToWire<Row, Wire>({ items, next }: Page<Row>, rowToWire: (row: Row) => Wire) {
  return { items: items.map(rowToWire), next }
}
