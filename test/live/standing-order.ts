/** What rows tell of the order of changes of an account's standing, beside the versions of its balances. */
import type { EntryRecord, PostingRecord } from '../../src/domain/journal.ts'
import { entryIn } from '../../src/domain/snapshot.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'
import { link, unitOf, withoutForward, type Unit, type UnitsByEntry } from './unit.ts'

/** A block, an unblock or a merge. */
interface Change {
  readonly account: string
  readonly entry: EntryRecord
  readonly unit: Unit
}

type Names = ReadonlyMap<number, string>

/** Entries without a posting, of accounts that had no balance then. */
export function bareEntriesIn(tables: Tables): EntryRecord[] {
  return entriesIn(tables).filter(({ postings }) => postings.length === 0)
}

export function linkStandings(tables: Tables, byEntry: UnitsByEntry): void {
  const accountOf: Names = new Map([...tables.balances.values()].map(({ id, account }) => [id, account]))
  const changes = changesIn(tables, byEntry)
  const merges = new Map(
    changes.filter(({ entry }) => entry.kind === 'merge').map(({ account, unit }) => [account, unit]),
  )
  linkOpenings(tables, { changes, byEntry })
  linkBareChanges(changes)
  linkSuccessors(tables, merges)
  linkForwards(tables, { accountOf, merges, byEntry })
}

function entriesIn({ requests }: Tables): EntryRecord[] {
  return [...requests.values()].map(entryIn).filter((entry) => entry !== null)
}

function changesIn(tables: Tables, byEntry: UnitsByEntry): Change[] {
  return entriesIn(tables)
    .filter(({ id, kind }) => ['block', 'unblock', 'merge'].includes(kind) && withoutForward(id) === id)
    .map((entry) => {
      const account = entry.account ?? entry.postings[0]!.posting.account
      return { account, entry, unit: byEntry.get(entry.id)! }
    })
}

/**
 * The balances of an account were opened in the order that its record has. A change has a posting on each balance of its account: one
 * without was opened later.
 */
function linkOpenings(
  { balances, postings, standings }: Tables,
  { changes, byEntry }: { changes: readonly Change[]; byEntry: UnitsByEntry },
): void {
  const opened = new Map(
    [...postings.values()].filter(({ version }) => version === 1).map((posting) => [posting.balanceId, posting]),
  )
  const openings = new Map(
    [...balances.values()].map(({ id, account, asset }) => [`${account} ${asset}`, opened.get(id)!]),
  )
  for (const { account, assets } of standings.values()) {
    const order = assets.map((asset) => openings.get(`${account} ${asset}`)!)
    for (const [index, opening] of order.slice(1).entries()) {
      link(unitOf(order[index]!, byEntry), unitOf(opening, byEntry))
    }
    for (const { entry, unit } of changes.filter((change) => change.account === account)) {
      const touched = new Set(entry.postings.map(({ balanceId }) => balanceId))
      for (const opening of order) if (!touched.has(opening.balanceId)) link(unit, unitOf(opening, byEntry))
    }
  }
}

/** The rows leave the order of changes without postings open. */
function linkBareChanges(changes: readonly Change[]): void {
  for (const some of Map.groupBy(changes, ({ account }) => account).values()) {
    const bare = some.filter(({ entry }) => entry.postings.length === 0)
    bare.sort(({ entry: left }, { entry: right }) => left.at - right.at || left.seq - right.seq)
    for (const [index, { unit }] of bare.slice(1).entries()) link(bare[index]!.unit, unit)
  }
}

/** Nothing is merged into a closed account. */
function linkSuccessors({ standings }: Tables, merges: ReadonlyMap<string, Unit>): void {
  for (const [account, unit] of merges) {
    const next = merges.get(standings.get(account)?.successor ?? '')
    if (next !== undefined) link(unit, next)
  }
}

/** What was passed on went to the first successor that was not closed: the accounts before it were. */
function linkForwards(
  { postings, standings }: Tables,
  { accountOf, merges, byEntry }: { accountOf: Names; merges: ReadonlyMap<string, Unit>; byEntry: UnitsByEntry },
): void {
  const forwarded = [...postings.values()].filter(({ entryId }) => withoutForward(entryId) !== entryId)
  for (const some of Map.groupBy(forwarded, ({ entryId }) => entryId).values()) {
    const names = (each: readonly PostingRecord[]): string[] => each.map(({ balanceId }) => accountOf.get(balanceId)!)
    const receivers = new Set(names(some.filter(({ availableDelta }) => availableDelta > 0n)))
    for (let account of names(some.filter(({ availableDelta }) => availableDelta < 0n))) {
      while (!receivers.has(account)) {
        const merged = merges.get(account)
        if (merged === undefined) break
        link(merged, unitOf(some[0]!, byEntry))
        account = standings.get(account)!.successor!
      }
    }
  }
}
