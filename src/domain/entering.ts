/** The decision of a command whose record is an entry: it moves coins, and repeats are answered from the entry. */
import { reject, type Decision, type Moment } from './decision.ts'
import type { RequestId } from './ids.ts'
import { showEntry, type Entry, type EntryLeg, type EntryRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import { describeAll, post, type Move } from './post.ts'
import type { Rate } from './rate.ts'

/** The common fields of such commands. The kind of the entry is the kind of the command. */
interface EntryCommand {
  readonly kind: EntryRecord['kind']
  readonly requestId: RequestId
  readonly memo: string | null
  readonly metadata: Metadata | null
}

/** The additional fields of a transfer across assets. */
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
