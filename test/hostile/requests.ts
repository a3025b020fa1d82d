/** Requests that the OpenAPI document allows, and their encoding for the wire. */
import fc from 'fast-check'
import type { Body, Operation, Schemas } from './operations.ts'

export interface Draft {
  readonly operation: Operation
  readonly path: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
}

/** A request as it is sent. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer | null
}

/** Requests that the document allows for one operation. */
export function draftsOf(operation: Operation, schemas: Schemas): fc.Arbitrary<Draft> {
  const record = (where: string): fc.Arbitrary<Readonly<Record<string, unknown>>> => {
    const some = operation.parameters.filter((parameter) => parameter.in === where)
    const valuesOf = (schema: (typeof some)[number]['schema']) => {
      const values = schemas.valuesOf(schema)
      return where === 'header' ? values.filter(isSendable) : values
    }
    const values = Object.fromEntries(some.map(({ name, schema }) => [name, valuesOf(schema)]))
    const requiredKeys = some.filter(({ required }) => required).map(({ name }) => name)
    return fc.record(values, { requiredKeys })
  }
  return fc
    .record({
      path: record('path'),
      query: record('query'),
      headers: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, record('header')),
      body: operation.body === null ? fc.constant(undefined) : bodiesOf(operation.body, schemas),
    })
    .map((parts) => ({ operation, ...parts }))
}

/** Lists of an external system, in which ids of the ledger recur. */
const LISTS: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom('H1', 'H2', 'H3', 'X1'), fc.integer({ min: 0, max: 700 })), { maxLength: 4 })
  .map((rows) => ['request_id,amount', ...rows.map((row) => row.join(',')), ''].join('\n'))

function bodiesOf({ mediaType, schema }: Body, schemas: Schemas): fc.Arbitrary<unknown> {
  const values = schemas.valuesOf(schema)
  return mediaType === 'text/csv' ? fc.oneof({ weight: 3, arbitrary: LISTS }, values) : values
}

/** Whether a client can send it as a header at all. */
function isSendable(value: unknown): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(String(value))
}

/** A value as encoded in a path or a query. */
export function encoded(value: unknown): string {
  const text = typeof value === 'string' ? value : typeof value === 'number' ? String(value) : JSON.stringify(value)
  // A lone surrogate has no UTF-8 form; it is sent as the three bytes that careless programs write.
  return [...text]
    .map((character) => (character.isWellFormed() ? encodeURIComponent(character) : loneSurrogate(character)))
    .join('')
}

function loneSurrogate(character: string): string {
  const unit = character.charCodeAt(0)
  const bytes = [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]
  return bytes.map((byte) => `%${byte.toString(16)}`).join('')
}

export function targetOf({ operation, path, query }: Pick<Draft, 'operation' | 'path' | 'query'>): string {
  const filled = operation.path.replaceAll(/\{([a-z]+)\}/gi, (_, name: string) => encoded(path[name]))
  const pairs = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
  return pairs.length === 0 ? filled : `${filled}?${pairs.join('&')}`
}
