/**
 * What a contract is: everything that callers see of one command, in one object. contracts.ts has them all.
 *
 * The library, the HTTP service, the client, and the OpenAPI document take from it what they need.
 */
import type { Static, TObject, TSchema } from 'typebox'
import type { Answers, Command, CommandKind, Commands } from '../domain/command.ts'
import { LedgerError } from './error.ts'
import type { Field } from './fields.ts'
import { fieldsIn, type Fields } from './input.ts'
import type { ProblemCode } from './problem.ts'
import type { NewRequestId } from './request-id.ts'
import type { Resource } from './resource.ts'
import { named, words } from './schema.ts'
import { Type } from './typebox.ts'

export interface Route {
  readonly method: 'POST' | 'PUT'
  /** With `:name` for every parameter. */
  readonly path: string
  /** Of the answer. */
  readonly status: 200 | 201
  readonly operationId: string
  readonly tag: 'movements' | 'holds' | 'accounts' | 'assets'
  readonly summary: string
  readonly description?: string
  /** Rejections that the command may meet. */
  readonly problems: readonly ProblemCode[]
}

/** A field that stands in the path of the route, and next to the others in a batch. */
export interface AddressField<Value> extends Field<Value> {
  /** Its name in the path. */
  readonly parameter: string
}

type FieldSet = Readonly<Record<string, { readonly schema: TSchema }>>
type AddressSet = Readonly<Record<string, AddressField<string>>>
type SchemasOf<Set extends FieldSet> = { [Name in keyof Set]: Set[Name]['schema'] }

/** What a body may carry, unchecked but for the names. */
export type InputOf<Set extends FieldSet> = { readonly [Name in keyof Set]?: unknown }
export type AddressOf<Set extends AddressSet> = { readonly [Name in keyof Set]: string }
/** A body as a client writes it. */
export type BodyOf<Set extends FieldSet> = Static<TObject<SchemasOf<Set>>>

/** What is written down of a command. `Contract` adds what follows from it. */
interface Terms<
  Name extends CommandKind,
  Other extends CommandKind,
  Address extends AddressSet,
  Body extends FieldSet,
> {
  /** The kind of its commands, and their name in a batch. */
  readonly kind: Name
  /** A second kind of commands that the same input may become. */
  readonly otherKind?: Other
  readonly route: Route
  readonly address: Address
  readonly fields: Body
  /** The schema of the body. */
  readonly body: { readonly id: string; readonly description: string; readonly examples: readonly object[] }
  /** True where a request without a body is one without fields. */
  readonly bodyIsOptional?: boolean
  readonly answer: Resource<Answers[Name | Other], object>
  /** The command, with defaults filled in. @throws LedgerError `invalid_request` */
  read(address: AddressOf<Address>, input: InputOf<Body>, newRequestId: NewRequestId): Commands[Name | Other]
  /** The command as it stands in a batch; `read` gives an equal one. */
  write(command: Commands[Name | Other]): { readonly kind: Name } & AddressOf<Address> & BodyOf<Body>
}

export interface Contract<Kind extends CommandKind = CommandKind> {
  readonly kind: string
  readonly route: Route
  readonly bodyIsOptional: boolean
  /** Whether the command is idempotent by a request id of its own. */
  readonly takesRequestId: boolean
  readonly answer: Resource<Answers[Kind], object>
  readonly address: readonly { readonly name: string; readonly parameter: string; readonly schema: TSchema }[]
  readonly bodySchema: NamedSchema
  readonly commandSchema: NamedSchema
  /**
   * One command, whose address stands next to the body: in a path, or in arguments.
   *
   * @param address by the names of the fields
   * @param namesAre how errors call a field of the address
   * @throws LedgerError `invalid_request`
   */
  readOne(address: Fields, body: unknown, newRequestId: NewRequestId, namesAre?: NamesAre): Command
  /** One command of a batch. @throws LedgerError `invalid_request` */
  readOfBatch(input: unknown, newRequestId: NewRequestId): Command
  /** The command as it stands in a batch. */
  write(command: Commands[Kind]): object
}

/** The field's name in the library, or that of the parameter in a path. */
type NamesAre = 'field' | 'parameter'

type NamedSchema = TSchema & { readonly $id: string }

const NOWHERE = {}

export function contract<
  Name extends CommandKind,
  Address extends AddressSet,
  Body extends FieldSet,
  Other extends CommandKind = never,
>(terms: Terms<Name, Other, Address, Body>) {
  const { kind, route, body, fields, answer, bodyIsOptional = false } = terms
  const address = Object.entries(terms.address).map(([name, field]) => ({ name, ...field }))
  const bodyNames: ReadonlySet<string> = new Set(Object.keys(fields))
  const batchNames: ReadonlySet<string> = new Set(['kind', ...Object.keys(terms.address), ...bodyNames])
  const schemas = schemasOf(fields)
  const options = { additionalProperties: false }
  const examples = body.examples.length === 0 ? {} : { examples: [...body.examples] }

  const readAddress = (values: Fields, namesAre: NamesAre): AddressOf<Address> => {
    if (address.length === 0) return NOWHERE as AddressOf<Address>
    const read: Record<string, string> = {}
    for (const part of address) {
      const name = namesAre === 'field' ? part.name : part.parameter
      read[part.name] = part.read(values[part.name], `/${name}`)
    }
    return read as AddressOf<Address>
  }

  return {
    kind,
    route,
    bodyIsOptional,
    takesRequestId: 'requestId' in fields,
    answer,
    address,
    bodySchema: named(body.id, Type.Object(schemas, { ...options, description: body.description, ...examples })),
    commandSchema: named(
      body.id.replace(/Body$/, 'Command'),
      Type.Object(
        { kind: words([kind]), ...schemasOf(terms.address), ...schemas },
        { ...options, description: `As \`${route.method} ${route.path.replaceAll(/:([a-z]+)/g, '{$1}')}\`.` },
      ),
    ),

    readOne(
      values: Fields,
      input: unknown,
      newRequestId: NewRequestId,
      namesAre: NamesAre = 'field',
    ): Commands[Name | Other] {
      let checked: AddressOf<Address>
      try {
        checked = readAddress(values, namesAre)
      } catch (error) {
        throw asParameter(error)
      }
      const given = bodyIsOptional && input === undefined ? {} : fieldsIn(input, bodyNames)
      try {
        return terms.read(checked, given, newRequestId)
      } catch (error) {
        throw error instanceof LedgerError && isOfAddress(error, terms.address) ? asParameter(error) : error
      }
    },

    readOfBatch(input: unknown, newRequestId: NewRequestId): Commands[Name | Other] {
      const given = fieldsIn(input, batchNames)
      return terms.read(readAddress(given, 'field'), given, newRequestId)
    },

    write: terms.write.bind(terms),
  }
}

function schemasOf<Set extends FieldSet>(fields: Set): SchemasOf<Set> {
  const schemas: Record<string, TSchema> = {}
  for (const [name, { schema }] of Object.entries(fields)) schemas[name] = schema
  return schemas as SchemasOf<Set>
}

function isOfAddress({ pointer }: LedgerError, address: AddressSet): boolean {
  return pointer !== null && pointer.slice(1) in address
}

/** What is wrong with a body has a pointer; what stands next to it has the name of a parameter. */
function asParameter(error: unknown): unknown {
  if (!(error instanceof LedgerError) || error.pointer === null) return error
  return LedgerError.invalidParameter(error.pointer.slice(1), error.message)
}
