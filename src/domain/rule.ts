/**
 * A rule decides one kind of command. It is one object with all knowledge about the command. rules.ts lists all rules.
 *
 * Pure: no clock, no randomness, no promise.
 */
import type { Answers, CommandKind, Commands } from './command.ts'
import type { Decision, Moment, State } from './decision.ts'
import type { FootprintKeys } from './footprint.ts'
import type { AccountName, RequestId } from './ids.ts'
import type { RequestRecord } from './snapshot.ts'

export interface Rule<Kind extends CommandKind> {
  /** The request id of the row that makes the command idempotent; null if the command is idempotent by nature. */
  request(command: Commands[Kind]): RequestId | null
  /** The hold that must exist before the command; null for other commands. */
  hold(command: Commands[Kind]): RequestId | null
  /**
   * The contents that a repeat must share with the first request, as sent: a relative expiry stays relative. A line break ends the name
   * of an account, because the name can contain every other separator. Null if no row has a fingerprint of the command.
   */
  contents(command: Commands[Kind]): ContentsOf<Commands[Kind]>
  /**
   * The fields of the first request under a request id, as far as its row shows them as they were sent; the others are undefined. Null if
   * that was another kind of command. It is only asked when a request id was used with different contents, to tell which fields differ.
   */
  kept: KeptOf<Commands[Kind]>
  /** Adds every key that `decide` may read. */
  addKeys(command: Commands[Kind], keys: FootprintKeys): void
  /** The accounts of users that spend coins by it: those whose `available` it lowers when they ask. Without it: none. */
  payers?(command: Commands[Kind]): readonly AccountName[]
  /** All checks come first, in the order of `REJECTION_PRECEDENCE`; then the rows to write. Upholds laws 1, 2, 4 and 5. */
  decide(command: Commands[Kind], state: State, moment: Moment): Decision<Answers[Kind]>
  /** Whether its rejections depend on at most one balance. (No balance of an asset exists before the asset.) */
  readonly restsOnOneRow: boolean
  /** Whether the decision can depend on how the hold ended. */
  followsEnd(command: Commands[Kind]): boolean
}

/** A command with a request id or a hold has a row with its fingerprint. */
type ContentsOf<Of> = Of extends { readonly requestId: RequestId } | { readonly hold: RequestId } ? string : null

/** Only a command with a request id of its own can meet another one under it. */
type KeptOf<Of> = Of extends { readonly requestId: RequestId } ? (earlier: RequestRecord) => Kept<Of> | null : null

type Kept<Of> = { readonly [Name in keyof Of]?: Of[Name] | undefined }

/** The parts of a rule for a command without a hold. */
export const NO_HOLD = {
  hold: () => null,
  followsEnd: () => false,
} as const
