/**
 * What happened in a simulation, as the auditor receives it: the calls with their answers, and the commits of the database.
 *
 * Ticks order everything: the later of two events has the higher tick, even within one instant of virtual time.
 */
import type { Command, Group } from '../../src/domain/command.ts'
import type { Applied, FaultCode, Outcome } from '../../src/domain/outcome.ts'
import type { Changes } from '../../src/domain/changes.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'

/** Questions to the readers, and the readiness check. */
export type Question =
  | { readonly kind: 'read_account'; readonly account: string }
  | { readonly kind: 'read_hold'; readonly hold: string }
  /** The events of a hold, beginning with its freeze. */
  | { readonly kind: 'read_history'; readonly hold: string }
  /** The newest rate of the pair. */
  | { readonly kind: 'read_rate'; readonly from: string; readonly to: string }
  | { readonly kind: 'ready' }

export type Ask = Command | Group | Question

/** One life of one engine: a process from start to end. */
export interface Sender {
  readonly engine: number
  /** 1 for the first process of this engine. */
  readonly life: number
  /** The stripe of the house accounts, if the engine writes another engine's stripe. */
  readonly stripe?: number
}

export type Result =
  | { readonly kind: 'outcome'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'rows'; readonly rows: unknown }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly applied: Applied }
  /** A thrown error that is not a fault. It is always wrong. */
  | { readonly kind: 'error'; readonly message: string }

/** One call of an engine or a reader, from its arrival. */
export interface Call extends Sender {
  readonly ask: Ask
  readonly timeoutMs: number | null
  readonly invokedTick: number
  readonly invokedAt: number
  /** The number of commands that were already in the engine's queue. */
  readonly queuedBefore: number
  /** Whether the call belongs to the quiet end. There are no faults any more, so a fault in an answer is a violation. */
  readonly isProbe: boolean
  /** When the caller aborted by its `AbortSignal`. */
  abortedAt: number | null
  answer: Answered | null
}

export interface Answered {
  readonly tick: number
  readonly at: number
  readonly result: Result
  /** The bounds of the engine's clock since the call was made, in Unix milliseconds. */
  readonly clockLeast: number
  readonly clockMost: number
  /** The largest deviation of the clock since shortly before the call, in milliseconds, and how often it was set. */
  readonly clockOffMost?: number
  readonly clockJumps?: number
  /** The rows of a reader that lagged behind are those of some instant since this tick, which may be before the question. */
  readonly behindTick?: number
}

/** One committed transaction. */
export interface Transaction {
  readonly tick: number
  readonly at: number
  readonly sender: Sender
  /** The latest time that the sender's clock had shown by then. */
  readonly latest: number
  readonly changes: Changes
}

/**
 * The database from its beginning, or from a return to an earlier state, until the next return. A return loses commits that were
 * acknowledged before. Every later question is judged by the rows that are left.
 */
export interface Era {
  /** Exclusive bounds. */
  readonly fromTick: number
  readonly untilTick: number
  /** Every transaction of the era, in commit order. */
  readonly log: readonly Transaction[]
  /** The number of transactions in the log when the era began. */
  readonly keptCount: number
  /** The rows at its end. */
  readonly tables: Tables
}

/** The troubles of a process: every fault that a caller sees must have one of these as its cause. */
export interface Troubles {
  /** Replies of the store that made the engine retry. */
  conflicts: number
  unavailable: number
  doubts: number
  refusals: number
  /** The ticks of failed attempts while the database was reachable: conflicts and refusals. */
  readonly attemptTicks: number[]
  /** When looks found balances locked by another transaction. */
  readonly lockedAt: number[]
  unforeseen: number
  /** Writes that the database does not allow. */
  misconfigured: number
  /** When it was asked to stop. */
  stoppedTick: number | null
  /** Whether the process died without a stop request, or during the stop. */
  killed: boolean
}

export function isQuestion(ask: Ask): ask is Question {
  return ask.kind.startsWith('read')
}

/** The commands of a call, those of a group in their order. A question has none. */
export function commandsOf(ask: Ask): readonly Command[] {
  if (isQuestion(ask)) return []
  return ask.kind === 'group' ? ask.commands : [ask]
}
