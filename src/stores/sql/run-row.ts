/**
 * The journal as rows of `journal`: the postings that one commit makes on one balance are one row, a run, or several where they are many.
 *
 * Its key is (balance, first version), so two commits that start from one version of a balance cannot both be written. Its lines are
 * JSON that a database can read: `[[0,"freeze",-616,616],…]`, each with the number of its request, counted from the run's `seq`, the
 * kind of the entry, and the deltas. An amount beyond what JSON numbers keep exactly is a text. The versions of the lines follow each
 * other from the first one; the run has the amounts after the last, from which those after each line follow.
 */
import type { PostingKey } from '../../domain/hold-history.ts'
import type { EntryKind, Posting, PostingRecord } from '../../domain/journal.ts'
import { rowKind } from './row-kind.ts'
import { big, whole, type Row } from './values.ts'

export interface Run {
  readonly balanceId: number
  readonly firstVersion: number
  /** The postings of the versions from the first one on, without a gap. */
  readonly postings: readonly PostingRecord[]
}

/** A line of a run that was read. */
export interface Line extends Pick<
  Posting,
  'kind' | 'version' | 'availableDelta' | 'heldDelta' | 'available' | 'held' | 'at'
> {
  /** The number of its request: its entry's, or that of the hold which an end without a step ended. */
  readonly seq: number
}

type PackedAmount = number | string
type PackedLine = readonly [seq: number, kind: EntryKind, availableDelta: PackedAmount, heldDelta: PackedAmount]

/**
 * Lines of one row. Without a limit, the run of a hot balance takes several pages of its own on MariaDB and MySQL, the last one mostly
 * empty: 500 lines took 19.7 kB in one row and 11.8 kB in five, in the same time. And who reads one line has to read them all.
 */
export const RUN_LINES_MAX = 100

/** In the order of their first postings. @param postings those of a balance follow each other in the order of versions */
export function runsOf(postings: readonly PostingRecord[]): readonly Run[] {
  const byBalance = new Map<number, PostingRecord[]>()
  for (const posting of postings) {
    const own = byBalance.get(posting.balanceId)
    if (own === undefined) byBalance.set(posting.balanceId, [posting])
    else own.push(posting)
  }
  const runs: Run[] = []
  for (const [balanceId, own] of byBalance) {
    for (let start = 0; start < own.length; start += RUN_LINES_MAX) {
      const some = own.length <= RUN_LINES_MAX ? own : own.slice(start, start + RUN_LINES_MAX)
      runs.push({ balanceId, firstVersion: some[0]!.version, postings: some })
    }
  }
  return runs
}

/** The first version of the run that a posting is in. @param begun the first version that its commit made of the balance */
export function firstVersionOf(version: number, begun: number): number {
  return version - ((version - begun) % RUN_LINES_MAX)
}

export function runRow({ balanceId, firstVersion, postings }: Run) {
  const last = postings.at(-1)!
  const { seq } = postings[0]!
  return {
    balance_id: balanceId,
    first_version: firstVersion,
    last_version: last.version,
    available: last.available,
    held: last.held,
    at: last.at,
    seq,
    packed: linesText(postings, seq),
  }
}

function linesText(postings: readonly PostingRecord[], firstSeq: number): string {
  let text = ''
  for (const { seq, kind, availableDelta, heldDelta } of postings) {
    text += text === '' ? '[[' : ',['
    text += `${seq - firstSeq},"${kind}",${amountText(availableDelta)},${amountText(heldDelta)}]`
  }
  return `${text}]`
}

function amountText(amount: bigint): string {
  const number = Number(amount)
  return Number.isSafeInteger(number) ? String(number) : `"${amount}"`
}

/** In the order of versions. @param row of `journal` */
export function linesOf(row: Row): readonly Line[] {
  const packed = JSON.parse(row['packed'] as string) as readonly PackedLine[]
  const firstSeq = whole(row['seq'])
  const at = whole(row['at'])
  let version = whole(row['last_version'])
  let available = big(row['available'])
  let held = big(row['held'])
  const lines: Line[] = []
  for (let index = packed.length - 1; index >= 0; index--) {
    const [seq, kind, byAvailable, byHeld] = packed[index]!
    const [availableDelta, heldDelta] = [BigInt(byAvailable), BigInt(byHeld)]
    lines.push({ seq: firstSeq + seq, kind, version, availableDelta, heldDelta, available, held, at })
    available -= availableDelta
    held -= heldDelta
    version -= 1
  }
  return lines.reverse()
}

/** @param names the account, asset and stripe of its balance */
export function postingOf(line: Line, entryId: string, names: Pick<Posting, 'account' | 'asset' | 'stripe'>): Posting {
  const { kind, version, availableDelta, heldDelta, available, held, at } = line
  const { account, asset, stripe } = names
  return { entryId, kind, account, asset, stripe, version, availableDelta, heldDelta, available, held, at }
}

/** The posting that makes a version of a balance. @param run joined with its balance. @throws Error when the run does not have it */
export function postingIn(run: Row | undefined, [balanceId, version]: PostingKey, entryId: string): Posting {
  const line = run === undefined ? undefined : linesOf(run).find((each) => each.version === version)
  if (run === undefined || line === undefined) throw new Error(`The posting ${balanceId}/${version} is gone.`)
  const [account, asset] = [run['account'] as string, run['asset'] as string]
  return postingOf(line, entryId, { account, asset, stripe: whole(run['stripe']) })
}

const SAMPLE: PostingRecord = {
  balanceId: 1,
  version: 2,
  entryId: 'e',
  seq: 8,
  kind: 'transfer',
  availableDelta: 3n,
  heldDelta: 4n,
  available: 5n,
  held: 6n,
  at: 7,
}

export const RUN = rowKind('journal', runRow, { balanceId: 1, firstVersion: 2, postings: [SAMPLE] })
