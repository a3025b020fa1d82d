/** One era of the database with its journal, and the answers that it may have to explain. */
import type { Answered, Call, Era } from './history.ts'
import type { Journal } from './journal-audit.ts'

export type AnsweredCall = Call & { readonly answer: Answered }

export class Chapter {
  readonly era: Era
  readonly journal: Journal
  /** The number of effects that were there when the era began. */
  readonly keptCount: number

  constructor(era: Era, journal: Journal) {
    this.era = era
    this.journal = journal
    const own = era.log[era.keptCount]
    const first = own === undefined ? -1 : journal.effects.findIndex(({ tick }) => tick >= own.tick)
    this.keptCount = first === -1 ? journal.effects.length : first
  }

  /** Whether the answer can belong to this era: it was asked before its end and answered after its beginning. */
  mayAnswer(call: AnsweredCall): boolean {
    return askedTick(call) < this.era.untilTick && call.answer.tick > this.era.fromTick
  }

  /** Whether the call was answered in this era. */
  isLastOf({ answer }: AnsweredCall): boolean {
    return answer.tick < this.era.untilTick
  }
}

/** The earliest tick that the rows of the answer may be from. */
export function askedTick({ invokedTick, answer }: AnsweredCall): number {
  return Math.min(invokedTick, answer.behindTick ?? Infinity)
}
