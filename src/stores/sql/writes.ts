/** The records of `Changes` by the statement that writes them. */
import type { BalanceRecord } from '../../domain/balance.ts'
import type { Changes, HoldChange, StandingChange } from '../../domain/changes.ts'
import type { StandingRecord } from '../../domain/standing.ts'
import type { PlacedCharge, PlacedEntry } from './entry-row.ts'
import { runsOf, type Run } from './run-row.ts'

export interface Writes extends Pick<
  Changes,
  'holdsOpened' | 'accounts' | 'assets' | 'houses' | 'housesUsed' | 'rates' | 'ratesUsed'
> {
  readonly entries: readonly PlacedEntry[]
  readonly charges: readonly PlacedCharge[]
  /** Entries of steps; none of them is in `entries`. */
  readonly stepEntries: readonly PlacedEntry[]
  readonly holdsEnded: readonly HoldChange[]
  readonly holdsStepped: readonly HoldChange[]
  /** The first change of each hold that this batch does not open itself: what comes before it must be there. */
  readonly holdsContinued: readonly HoldChange[]
  readonly runs: readonly Run[]
  /** The entries of the commit, in their order; none if it has no entry. */
  readonly commits: readonly Changes['entryOrder'][]
  readonly balancesOpened: readonly BalanceRecord[]
  readonly balancesChanged: Changes['balances']
  readonly standingsNew: readonly StandingRecord[]
  readonly standingsChanged: readonly StandingChange[]
}

/** Steps have statements of their own, so that all other statements leave their columns out. */
export function writesOf(changes: Changes): Writes {
  const { balances, entries, holdsOpened, charges, holdChanges, entryOrder } = changes
  const { accounts, standings, assets, houses, housesUsed, rates, ratesUsed } = changes
  const begun =
    entries.length + charges.length === 0
      ? NOTHING
      : new Map(balances.map(({ before }) => [before.id, before.version + 1]))
  const placed = entries.map((entry) => ({ entry, begun }))
  return {
    accounts: inOrder(accounts),
    assets,
    houses,
    housesUsed,
    rates,
    ratesUsed,
    holdsOpened,
    entries: placed.filter(({ entry }) => entry.step === null),
    charges: charges.map((charge) => ({ charge, begun })),
    stepEntries: placed.filter(({ entry }) => entry.step !== null),
    holdsEnded: holdChanges.filter(({ step }) => step === null),
    holdsStepped: holdChanges.filter(({ step }) => step !== null),
    holdsContinued: continued(changes),
    runs: runsOf(changes.postings),
    commits: entryOrder.length === 0 ? [] : [entryOrder],
    balancesOpened: balances.filter(({ before }) => before.version === 0).map(({ after }) => after),
    balancesChanged: balances.filter(({ before }) => before.version !== 0),
    ...standingWrites(standings),
  }
}

/** In the order of their key, which is that of their locks. */
function standingWrites(standings: Changes['standings']): Pick<Writes, 'standingsNew' | 'standingsChanged'> {
  if (standings.length === 0) return NO_STANDINGS
  const ordered = standings.toSorted((left, right) => (left.after.account < right.after.account ? -1 : 1))
  return {
    standingsNew: ordered.filter(({ before }) => before.version === 0).map(({ after }) => after),
    standingsChanged: ordered.filter(({ before }) => before.version !== 0),
  }
}

const NO_STANDINGS = { standingsNew: [], standingsChanged: [] } as const

/** In the order of their key, which is that of their locks: metadata alone takes no lock on a balance. */
function inOrder(accounts: Changes['accounts']): Changes['accounts'] {
  return accounts.length < 2 ? accounts : accounts.toSorted((left, right) => (left.account < right.account ? -1 : 1))
}

const NOTHING: PlacedEntry['begun'] = new Map()

function continued({ holdsOpened, charges, holdChanges }: Changes): readonly HoldChange[] {
  if (holdChanges.length === 0) return holdChanges
  const here = new Set([...holdsOpened, ...charges].map(({ seq }) => seq))
  const firsts: HoldChange[] = []
  for (const change of holdChanges) {
    if (here.has(change.after.seq)) continue
    here.add(change.after.seq)
    firsts.push(change)
  }
  return firsts
}
