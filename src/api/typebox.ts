/**
 * Builds JSON Schemas whose TypeScript type is known: `Static<typeof schema>`.
 *
 * The names are those of TypeBox, of which this is a small part. The client includes the schemas, and may have no dependency, so the
 * functions are written out; tests compare the checks of the fields with the schemas by TypeBox itself.
 */

/** A JSON Schema of values of the type `Value`. The member is only in types. */
export interface TSchema<Value = unknown> {
  readonly '~value'?: Value
}

export type Static<Schema> = Schema extends { readonly '~value'?: infer Value } ? Value : never

/** The schema of a property that may be missing. The member is only in types. */
export interface MayMiss {
  readonly '~mayMiss': true
}

type Properties = Readonly<Record<string, TSchema>>

type OptionalNames<Of extends Properties> = { [Name in keyof Of]: Of[Name] extends MayMiss ? Name : never }[keyof Of]

type ObjectOf<Of extends Properties> = Flat<
  { [Name in Exclude<keyof Of, OptionalNames<Of>>]: Static<Of[Name]> } & {
    [Name in OptionalNames<Of>]?: Static<Of[Name]>
  }
>
type Flat<Type> = { [Name in keyof Type]: Type[Name] }

export interface TObject<Of extends Properties = Properties> extends TSchema<ObjectOf<Of>> {
  readonly properties: Of
}

/** Any other keywords of the schema. */
export type TSchemaOptions = Readonly<Record<string, unknown>>

/** Not enumerable, so that it does not get into a document, nor into a copy of a schema for another place. */
const OPTIONAL = Symbol('optional')

function keywords<Value>(own: object, options: TSchemaOptions = {}): TSchema<Value> {
  return { ...own, ...options }
}

export const Type = {
  Array: <Value>(items: TSchema<Value>, options?: TSchemaOptions) =>
    keywords<Value[]>({ type: 'array', items }, options),

  Boolean: (options?: TSchemaOptions) => keywords<boolean>({ type: 'boolean' }, options),

  Integer: (options?: TSchemaOptions) => keywords<number>({ type: 'integer' }, options),

  Null: (options?: TSchemaOptions) => keywords<null>({ type: 'null' }, options),

  Object<const Of extends Properties>(properties: Of, options?: TSchemaOptions): TObject<Of> {
    const required = Object.keys(properties).filter((name) => !(OPTIONAL in properties[name]!))
    const own = { type: 'object', ...(required.length > 0 ? { required } : {}), properties }
    return keywords<ObjectOf<Of>>(own, options) as TObject<Of>
  },

  /** The property may be missing. */
  Optional: <Schema extends TSchema>(schema: Schema): Schema & MayMiss =>
    Object.defineProperty({ ...schema }, OPTIONAL, { value: true }) as Schema & MayMiss,

  String: (options?: TSchemaOptions) => keywords<string>({ type: 'string' }, options),

  Union: <const Schemas extends readonly TSchema[]>(anyOf: Schemas, options?: TSchemaOptions) =>
    keywords<Static<Schemas[number]>>({ anyOf }, options),

  /** Any schema, with the type of its values. */
  Unsafe: <Value>(schema: object) => keywords<Value>(schema),
}
