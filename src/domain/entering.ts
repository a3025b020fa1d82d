/** The decision of a command whose record is an entry: it moves coins, and the entry answers repeats. */
import { reject, type Decision, type Moment } from './decision.ts'
import type { RequestId } from './ids.ts'
import { showEntry, type Entry, type EntryLeg, type EntryRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import { describeAll, post, type Move } from './post.ts'
import type { Rate } from './rate.ts'

/** What such commands have in common. The entry has the command's kind. */
interface EntryCommand {
  readonly kind: EntryRecord['kind']
  readonly requestId: RequestId
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/** What a transfer across assets adds. */
interface Exchanged {
  readonly legs: readonly EntryLeg[]
  readonly rates: readonly Rate[]
}

export function enter(
  command: EntryCommand,
  fingerprint: number,
  moment: Moment,
  moves: readonly Move[],
  exchanged: Exchanged | null = null,
): Decision<Entry> {
  const { requestId, kind, memo, metadata } = command
  const posted = post(requestId, kind, moment.now, moves)
  if ('code' in posted) return reject(posted)
  const { postings, balances } = posted
  const request: EntryRecord = {
    id: requestId,
    kind,
    at: moment.now,
    fingerprint,
    memo,
    metadata,
    floor: null,
    legs: exchanged === null ? null : exchanged.legs,
    step: null,
    postings: describeAll(posted, moves),
  }
  const rows = { request, postings, balances }
  const effect = exchanged === null ? rows : { ...rows, ratesUsed: exchanged.rates }
  return { verdict: 'apply', effect, answer: showEntry(request) }
}
