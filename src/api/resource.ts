/**
 * An answer on the wire: its schema and the conversion in both directions.
 *
 * The conversions name every field: they run for every request, and no field may be sent by accident. The client trusts that a
 * response has the shape of the schema, because a Holdfast service sent it. Amounts are decimal strings, instants are ISO 8601.
 */
import { named, nullableText, reference } from './schema.ts'
import { type TSchema, Type } from './typebox.ts'

export interface Resource<Value, Wire> {
  readonly schema: TSchema & { readonly $id: string }
  toWire(value: Value): Wire
  fromWire(wire: Wire): Value
  /** Gives `value` the method `toJSON` (json-form.ts) and returns it. */
  withJson(this: void, value: Value): Value
  /** The entity tag of the balance or hold that the answer is about; null if it is about neither. */
  tag?(value: Value): string | null
}

/** The examples of the OpenAPI document show one hold: 616 were frozen and 500 settled. */
export const FROZEN_AT = '2030-01-31T12:00:00.000Z'
export const SETTLED_AT = '2030-01-31T12:00:07.250Z'

interface Page<Row> {
  readonly items: readonly Row[]
  /** The cursor of the next page; null on the last page. */
  readonly next: string | null
}

/** The schema of a page of a list. */
export function page<Schema extends TSchema>(id: string, plural: string, item: Schema & { $id: string }) {
  return named(
    id,
    Type.Object(
      {
        items: Type.Array(reference(item)),
        next: nullableText({ description: 'The cursor of the next page; null on the last page.' }),
      },
      {
        description:
          `A page of ${plural}. It can be shorter than the limit and still have a next page, if filters exclude most rows or if rows ` +
          'are large.',
      },
    ),
  )
}

/** A page whose rows have the method `toJSON`. */
export function pageWithJson<Row>(page: Page<Row>, rowWithJson: (row: Row) => Row): Page<Row> {
  page.items.forEach(rowWithJson)
  return page
}

export function pageFromWire<Wire, Row>(wire: Page<Wire>, rowFromWire: (row: Wire) => Row): Page<Row> {
  return { items: wire.items.map(rowFromWire), next: wire.next }
}

export function pageToWire<Row, Wire>({ items, next }: Page<Row>, rowToWire: (row: Row) => Wire) {
  return { items: items.map(rowToWire), next }
}
