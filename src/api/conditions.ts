/**
 * The conditions that a command can carry: "only if unchanged", by the version of a balance or by the steps of a hold.
 *
 * A command without one has no field for it, so it costs nothing.
 */
import type { Precondition } from '../domain/command.ts'
import { isHouse, type AccountName, type RequestId } from '../domain/ids.ts'
import { LedgerError } from './error.ts'
import type { Field } from './fields.ts'
import { refuse } from './input.ts'
import { Type } from './typebox.ts'

/** The condition of a command on a balance. */
export interface IfVersion {
  /**
   * Applies the command only if the balance still has this version, as an answer showed it. Otherwise the command is refused as
   * `changed_meanwhile`. Not for house accounts.
   */
  readonly ifVersion?: number
}

/** The condition of a command on a hold. */
export interface IfSteps {
  /** Applies the command only if the hold still has this number of `steps`. Otherwise the command is refused as `changed_meanwhile`. */
  readonly ifSteps?: number
}

function number(description: string) {
  const schema = Type.Optional(
    Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description, examples: [3] }),
  )
  const field: Field<number, typeof schema> = {
    schema,
    read(value, pointer) {
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
      throw refuse(value, pointer, `a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`)
    },
  }
  return field
}

const OTHERWISE = 'Otherwise the command is refused as `changed_meanwhile`, and its request id can be used again.'

/** A field of the commands on a balance. */
export const ifVersion = number(
  `Apply the command only if the balance of \`account\` has this version. ${OTHERWISE} Not for house accounts.`,
)

/** A field of the commands on a hold. */
export const ifSteps = number(`Apply the command only if the hold has this number of \`steps\`. ${OTHERWISE}`)

/** A field of a leg. */
export const ifVersionOfPayer = number(
  `Apply the transfer only if the balance of \`from\` has this version before it. ${OTHERWISE} Not for house accounts.`,
)

/** The command on the balance of `account`, with the condition of the input if it has one. */
export function onlyIfVersion<Of extends { readonly account: AccountName }>(
  command: Of,
  input: { readonly ifVersion?: unknown },
): Of & { readonly ifVersion?: Precondition } {
  if (input.ifVersion === undefined) return command
  return { ...command, ifVersion: versionIn(input.ifVersion, command.account, '/ifVersion') }
}

/** The command on a hold, with the condition of the input if it has one. */
export function onlyIfSteps<Of extends { readonly hold: RequestId }>(
  command: Of,
  input: { readonly ifSteps?: unknown },
): Of & { readonly ifSteps?: Precondition } {
  if (input.ifSteps === undefined) return command
  return { ...command, ifSteps: ifSteps.read(input.ifSteps, '/ifSteps') }
}

/** The version of the balance of an account. @throws LedgerError `invalid_request` */
export function versionIn(value: unknown, account: AccountName, pointer: string): number {
  const version = ifVersion.read(value, pointer)
  if (!isHouse(account)) return version
  throw LedgerError.invalid(
    pointer,
    `ifVersion is not possible for "${account}": the balance of a house account is the sum of several stripes, and has no version of its own.`,
  )
}

/**
 * The condition on the wire. A body has no field for the tags of an `If-Match`, and a command without its condition would be another one.
 *
 * @throws LedgerError `invalid_request` for tags
 */
export function conditionsToWire({
  ifVersion: version,
  ifSteps: steps,
}: {
  readonly ifVersion?: Precondition
  readonly ifSteps?: Precondition
}) {
  return {
    ...(version === undefined ? {} : { ifVersion: numberToWire(version, '/ifVersion') }),
    ...(steps === undefined ? {} : { ifSteps: numberToWire(steps, '/ifSteps') }),
  }
}

function numberToWire(required: Precondition, pointer: string): number {
  if (typeof required === 'number') return required
  const shown = required === '*' ? '*' : required.map((tag) => `"${tag}"`).join(', ')
  const name = pointer.slice(1)
  throw LedgerError.invalid(
    pointer,
    `The condition If-Match: ${shown} cannot be sent in a body, which has only a number as ${name}. Give ${name}.`,
  )
}
