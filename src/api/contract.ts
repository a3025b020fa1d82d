/**
 * A contract describes one command completely: route, fields, reader, writer and answer, in one object. contracts.ts lists all.
 *
 * The library, the HTTP service, the client and the OpenAPI document use the same contracts.
 */
import type { Answers, Command, CommandKind, Commands } from '../domain/command.ts'
import type { Replaying } from '../domain/if-replayed.ts'
import { answeredResource, type AnsweredResource } from './answered.ts'
import { LedgerError } from './error.ts'
import { ifReplayed, type Field } from './fields.ts'
import { fieldsIn, type Fields } from './input.ts'
import type { ProblemCode } from './problem.ts'
import type { NewRequestId } from './request-id.ts'
import type { Resource } from './resource.ts'
import { named, words } from './schema.ts'
import { type Static, type TObject, type TSchema, Type } from './typebox.ts'

export interface Route {
  readonly method: 'POST' | 'PUT'
  /** Contains `:name` for every parameter. */
  readonly path: string
  /** The status of a successful response. */
  readonly status: 200 | 201
  readonly operationId: string
  readonly tag: 'movements' | 'holds' | 'accounts' | 'assets'
  readonly summary: string
  readonly description?: string
  /** The rejections that are possible for the command. */
  readonly problems: readonly ProblemCode[]
}

/** The path as an OpenAPI document writes it, with `{name}` for every parameter. */
export function pathTemplate({ path }: Route): string {
  return path.replaceAll(/:([a-z]+)/g, '{$1}')
}

/** A field in the path of the route; in a batch it is a field like the others. */
export interface AddressField<Value> extends Field<Value> {
  /** Its name in the path. */
  readonly parameter: string
}

type FieldSet = Readonly<Record<string, { readonly schema: TSchema }>>
type AddressSet = Readonly<Record<string, AddressField<string>>>
type SchemasOf<Set extends FieldSet> = { [Name in keyof Set]: Set[Name]['schema'] }

/** The fields of a body: the names are checked, the values are not. */
export type InputOf<Set extends FieldSet> = { readonly [Name in keyof Set]?: unknown }
export type AddressOf<Set extends AddressSet> = { readonly [Name in keyof Set]: string }
/** A body as a client writes it. */
export type BodyOf<Set extends FieldSet> = Static<TObject<SchemasOf<Set>>>

/** The parts of a contract that each command defines. `Contract` adds the parts that are derived from them. */
interface Terms<
  Name extends CommandKind,
  Other extends CommandKind,
  Address extends AddressSet,
  Body extends FieldSet,
> {
  /** The kind of the command, also in a batch. */
  readonly kind: Name
  /** A second kind that the same input can result in. */
  readonly otherKind?: Other
  readonly route: Route
  readonly address: Address
  readonly fields: Body
  /** The schema of the body. */
  readonly body: { readonly id: string; readonly description: string; readonly examples: readonly object[] }
  /** True if the request may have no body. */
  readonly bodyIsOptional?: boolean
  readonly answer: Resource<Answers[Name | Other], object>
  /** The command, with defaults filled in. @throws LedgerError `invalid_request` */
  read(address: AddressOf<Address>, input: InputOf<Body>, newRequestId: NewRequestId): Commands[Name | Other]
  /** The command as JSON in a batch. `read` returns an equal command. */
  write(command: Commands[Name | Other]): { readonly kind: Name } & AddressOf<Address> & BodyOf<Body>
}

export interface Contract<Kind extends CommandKind = CommandKind> {
  readonly kind: string
  readonly route: Route
  readonly bodyIsOptional: boolean
  /** Whether the command has a request id of its own. */
  readonly takesRequestId: boolean
  /** The condition that the command can carry: on a balance, on a hold, or none. */
  readonly condition: 'ifVersion' | 'ifSteps' | null
  readonly answer: Resource<Answers[Kind], object>
  /** The answer outside a batch, which says whether it is a repeat. */
  readonly answered: AnsweredResource
  readonly address: readonly { readonly name: string; readonly parameter: string; readonly schema: TSchema }[]
  readonly bodySchema: NamedSchema
  readonly commandSchema: NamedSchema
  /**
   * Reads one command whose address is separate from the body: in a path, or in arguments.
   *
   * @param address the values by the names of the fields
   * @param namesAre the name of an address field in error messages
   * @throws LedgerError `invalid_request`
   */
  readOne(address: Fields, body: unknown, newRequestId: NewRequestId, namesAre?: NamesAre): Command
  /** Reads one command of a batch. @throws LedgerError `invalid_request` */
  readOfBatch(input: unknown, newRequestId: NewRequestId): Command
  /** The command as JSON in a batch. */
  write(command: Commands[Kind]): object
}

/** The name of the field in the library, or of the parameter in the path. */
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
  const bodyNames: ReadonlySet<string> = new Set([...Object.keys(fields), 'ifReplayed'])
  const batchNames: ReadonlySet<string> = new Set(['kind', ...Object.keys(terms.address), ...bodyNames])
  const schemas = { ...schemasOf(fields), ifReplayed: ifReplayed.schema }
  const options = { additionalProperties: false }

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
    condition: conditionIn(fields),
    answer,
    answered: answeredResource(kind, answer),
    address,
    bodySchema: named(
      body.id,
      Type.Object(schemas, { ...options, description: body.description, examples: [...body.examples] }),
    ),
    commandSchema: named(
      body.id.replace(/Body$/, 'Command'),
      Type.Object(
        { kind: words([kind]), ...schemasOf(terms.address), ...schemas },
        { ...options, description: `The same command as \`${route.method} ${pathTemplate(route)}\`.` },
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
        return withReplaying(terms.read(checked, given, newRequestId), given)
      } catch (error) {
        throw error instanceof LedgerError && isOfAddress(error, terms.address) ? asParameter(error) : error
      }
    },

    readOfBatch(input: unknown, newRequestId: NewRequestId): Commands[Name | Other] {
      const given = fieldsIn(input, batchNames)
      return withReplaying(terms.read(readAddress(given, 'field'), given, newRequestId), given)
    },

    write(command: Commands[Name | Other]): object {
      const written: object = terms.write(command)
      return (command as Replaying).ifReplayed === 'refuse' ? { ...written, ifReplayed: 'refuse' } : written
    },
  }
}

function conditionIn(fields: object): Contract['condition'] {
  if ('ifSteps' in fields) return 'ifSteps'
  return 'ifVersion' in fields ? 'ifVersion' : null
}

/** The default is left out: most commands name none. */
function withReplaying<Read extends object>(command: Read, { ifReplayed: given }: Fields): Read {
  if (given === undefined || ifReplayed.read(given, '/ifReplayed') === 'answer') return command
  return { ...command, ifReplayed: 'refuse' }
}

function schemasOf<Set extends FieldSet>(fields: Set): SchemasOf<Set> {
  const schemas: Record<string, TSchema> = {}
  for (const [name, { schema }] of Object.entries(fields)) schemas[name] = schema
  return schemas as SchemasOf<Set>
}

function isOfAddress({ pointer }: LedgerError, address: AddressSet): boolean {
  return pointer !== null && pointer.slice(1) in address
}

/** An error in a body has a pointer; an error in the address has the name of a parameter. */
function asParameter(error: unknown): unknown {
  if (!(error instanceof LedgerError) || error.pointer === null) return error
  return LedgerError.invalidParameter(error.pointer.slice(1), error.message)
}
