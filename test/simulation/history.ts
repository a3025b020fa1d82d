/**
 * What happened in a simulation, as the auditor gets it: who asked what when, what was answered, and what the database committed.
 *
 * Ticks order everything: of two moments the later one has the higher tick, also within one instant of virtual time.
 */
import type { Command, Group } from '../../src/domain/command.ts'
import type { Applied, FaultCode, Outcome } from '../../src/domain/outcome.ts'
import type { Changes } from '../../src/domain/changes.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'

/** Questions to the readers, and whether the engine is ready. */
export type Question =
  | { readonly kind: 'read_account'; readonly account: string }
  | { readonly kind: 'read_hold'; readonly hold: string }
  /** What happened to it, from its freeze on. */
  | { readonly kind: 'read_history'; readonly hold: string }
  /** The newest of its pair. */
  | { readonly kind: 'read_rate'; readonly from: string; readonly to: string }
  | { readonly kind: 'ready' }

export type Ask = Command | Group | Question

/** One life of one engine: a process from its start to its end. */
export interface Sender {
  readonly engine: number
  /** 1 for the first process of this engine. */
  readonly life: number
  /** Of the house accounts, where it writes that of another engine. */
  readonly stripe?: number
}

export type Result =
  | { readonly kind: 'outcome'; readonly outcomes: readonly Outcome[] }
  | { readonly kind: 'rows'; readonly rows: unknown }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly applied: Applied }
  /** Thrown, and no fault: never right. */
  | { readonly kind: 'error'; readonly message: string }

/** One call of an engine or a reader, from the moment it got there. */
export interface Call extends Sender {
  readonly ask: Ask
  readonly timeoutMs: number | null
  readonly invokedTick: number
  readonly invokedAt: number
  /** Commands that waited in the engine's queue already. */
  readonly queuedBefore: number
  /** The quiet end: nothing is wrong any more, so faults have no excuse. */
  readonly isProbe: boolean
  /** When the caller gave up by its `AbortSignal`. */
  abortedAt: number | null
  answer: Answered | null
}

export interface Answered {
  readonly tick: number
  readonly at: number
  readonly result: Result
  /** What the engine's clock can have shown since the call was made, as Unix milliseconds. */
  readonly clockLeast: number
  readonly clockMost: number
  /** How far the clock had been off since a little before the call, in milliseconds, and how often it was set. */
  readonly clockOffMost?: number
  readonly clockJumps?: number
  /** Rows that a reader gave who was behind are those of some moment since this tick, which may be before the question. */
  readonly behindTick?: number
}

/** One committed transaction. */
export interface Transaction {
  readonly tick: number
  readonly at: number
  readonly sender: Sender
  /** The most that the sender's clock had shown by then. */
  readonly latest: number
  readonly changes: Changes
}

/**
 * What the database was from its beginning, or from when it went back in time, until it did so again: commits that were acknowledged
 * before are lost then, and everything that is asked afterwards is judged by what is there.
 */
export interface Era {
  /** Neither of the two moments is part of it. */
  readonly fromTick: number
  readonly untilTick: number
  /** All that it ever had, in the order in which it was committed. */
  readonly log: readonly Transaction[]
  /** So many transactions of the log were there when it began. */
  readonly keptCount: number
  /** The rows at its end. */
  readonly tables: Tables
}

/** What a process went through: every fault that a caller sees must have one of these behind it. */
export interface Troubles {
  /** Replies of the store that made the engine try again. */
  conflicts: number
  unavailable: number
  doubts: number
  refusals: number
  /** When attempts came to nothing, though the database was there: by conflicts and refusals. */
  readonly attemptTicks: number[]
  unforeseen: number
  /** Writes that the database does not allow. */
  misconfigured: number
  /** When it was asked to stop. */
  stoppedTick: number | null
  /** The process died without having been asked to stop, or while it was stopping. */
  killed: boolean
}

export function isQuestion(ask: Ask): ask is Question {
  return ask.kind.startsWith('read')
}

/** The commands of a call, those of a group in their order; none for a question. */
export function commandsOf(ask: Ask): readonly Command[] {
  if (isQuestion(ask)) return []
  return ask.kind === 'group' ? ask.commands : [ask]
}
