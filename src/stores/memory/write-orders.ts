/**
 * The order in which a database checks a commit: keys and guards make it stale, constraints refuse it. Where a commit breaks both, the
 * first one decides the result, so the model checks in the order of a real store (test/conformance/precedence.ts compares each order
 * with its store).
 */
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, type BalanceRecord } from '../../domain/balance.ts'
import type { HoldRecord } from '../../domain/hold.ts'
import type { RequestId } from '../../domain/ids.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import type { BalanceChange, Changes, HoldChange } from '../../domain/changes.ts'
import { Fault } from '../../engine/faults.ts'
import { assetBreach, balanceBreach, holdBreach, rateBreach } from './constraints.ts'
import { postingKey, stepKey, type Tables } from './tables.ts'

/** The result of one row; `breach` is a sentence that says how it breaks a constraint. */
type Verdict = 'good' | 'stale' | { readonly breach: string }

type RowKind = keyof typeof VERDICTS

/** Rows of one kind. Up to a number of rows each has a guard of its own; with more rows, one guard counts after all of them are written. */
type Write = readonly [rows: RowKind, singlyMax?: number]

export type WriteOrder = readonly Write[]

/** By the store that has it. */
export const WRITE_ORDERS: Readonly<Record<'mysql' | 'postgres' | 'sqlite', WriteOrder>> = {
  mysql: [
    ['ratesUsed'],
    ['balancesChanged', 2],
    ['balancesOpened'],
    ['holdsOpened'],
    ['entries'],
    ['holdSteps'],
    ['postings'],
    ['holdsChanged', 2],
    ['holdsStepped', 0],
    ['assets', 0],
    ['rates'],
  ],
  // Guards in the order in which the outer SELECT reads them; then the other parts, the last one first.
  postgres: [
    ['balancesChanged', 0],
    ['holdsChanged', 0],
    ['holdsStepped', 0],
    ['assets', 0],
    ['ratesUsed'],
    ['postings'],
    ['holdSteps'],
    ['entries'],
    ['holdsOpened'],
    ['balancesOpened'],
    ['rates'],
  ],
  sqlite: [
    ['ratesUsed'],
    ['rates'],
    ['holdsOpened'],
    ['entries'],
    ['holdSteps'],
    ['postings'],
    ['balancesOpened'],
    ['holdsChanged'],
    ['holdsStepped'],
    ['assets'],
    ['balancesChanged'],
  ],
}

/** Whether everything in `changes` can be written. @throws Fault `store_refused` */
export function isWritable(tables: Tables, changes: Changes, order: WriteOrder): boolean {
  for (const [rows, singlyMax = Infinity] of order) {
    const verdicts = VERDICTS[rows](tables, changes)
    const isCountedLast = verdicts.length > singlyMax
    for (const verdict of verdicts) {
      if (verdict === 'stale' && !isCountedLast) return false
      if (typeof verdict === 'object') throw new Fault('store_refused', verdict.breach)
    }
    if (verdicts.includes('stale')) return false
  }
  return true
}

/** Rows are inserted, or changed if they are as expected: a constraint is checked before a key, and only on a row that exists. */
const VERDICTS = {
  ratesUsed: (tables: Tables, { ratesUsed }: Changes) =>
    ratesUsed.map((rate) => changed(rate.version === newestVersion(tables, rate), null)),
  rates: (tables: Tables, { rates }: Changes) =>
    rates.map((rate) => inserted(rate.version <= newestVersion(tables, rate), rateBreach(rate))),
  holdsOpened: (tables: Tables, { holdsOpened, holdsStepped }: Changes) => {
    const stepped = new Map(holdsStepped.map(({ after }) => [after.id, after]))
    return holdsOpened.map((hold) => inserted(tables.requests.has(hold.id), holdBreach(stepped.get(hold.id) ?? hold)))
  },
  entries: (tables: Tables, { entries }: Changes) => entries.map(({ id }) => inserted(tables.requests.has(id), null)),
  holdSteps: (tables: Tables, { holdSteps }: Changes) =>
    holdSteps.map(({ hold, number }) => inserted(tables.holdSteps.has(stepKey(hold, number)), null)),
  postings: (tables: Tables, { postings }: Changes) =>
    postings.map(({ balanceId, version }) => inserted(tables.postings.has(postingKey(balanceId, version)), null)),
  balancesOpened: (tables: Tables, { balances }: Changes) =>
    balances
      .filter(isNew)
      .map(({ after }) =>
        inserted(tables.balances.has(keyOf(after)) || tables.balanceById(after.id) !== null, balanceBreach(after)),
      ),
  balancesChanged: (tables: Tables, { balances }: Changes) =>
    balances
      .filter((change) => !isNew(change))
      .map((change) => changed(isAsBefore(tables, change), balanceBreach(change.after))),
  holdsChanged: (tables: Tables, { holdsChanged }: Changes) =>
    holdsChanged.map((hold) => {
      const stored = holdAsBefore(tables, hold.id, { state: 'open', steps: 0 })
      return changed(stored !== null, stored === null ? null : holdBreach(endedHold(stored, hold)))
    }),
  holdsStepped: (tables: Tables, { holdsOpened, holdsStepped }: Changes) => {
    const opened = new Set(holdsOpened.map(({ id }) => id))
    return holdsStepped
      .filter(({ after }) => !opened.has(after.id))
      .map(({ before, after }) => changed(holdAsBefore(tables, after.id, before) !== null, holdBreach(after)))
  },
  assets: (tables: Tables, { assets }: Changes) =>
    assets.map((asset) => changed(isDeclaredAlike(asset, tables.assets.get(asset.code)), assetBreach(asset))),
} as const satisfies Record<string, (tables: Tables, changes: Changes) => readonly Verdict[]>

function inserted(isTaken: boolean, breach: string | null): Verdict {
  if (breach !== null) return { breach }
  return isTaken ? 'stale' : 'good'
}

function changed(isAsItMustBe: boolean, breach: string | null): Verdict {
  if (!isAsItMustBe) return 'stale'
  return breach === null ? 'good' : { breach }
}

/** The stored hold with what an end that is no step writes to it: the columns of its freeze stay as they are. */
export function endedHold(stored: HoldRecord, end: HoldRecord): HoldRecord {
  const { state, held, settled, released, drawn, shortfall } = end
  return { ...stored, state, held, settled, released, drawn, shortfall, end: end.end }
}

export function keyOf(balance: BalanceRecord): string {
  return balanceKey(balance.account, balance.asset, balance.stripe)
}

function newestVersion(tables: Tables, { from, to }: Rate): number {
  return tables.rates.get(rateKey(from, to))?.length ?? 0
}

function holdAsBefore(tables: Tables, id: RequestId, { state, steps }: HoldChange['before']): HoldRecord | null {
  const hold = tables.requests.get(id)
  return hold?.kind === 'freeze' && hold.state === state && hold.steps === steps ? hold : null
}

/** The first declaration decides the decimals and the creation time; only the name changes. */
function isDeclaredAlike(asset: Asset, stored: Asset = asset): boolean {
  return stored.decimals === asset.decimals && stored.createdAt === asset.createdAt
}

function isNew({ before }: BalanceChange): boolean {
  return before.version === 0
}

function isAsBefore(tables: Tables, { before, after }: BalanceChange): boolean {
  const stored = tables.balances.get(keyOf(after))
  if (stored === undefined) return false
  const { id, version, available, held, floor } = stored
  return (
    id === after.id &&
    version === before.version &&
    available === before.available &&
    held === before.held &&
    floor === before.floor
  )
}
