/** The feed has every entry once, and the entries of each balance in the order of its versions. */
import type { PostingRecord } from '../../src/domain/journal.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'
import type { Findings } from './findings.ts'

export function auditFeed({ feed, requests, holdChanges, postings }: Tables, findings: Findings): void {
  const places = feed.flat().map(({ seq, isEnd }) => placeOf(seq, isEnd))
  const expected = [
    ...[...requests.values()].map(({ seq }) => placeOf(seq, false)),
    ...[...holdChanges.values()].filter(({ step }) => step === null).map(({ after }) => placeOf(after.seq, true)),
  ]
  const isWhole = places.toSorted().join() === expected.toSorted().join()
  findings.check(4, isWhole, () => `the feed has ${places.length} entries in place of ${expected.length}, or others`)
  const byPlace = new Map<string, PostingRecord[]>()
  for (const posting of postings.values()) {
    const { seq, kind, entryId } = posting
    const place = placeOf(seq, kind !== 'freeze' && entryId.includes('~') && !requests.has(entryId))
    byPlace.set(place, [...(byPlace.get(place) ?? []), posting])
  }
  const versions = new Map<number, number>()
  for (const place of places) {
    for (const { balanceId, version, entryId } of byPlace.get(place) ?? []) {
      const before = versions.get(balanceId) ?? 0
      findings.check(3, version === before + 1, () => `the feed has ${entryId} behind version ${before} of a balance`)
      versions.set(balanceId, version)
    }
  }
}

function placeOf(seq: number, isEnd: boolean): string {
  return isEnd ? `${seq}~` : String(seq)
}
