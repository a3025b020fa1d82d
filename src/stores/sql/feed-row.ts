/**
 * The entries of one commit as a row: of the feed, or of the commits that the feed does not have yet.
 *
 * They are a JSON list, in their order. Each is the number of a request, counted from that of the entry before, the first one from 0; in
 * a list of its own if it is the end of the hold that the request opened: `[35184372088832,1,1,[-2]]`.
 */
import type { EntryPlace } from '../../domain/changes.ts'
import { rowKind } from './row-kind.ts'

export function feedRow(entries: readonly EntryPlace[]) {
  return { entries: placesText(entries) }
}

function placesText(entries: readonly EntryPlace[]): string {
  let text = ''
  let before = 0
  for (const { seq, isEnd } of entries) {
    text += text === '' ? '[' : ','
    text += isEnd ? `[${seq - before}]` : String(seq - before)
    before = seq
  }
  return `${text}]`
}

export function placesOf(text: unknown): readonly EntryPlace[] {
  let seq = 0
  return (JSON.parse(text as string) as readonly (number | readonly [number])[]).map((packed) => {
    const isEnd = typeof packed !== 'number'
    seq += isEnd ? packed[0] : packed
    return { seq, isEnd }
  })
}

const SAMPLE: readonly EntryPlace[] = [{ seq: 1, isEnd: false }]

/** On SQLite, which has one writer at a time: the key is the next number, so rows are in the order of their commits. */
export const FED = rowKind('feed', feedRow, SAMPLE)
/** On servers, where the order of commits is not known to those who commit: see feed.ts. */
export const COMMITTED = rowKind('commits', feedRow, SAMPLE)
