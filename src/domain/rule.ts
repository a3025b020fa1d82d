/**
 * What a rule is: all that the ledger knows about one command, in one object. rules.ts has them all.
 *
 * Pure: no clock, no randomness, no promise.
 */
import type { Answers, CommandKind, Commands } from './command.ts'
import type { Decision, Moment, State } from './decision.ts'
import type { FootprintKeys } from './footprint.ts'
import type { RequestId } from './ids.ts'

export interface Rule<Kind extends CommandKind> {
  /** The row that makes the command idempotent; null where the command is idempotent by its nature. */
  request(command: Commands[Kind]): RequestId | null
  /** The hold that must exist before the command; null for other commands. */
  hold(command: Commands[Kind]): RequestId | null
  /**
   * Everything that a repeat must have in common with the first request, as sent: a relative expiry stays relative. Null where no
   * row keeps a fingerprint.
   */
  contents(command: Commands[Kind]): ContentsOf<Commands[Kind]>
  /** Adds every key that `decide` may read. */
  addKeys(command: Commands[Kind], keys: FootprintKeys): void
  /** All checks come first, in the order of `REJECTION_PRECEDENCE`; then the rows to write. Upholds laws 1, 2, 4 and 5. */
  decide(command: Commands[Kind], state: State, moment: Moment): Decision<Answers[Kind]>
  /** Its rejections rest on one balance at most, and nobody has a balance of an asset before the asset. */
  readonly restsOnOneRow: boolean
  /** It may be decided on how its hold ended. */
  followsEnd(command: Commands[Kind]): boolean
}

/** A command with a request id, or of a hold, has a row that keeps its fingerprint. */
type ContentsOf<Of> = Of extends { readonly requestId: RequestId } | { readonly hold: RequestId } ? string : null

/** The parts of a rule that is not about a hold. */
export const NO_HOLD = {
  hold: () => null,
  followsEnd: () => false,
} as const
