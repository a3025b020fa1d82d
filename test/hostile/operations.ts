/** The service's operations, as its own OpenAPI document describes them: a new route is tested automatically. */
import fc from 'fast-check'

export type Schema = Readonly<Record<string, unknown>>

export const JSON_TYPE = 'application/json'

export interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly required: boolean
  readonly schema: Schema
}

export interface Body {
  readonly mediaType: string
  readonly schema: Schema
}

export interface Operation {
  readonly id: string
  readonly method: string
  /** For example `/v1/holds/{id}`. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  /** Null if it takes none. */
  readonly body: Body | null
  /** How a failing case is printed. */
  readonly [fc.toStringMethod]: () => string
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

interface MediaTypes {
  readonly content: Readonly<Record<string, { readonly schema: Schema }>>
}

interface OperationObject {
  readonly operationId: string
  readonly parameters?: readonly (Omit<Parameter, 'schema'> & (Pick<Parameter, 'schema'> | MediaTypes))[]
  readonly requestBody?: MediaTypes
}

export function operationsOf(document: object): readonly Operation[] {
  const { paths } = document as Document
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
      parameters: parameters.map((parameter) => ({
        ...parameter,
        schema: 'content' in parameter ? parameter.content[JSON_TYPE]!.schema : parameter.schema,
      })),
      body: bodyOf(requestBody),
      [fc.toStringMethod]: () => operationId,
    })),
  )
}

/** The first form of the body; JSON where it is one. */
function bodyOf(request: MediaTypes | undefined): Body | null {
  if (request === undefined) return null
  const forms = Object.entries(request.content).map(([mediaType, { schema }]) => ({ mediaType, schema }))
  return forms.find(({ mediaType }) => mediaType === JSON_TYPE) ?? forms[0]!
}

/** Names that recur, so that commands find rows of others; each schema uses those that it accepts. */
const KNOWN_TEXTS: readonly string[] = [
  'user:1',
  'user:2',
  'user:a/b',
  '@revenue',
  'credit',
  'gem',
  'H1',
  'H2',
  'H3',
  'H1~settle',
  'H2~release',
  '1',
  '7',
  '616',
  '0',
  '2040-01-31T12:00:00.000Z',
]

/** Values that a schema of the document accepts; sometimes at its limits. */
export class Schemas {
  readonly #named: Readonly<Record<string, Schema>>
  readonly #made = new Map<string, fc.Arbitrary<unknown>>()

  constructor(document: object) {
    this.#named = (document as Document).components.schemas
  }

  valuesOf(schema: Schema): fc.Arbitrary<unknown> {
    const { $ref, anyOf, oneOf, enum: words, const: only, type } = schema
    if (typeof $ref === 'string') return this.#valuesOfNamed($ref.slice($ref.lastIndexOf('/') + 1))
    if (only !== undefined) return fc.constant(only)
    if (Array.isArray(words)) return fc.constantFrom(...(words as unknown[]))
    const either = anyOf ?? oneOf
    if (Array.isArray(either)) return fc.oneof(...either.map((item) => this.valuesOf(item as Schema)))
    if (Array.isArray(type)) return fc.oneof(...type.map((item: unknown) => this.valuesOf({ ...schema, type: item })))
    switch (type) {
      case 'string':
        return textsOf(schema)
      case 'integer':
        return wholeNumbersOf(schema)
      case 'number':
        return fc.double({ noNaN: true, min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      case 'array':
        return this.#arraysOf(schema)
      case 'object':
        return this.#objectsOf(schema)
      default:
        throw new Error(`The document has a schema that nothing is made from: ${JSON.stringify(schema)}`)
    }
  }

  #valuesOfNamed(name: string): fc.Arbitrary<unknown> {
    const made = this.#made.get(name) ?? this.valuesOf(this.#named[name]!)
    this.#made.set(name, made)
    return made
  }

  #arraysOf({ items, minItems = 0, maxItems }: Schema): fc.Arbitrary<unknown> {
    const minLength = Number(minItems)
    const maxLength = Math.min(Number(maxItems ?? 4), minLength + 3)
    return fc.array(this.valuesOf(items as Schema), { minLength, maxLength })
  }

  #objectsOf({ properties, required, additionalProperties }: Schema): fc.Arbitrary<unknown> {
    if (properties === undefined) return this.#dictionariesOf(additionalProperties as Schema)
    const fields = Object.entries(properties as Record<string, Schema>)
    const needed = new Set((required ?? []) as string[])
    const all = Object.fromEntries(fields.map(([name, field]) => [name, this.valuesOf(field)]))
    const least = Object.fromEntries(Object.entries(all).filter(([name]) => needed.has(name)))
    const optional = Object.keys(all).filter((name) => !needed.has(name))
    const oneMore = optional.map((name) => fc.record({ ...least, [name]: all[name]! }))
    // Optional fields can contradict each other, so some objects have the required fields only, and some have one more.
    return fc.oneof(
      { weight: 1, arbitrary: fc.record(least) },
      ...(oneMore.length === 0 ? [] : [{ weight: 1, arbitrary: fc.oneof(...oneMore) }]),
      { weight: 2, arbitrary: fc.record(all, { requiredKeys: [...needed] }) },
    )
  }

  #dictionariesOf(values: Schema): fc.Arbitrary<unknown> {
    const names = fc.constantFrom('model', 'note', 'a/b', 'a~b', 'é', '😀', "it's")
    return fc.dictionary(names, this.valuesOf(values), { maxKeys: 4 })
  }
}

function textsOf({ pattern, format, minLength, maxLength }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') {
    return fc
      .date({ min: new Date(1), max: new Date('9999-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString())
  }
  const most = Number(maxLength ?? 40)
  if (typeof pattern !== 'string') {
    return fc.oneof(
      fc.string({ unit: 'binary', minLength: Number(minLength ?? 0), maxLength: Math.min(most, 40) }),
      fc.constantFrom("it's", 'naïve 😀', `x${'y'.repeat(most - 1)}`),
      fc.constantFrom(...KNOWN_TEXTS.filter((text) => text.length <= most)),
    )
  }
  const rule = new RegExp(pattern)
  const random = fc.stringMatching(rule)
  const known = KNOWN_TEXTS.filter((text) => rule.test(text))
  return known.length === 0
    ? random
    : fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: random })
}

function wholeNumbersOf({ minimum, maximum }: Schema): fc.Arbitrary<number> {
  const min = Number(minimum ?? Number.MIN_SAFE_INTEGER)
  const max = Number(maximum ?? Number.MAX_SAFE_INTEGER)
  const small = fc.integer({ min: Math.max(min, -50), max: Math.min(max, 100) })
  return fc.oneof({ weight: 6, arbitrary: small }, { weight: 1, arbitrary: fc.constantFrom(min, max) })
}
