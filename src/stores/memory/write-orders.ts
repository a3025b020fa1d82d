/**
 * The order in which a database checks a commit: keys and guards make it stale, constraints refuse it. Where a commit breaks both, the
 * first one decides the result, so the model checks in the order of a real store (test/conformance/precedence.ts compares each order
 * with its store).
 */
import { isDeepStrictEqual } from 'node:util'
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, type BalanceRecord } from '../../domain/balance.ts'
import type { HoldRecord } from '../../domain/hold-record.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import type { RequestRecord } from '../../domain/snapshot.ts'
import type { BalanceChange, Changes, HoldChange } from '../../domain/changes.ts'
import { Fault } from '../../engine/faults.ts'
import { RUN_LINES_MAX } from '../sql/run-row.ts'
import { assetBreach, balanceBreach, freezeBreach, holdChangeBreach, rateBreach } from './constraints.ts'
import { changeKey, postingKey, type Run, type Tables } from './tables.ts'

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
    ['housesUsed', 0],
    ['balancesChanged', 2],
    ['balancesOpened'],
    ['holdsContinued'],
    ['holdsOpened'],
    ['entries'],
    ['charges'],
    ['holdsEnded'],
    ['holdsStepped'],
    ['runs'],
    ['assets', 0],
    ['standingsChanged', 2],
    ['standingsNew'],
    ['houses'],
    ['rates'],
  ],
  // Guards in the order in which the outer SELECT reads them; then the other parts, the last one first.
  postgres: [
    ['balancesChanged', 0],
    ['standingsChanged', 0],
    ['holdsContinued'],
    ['assets', 0],
    ['ratesUsed'],
    ['housesUsed', 0],
    ['runs'],
    ['holdsStepped'],
    ['holdsEnded'],
    ['charges'],
    ['entries'],
    ['holdsOpened'],
    ['balancesOpened'],
    ['standingsNew'],
    ['rates'],
    ['houses'],
  ],
  sqlite: [
    ['ratesUsed'],
    ['holdsContinued'],
    ['housesUsed'],
    ['rates'],
    ['houses'],
    ['holdsOpened'],
    ['entries'],
    ['charges'],
    ['holdsEnded'],
    ['holdsStepped'],
    ['runs'],
    ['balancesOpened'],
    ['standingsNew'],
    ['assets'],
    ['standingsChanged'],
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
  ratesUsed: (tables: Tables, { ratesUsed }: Changes) => ratesUsed.map((rate) => changed(isNewest(tables, rate), null)),
  rates: (tables: Tables, { rates }: Changes) =>
    rates.map((rate) => inserted(rate.version <= newestVersion(tables, rate), rateBreach(rate))),
  holdsContinued: (tables: Tables, changes: Changes) =>
    continued(changes).map(({ seq, changes: number }) => changed(hasChange(tables, seq, number - 1), null)),
  holdsOpened: (tables: Tables, { holdsOpened }: Changes) =>
    holdsOpened.map((hold) => inserted(isTaken(tables, hold), freezeBreach(hold))),
  entries: (tables: Tables, { entries }: Changes) => entries.map((entry) => inserted(isTaken(tables, entry), null)),
  charges: (tables: Tables, { charges }: Changes) =>
    charges.map((charge) => inserted(isTaken(tables, charge), freezeBreach(charge))),
  holdsEnded: (tables: Tables, { holdChanges }: Changes) =>
    holdChanges.filter(({ step }) => step === null).map((change) => insertedChange(tables, change)),
  holdsStepped: (tables: Tables, { holdChanges }: Changes) =>
    holdChanges.filter(({ step }) => step !== null).map((change) => insertedChange(tables, change)),
  runs: (tables: Tables, changes: Changes) =>
    runsOf(changes).map((run) => inserted(tables.runs.has(postingKey(run.balanceId, run.firstVersion)), null)),
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
  standingsNew: (tables: Tables, { standings }: Changes) =>
    standings
      .filter(({ before }) => before.version === 0)
      .map(({ after }) => inserted(tables.standings.has(after.account), null)),
  standingsChanged: (tables: Tables, { standings }: Changes) =>
    standings
      .filter(({ before }) => before.version > 0)
      .map(({ before }) => changed(isDeepStrictEqual(tables.standings.get(before.account), before), null)),
  houses: (tables: Tables, { houses }: Changes) =>
    houses.map(({ account }) => inserted(tables.houses.has(account), null)),
  housesUsed: (tables: Tables, { housesUsed }: Changes) =>
    housesUsed.map((account) => changed(tables.houses.has(account), null)),
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

/** The number of a request is the primary key, its id another one. */
function isTaken(tables: Tables, { seq, id }: Pick<RequestRecord, 'seq' | 'id'>): boolean {
  return tables.requestIds.has(seq) || tables.requests.has(id)
}

function insertedChange(tables: Tables, change: HoldChange): Verdict {
  const { seq, changes } = change.after
  return inserted(tables.holdChanges.has(changeKey(seq, changes)), holdChangeBreach(change))
}

/** Whether a hold has the change with this number; 0 is its freeze. */
function hasChange(tables: Tables, holdSeq: number, number: number): boolean {
  return number === 0 ? tables.freezes.has(holdSeq) : tables.holdChanges.has(changeKey(holdSeq, number))
}

/** The holds that a batch changes and does not open itself, each after the first of its changes. */
function continued({ holdsOpened, charges, holdChanges }: Changes): readonly HoldRecord[] {
  const seen = new Set([...holdsOpened, ...charges].map(({ seq }) => seq))
  return holdChanges.flatMap(({ after }) => {
    if (seen.has(after.seq)) return []
    seen.add(after.seq)
    return [after]
  })
}

/** The postings of a commit on one balance are one row, or several where they are many. */
export function runsOf({ postings }: Pick<Changes, 'postings'>): readonly Run[] {
  return [...Map.groupBy(postings, ({ balanceId }) => balanceId)].flatMap(([balanceId, own]) =>
    Array.from({ length: Math.ceil(own.length / RUN_LINES_MAX) }, (_, index) => {
      const some = own.slice(index * RUN_LINES_MAX, (index + 1) * RUN_LINES_MAX)
      const { version: lastVersion, available, held } = some.at(-1)!
      return { balanceId, firstVersion: some[0]!.version, lastVersion, available, held, postings: some }
    }),
  )
}

export function keyOf(balance: BalanceRecord): string {
  return balanceKey(balance.account, balance.asset, balance.stripe)
}

/** Whether it is in force, with every term that it has here. */
function isNewest(tables: Tables, rate: Rate): boolean {
  return isDeepStrictEqual(tables.rates.get(rateKey(rate.from, rate.to))?.at(-1), rate)
}

function newestVersion(tables: Tables, { from, to }: Rate): number {
  return tables.rates.get(rateKey(from, to))?.length ?? 0
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
  const { id, version, available, held, floor, standing } = stored
  return (
    id === after.id &&
    version === before.version &&
    available === before.available &&
    held === before.held &&
    floor === before.floor &&
    standing === before.standing
  )
}
