/** Runs a batch on the reference ledger: one piece of work after another, a group as a whole or not at all. */
import type { Command, Work } from '../../src/domain/command.ts'
import type { Rejection } from '../../src/domain/outcome.ts'
import type { Circumstances, EntryBook, Line } from './books.ts'
import type { ReferenceLedger } from './ledger.ts'

/** Same shape as the product's `Outcome`. */
export type ReferenceOutcome =
  | { readonly status: 'applied'; readonly replayed: boolean; readonly answer: unknown; readonly current?: unknown }
  | { readonly status: 'rejected'; readonly rejection: Rejection }

export interface Result {
  /** One per command; a group contributes one per member. */
  readonly outcomes: readonly ReferenceOutcome[]
  /** The postings written, in order. */
  readonly lines: readonly Line[]
  readonly entries: readonly EntryBook[]
}

/** Decides `work` and writes what is applied. */
export function run(ledger: ReferenceLedger, work: readonly Work[], at: Circumstances): Result {
  const outcomes: ReferenceOutcome[] = []
  const lines: Line[] = []
  const entries: EntryBook[] = []
  const runOne = (command: Command): void => {
    const verdict = ledger.decide(command, at)
    if (verdict.kind === 'refused') {
      outcomes.push({ status: 'rejected', rejection: verdict.rejection })
      return
    }
    if (verdict.kind === 'repeated') {
      const current = command.kind === 'freeze' ? { current: ledger.holds.get(command.requestId) } : {}
      outcomes.push({ status: 'applied', replayed: true, answer: verdict.answer, ...current })
      return
    }
    outcomes.push({ status: 'applied', replayed: false, answer: verdict.answer })
    verdict.write()
    lines.push(...verdict.lines)
    for (const entry of [verdict.entry, verdict.forward ?? null]) if (entry !== null) entries.push(entry)
  }
  for (const item of work) {
    if (item.kind !== 'group') {
      runOne(item)
      continue
    }
    const first = ledger.decideGroup(item, at)
    if (first === null) item.commands.forEach(runOne)
    else outcomes.push(...abortedBy(first, item.commands.length))
  }
  return { outcomes, lines, entries }
}

/** The outcomes of a group whose member at `position` is rejected. */
export function abortedBy(
  { position, rejection }: { readonly position: number; readonly rejection: Rejection },
  memberCount: number,
): readonly ReferenceOutcome[] {
  const others: Rejection = { code: 'batch_aborted', because: rejection.code }
  return Array.from({ length: memberCount }, (_, index) => ({
    status: 'rejected',
    rejection: index === position ? rejection : others,
  }))
}
