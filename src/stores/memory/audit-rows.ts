/** The rows as the checks of the laws read them. */
import { endOfHold, type EntryKind, type EntryRecord, type PostingRecord } from '../../domain/journal.ts'
import type { Author } from '../../domain/by.ts'
import { kindOfEnd } from '../../domain/hold-record.ts'
import { entryIn } from '../../domain/snapshot.ts'
import type { Violation } from '../../engine/auditor.ts'
import type { Tables } from './tables.ts'

/** A posting as its run has it: its place in the run is its version. */
export type Line = Pick<PostingRecord, 'balanceId' | 'version' | 'seq' | 'kind' | 'availableDelta' | 'heldDelta'>

export function linesOf({ runs }: Tables): readonly Line[] {
  return [...runs.values()].flatMap(({ balanceId, firstVersion, postings }) =>
    postings.map(({ seq, kind, availableDelta, heldDelta }, index) => {
      return { balanceId, version: firstVersion + index, seq, kind, availableDelta, heldDelta }
    }),
  )
}

export function entriesOf({ requests }: Tables): readonly EntryRecord[] {
  return [...requests.values()].map(entryIn).filter((entry) => entry !== null)
}

/** Who gave the requests, and who ended holds without a step. */
export function authorsOf({ requests, holdChanges }: Tables): readonly Authored[] {
  const ended = [...holdChanges.values()].filter(({ step }) => step === null)
  return [
    ...[...requests.values()].map(({ seq, kind, by }) => ({ seq, kind, by })),
    ...ended.map(({ after }) => ({ seq: after.seq, kind: kindOfEnd(after), by: after.end!.by })),
  ]
}

interface Authored {
  readonly seq: number
  readonly kind: EntryKind
  readonly by: Author | null
}

/** The id of an entry, from the number of its request; empty when there is no such request. */
export function entryIdOf(tables: Tables, seq: number | null, kind: EntryKind): string {
  const request = seq === null ? null : tables.requestBySeq(seq)
  if (request === null) return ''
  const isEnd = request.kind === 'freeze' && (kind === 'settle' || kind === 'release')
  return isEnd ? endOfHold(request.id, kind) : request.id
}

export function textsOf(values: Readonly<Record<string, string | number | bigint | null>>): Violation {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}
