/**
 * The answer of a call: what the command answers, whether it is a repeat, and for the repeat of a freeze the hold as it is now.
 *
 * In a batch, the outcome says so next to the answer.
 */
import type { Answer, Answers, CommandKind } from '../domain/command.ts'
import type { Hold as HoldValue } from '../domain/hold.ts'
import { Hold, HOLD, holdFromWire, holdToWire, type HoldWire } from './hold.ts'
import { jsonForm } from './json-form.ts'
import { named, reference } from './schema.ts'
import { type TObject, type TSchema, Type } from './typebox.ts'

export type Answered<Value> = Value & {
  /**
   * True if the command is a repeat: this is the first answer again, and nothing was done now. At most one caller gets false. No caller
   * gets false if the connection to the database was lost during the commit and the effect was found afterwards.
   */
  readonly replayed: boolean
}

/** The answer of a freeze. Do work that costs something only if it is new, or if `current` is still open. */
export type FrozenHold = Answered<HoldValue> & {
  /** For a repeat: the hold as it is now. Null for a new hold, which is as the answer says. */
  readonly current: HoldValue | null
}

export type AnswerOf<Kind extends CommandKind> = Kind extends 'freeze' ? FrozenHold : Answered<Answers[Kind]>

interface Applied {
  readonly replayed: boolean
  readonly answer: Answer
  readonly current?: HoldValue
}

/** The answer of a call whose command was applied. */
export function answeredOf<Kind extends CommandKind>(
  kind: Kind,
  { answer, replayed, current }: Applied,
): AnswerOf<Kind> {
  const answered = { ...answer, replayed }
  return (kind === 'freeze' ? { ...answered, current: current ?? null } : answered) as AnswerOf<Kind>
}

export const REPLAYED =
  'True if the command is a repeat: the answer is the first one. At most one caller gets false. No caller gets false if the ' +
  'service lost its connection to the database during the commit and found the effect afterwards.'

export const CURRENT = 'For the repeat of a freeze: the hold as it is now.'

type Wire = object & { readonly replayed: boolean; readonly current?: HoldWire | null }
type Named = TSchema & { readonly $id: string }

/** A resource together with what a call says about it. */
export interface AnsweredResource {
  readonly schema: Named
  toWire(answered: object): Wire
  /** As of a resource. */
  withJson<Value extends object>(answered: Value): Value
}

/** The resource of a command's answer, whatever its type. */
interface Plain {
  readonly schema: Named
  toWire(value: never): object
  withJson(value: never): object
}

const made = new Map<string, AnsweredResource>()

/** Commands with the same answer share its schema, except for a freeze. */
export function answeredResource(kind: string, plain: Plain): AnsweredResource {
  const { schema } = plain
  const isFreeze = kind === 'freeze'
  const id = isFreeze ? 'FreezeAnswer' : `${schema.$id}Answer`
  const known = made.get(id)
  if (known !== undefined) return known
  const { properties, examples, description } = schema as unknown as TObject & {
    examples: object[]
    description: string
  }
  const current = Type.Union([Type.Null(), reference(Hold)], { description: `${CURRENT} Null for a new hold.` })
  const toWire = (answered: object): Wire => {
    const { replayed, current: now } = answered as Answered<object> & { readonly current?: HoldValue | null }
    const wire = { ...plain.toWire(answered as never), replayed }
    if (!isFreeze) return wire
    return { ...wire, current: now === null || now === undefined ? null : holdToWire(now) }
  }
  const ownJson = jsonForm(toWire)
  const resource: AnsweredResource = {
    schema: named(
      id,
      Type.Object(
        { ...properties, replayed: Type.Boolean({ description: REPLAYED }), ...(isFreeze ? { current } : {}) },
        {
          description,
          examples: examples.map((example) => ({
            ...example,
            replayed: false,
            ...(isFreeze ? { current: null } : {}),
          })),
        },
      ),
    ),
    toWire,
    withJson(answered) {
      const { current: now } = answered as { readonly current?: HoldValue | null }
      if (now !== null && now !== undefined) HOLD.withJson(now)
      plain.withJson(answered as never)
      return ownJson(answered) as typeof answered
    },
  }
  made.set(id, resource)
  return resource
}

/** What the wire of an applied outcome says about its answer. */
export function currentFromWire(current: HoldWire | undefined): { readonly current?: HoldValue } {
  return current === undefined ? {} : { current: holdFromWire(current) }
}
