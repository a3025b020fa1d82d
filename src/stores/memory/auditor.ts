/** The laws as checks of the maps. Each check reads every row and returns the rows that break the law. */
import { debtOf, type BalanceRecord } from '../../domain/balance.ts'
import { isCharge } from '../../domain/hold-record.ts'
import { openingKeyOf } from '../../domain/hold-history.ts'
import { EXCHANGE, isHouse } from '../../domain/ids.ts'
import type { EntryKind, EntryRecord } from '../../domain/journal.ts'
import { rateKey } from '../../domain/rate.ts'
import type { AuditCheck, Auditor, Violation } from '../../engine/auditor.ts'
import { AUDIT_CHECKS, type AuditCheckId } from '../audit-checks.ts'
import { authorsOf, entriesOf, entryIdOf, linesOf, textsOf } from './audit-rows.ts'
import {
  alteredHolds,
  endPostingsOf,
  halfOpenHolds,
  holdsThatMovedOtherwise,
  leakingHolds,
  miscountedChanges,
} from './hold-audit.ts'
import type { Connection, Run, Tables } from './tables.ts'

export class MemoryAuditor implements Auditor {
  readonly checks: readonly AuditCheck[] = AUDIT_CHECKS
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async run(check: AuditCheck, limit: number): Promise<readonly Violation[]> {
    const tables = await this.#connection.tables()
    const known = AUDIT_CHECKS.find(({ id }) => id === check.id)
    if (known === undefined) throw new RangeError(`There is no check "${check.id}".`)
    return RUN[known.id](tables).slice(0, limit)
  }
}

const RUN: Readonly<Record<AuditCheckId, (tables: Tables) => Violation[]>> = {
  '1a': unbalancedEntries,
  '1b': unbalancedAssets,
  '1c': exchangesThatMovedOtherwise,
  '1d': unknownRates,
  '2a': (tables) => balancesWhere(tables, ({ held }) => held < 0n),
  '2b': (tables) => balancesWhere(tables, (balance) => balance.debt !== debtOf(balance)),
  '2c': miscountedHolds,
  '2d': undueDebts,
  '2e': (tables) => balancesWhere(tables, ({ account }) => isHouse(account) && !tables.houses.has(account)),
  '2f': strayedStandings,
  '3a': miscountedPostings,
  '3b': strayedBalances,
  '3c': brokenChains,
  '3d': unknownActors,
  '4a': (tables) => reconciled(tables, ({ named, posted }) => named > posted),
  '4b': (tables) => reconciled(tables, ({ named, posted }) => posted > named),
  '4c': unreadableIds,
  '5a': leakingHolds,
  '5b': halfOpenHolds,
  '5c': holdsThatMovedOtherwise,
  '5d': miscountedChanges,
  '5e': alteredHolds,
}

/** Adds amounts up by rows with the same values. */
class Sums<Key extends Readonly<Record<string, string | number>>> {
  readonly #sums = new Map<string, { readonly key: Key; sum: bigint }>()

  add(key: Key, amount: bigint): void {
    const text = Object.values(key).join(' ')
    const known = this.#sums.get(text)
    if (known === undefined) this.#sums.set(text, { key, sum: amount })
    else known.sum += amount
  }

  nonZero(): readonly { readonly key: Key; readonly sum: bigint }[] {
    return [...this.#sums.values()].filter(({ sum }) => sum !== 0n)
  }
}

function unbalancedEntries(tables: Tables): Violation[] {
  const sums = new Sums<{ seq: number; kind: EntryKind; asset: string }>()
  for (const { seq, kind, balanceId, availableDelta, heldDelta } of linesOf(tables)) {
    const asset = tables.balanceById(balanceId)?.asset ?? ''
    sums.add({ seq, kind, asset }, availableDelta + heldDelta)
  }
  return sums
    .nonZero()
    .map(({ key: { seq, kind, asset }, sum }) => textsOf({ entry: entryIdOf(tables, seq, kind), seq, asset, sum }))
}

function unknownActors(tables: Tables): Violation[] {
  return authorsOf(tables)
    .filter(({ by }) => by !== null && !tables.actors.has(by.actor.number))
    .map(({ seq, kind, by }) => textsOf({ entry: entryIdOf(tables, seq, kind), seq, actor: by!.actor.number }))
}

function unbalancedAssets(tables: Tables): Violation[] {
  const sums = new Sums<{ asset: string }>()
  for (const { asset, available, held } of tables.balances.values()) sums.add({ asset }, available + held)
  return sums.nonZero().map(({ key, sum }) => textsOf({ ...key, sum }))
}

/** By account, because every engine writes a stripe of `@exchange` of its own. */
function exchangesThatMovedOtherwise(tables: Tables): Violation[] {
  const sums = new Sums<{ seq: number; account: string; asset: string }>()
  const exchanges = exchangesOf(tables)
  for (const { seq, legs } of exchanges) {
    for (const { from, to, asset, amount, toAsset, toAmount, rate } of legs) {
      sums.add({ seq, account: from, asset }, amount)
      sums.add({ seq, account: to, asset: toAsset }, -toAmount)
      if (rate === null) continue
      sums.add({ seq, account: EXCHANGE, asset }, -amount)
      sums.add({ seq, account: EXCHANGE, asset: toAsset }, toAmount)
    }
  }
  const seqs = new Set(exchanges.map(({ seq }) => seq))
  for (const { seq, kind, balanceId, availableDelta } of linesOf(tables)) {
    if (kind !== 'transfer' || !seqs.has(seq)) continue
    const balance = tables.balanceById(balanceId)
    sums.add({ seq, account: balance?.account ?? '', asset: balance?.asset ?? '' }, availableDelta)
  }
  return sums.nonZero().map(({ key, sum }) => {
    const { seq, account, asset } = key
    return textsOf({ entry: entryIdOf(tables, seq, 'transfer'), seq, account, asset, sum })
  })
}

function unknownRates(tables: Tables): Violation[] {
  const violations = new Map<string, Violation>()
  for (const { id, seq, legs } of exchangesOf(tables)) {
    for (const { asset, toAsset, rate } of legs) {
      if (rate === null) continue
      const { version, numerator, denominator, rounding } = rate
      const declared = tables.rates.get(rateKey(asset, toAsset))?.find((each) => each.version === version)
      const isSame =
        declared?.numerator === numerator && declared.denominator === denominator && declared.rounding === rounding
      const violation = textsOf({ entry: id, seq, asset, toAsset, version })
      if (!isSame) violations.set(Object.values(violation).join(' '), violation)
    }
  }
  return [...violations.values()]
}

type Exchange = EntryRecord & { readonly legs: NonNullable<EntryRecord['legs']> }

function exchangesOf(tables: Tables): Exchange[] {
  return entriesOf(tables).filter((entry): entry is Exchange => entry.legs !== null)
}

function undueDebts(tables: Tables): Violation[] {
  const charged = entriesOf(tables).filter(({ overdraft }) => overdraft)
  const overdrawn = new Set(charged.map(({ postings }) => postings[0]!.balanceId))
  return balancesWhere(tables, ({ id, debt }) => debt > 0n && !overdrawn.has(id))
}

function strayedStandings(tables: Tables): Violation[] {
  return balancesWhere(tables, ({ account, asset, standing, successor }) => {
    if (isHouse(account)) return standing !== 'active'
    const stands = tables.standings.get(account)
    return stands?.standing !== standing || stands.successor !== successor || !stands.assets.includes(asset)
  })
}

/** A hold that nothing has happened to holds what it froze; any other one, what it held after its last change. */
function miscountedHolds(tables: Tables): Violation[] {
  const sums = new Map<number, bigint>()
  const changes = Map.groupBy(tables.holdChanges.values(), ({ after }) => after.seq)
  for (const freeze of tables.freezes.values()) {
    const { seq, balanceId, amount } = freeze
    if (isCharge(freeze)) continue
    const last = changes
      .get(seq)
      ?.toSorted((left, right) => left.after.changes - right.after.changes)
      .at(-1)?.after
    const held = last === undefined ? amount : last.state === 'open' ? last.held : 0n
    sums.set(balanceId, (sums.get(balanceId) ?? 0n) + held)
  }
  return balancesWhere(tables, ({ id, held }) => held !== (sums.get(id) ?? 0n))
}

/** The runs of each balance, in their order. */
function runsByBalance({ runs }: Tables): ReadonlyMap<number, readonly Run[]> {
  const sorted = [...runs.values()].sort((left, right) => left.firstVersion - right.firstVersion)
  return Map.groupBy(sorted, ({ balanceId }) => balanceId)
}

function miscountedPostings(tables: Tables): Violation[] {
  const byBalance = runsByBalance(tables)
  const countOf = (runs: readonly Run[]): number => runs.reduce((count, { postings }) => count + postings.length, 0)
  const violations: Violation[] = []
  for (const { id, account, asset, version } of tables.balances.values()) {
    const runs = byBalance.get(id) ?? []
    const isComplete = runs.every(({ firstVersion, lastVersion, postings }, index) => {
      const isNext = firstVersion === (runs[index - 1]?.lastVersion ?? 0) + 1
      return isNext && lastVersion >= firstVersion && postings.length === lastVersion - firstVersion + 1
    })
    if (isComplete && Math.max(...runs.map(({ lastVersion }) => lastVersion)) === version) continue
    violations.push(textsOf({ balance: id, account, asset, version, postings: countOf(runs) }))
  }
  for (const [balance, runs] of byBalance) {
    if (tables.balanceById(balance) !== null) continue
    violations.push(textsOf({ balance, account: '', asset: '', version: 0, postings: countOf(runs) }))
  }
  return violations
}

function strayedBalances(tables: Tables): Violation[] {
  const byBalance = runsByBalance(tables)
  return balancesWhere(tables, ({ id, available, held }) => {
    const last = byBalance.get(id)?.at(-1)
    return last !== undefined && (last.available !== available || last.held !== held)
  })
}

/** A run that does not begin where the one before it ended, or that has no lines, is reported by 3a. */
function brokenChains(tables: Tables): Violation[] {
  const byBalance = [...runsByBalance(tables).values()]
  return byBalance
    .map((runs) => runs.filter(({ postings }) => postings.length > 0))
    .flatMap((runs) =>
      runs.flatMap(({ balanceId, firstVersion, lastVersion, available, held, postings }, index) => {
        const before = index === 0 ? { lastVersion: 0, available: 0n, held: 0n } : runs[index - 1]!
        let [expectedAvailable, expectedHeld] = [before.available, before.held]
        for (const { availableDelta, heldDelta } of postings) {
          expectedAvailable += availableDelta
          expectedHeld += heldDelta
        }
        const isWhole = postings.length === lastVersion - firstVersion + 1
        const follows = isWhole && available === expectedAvailable && held === expectedHeld
        if (firstVersion !== before.lastVersion + 1 || follows) return []
        return [textsOf({ balance: balanceId, firstVersion, lastVersion, available, held })]
      }),
    )
}

/** Where a posting is and what entry it is of: how often it is named there, and how often it is there. */
interface Reconciled {
  readonly balance: number | null
  readonly version: number | null
  readonly seq: number
  readonly kind: EntryKind
  named: number
  posted: number
}

function reconciled(tables: Tables, isBroken: (found: Reconciled) => boolean): Violation[] {
  const found = new Map<string, Reconciled>()
  const at = (balance: number | null, version: number | null, seq: number, kind: EntryKind): Reconciled => {
    const key = [balance, version, seq, kind].join(' ')
    const known = found.get(key) ?? { balance, version, seq, kind, named: 0, posted: 0 }
    found.set(key, known)
    return known
  }
  for (const { seq, kind, postings } of entriesOf(tables)) {
    for (const { balanceId, posting } of postings) at(balanceId, posting.version, seq, kind).named++
  }
  for (const freeze of tables.freezes.values()) {
    if (!isCharge(freeze)) at(...openingKeyOf(freeze), freeze.seq, 'freeze').named++
  }
  for (const { balanceId, version, holdSeq, kind } of endPostingsOf(tables))
    at(balanceId, version, holdSeq, kind).named++
  for (const { balanceId, version, seq, kind } of linesOf(tables)) at(balanceId, version, seq, kind).posted++
  return [...found.values()]
    .filter(isBroken)
    .map(({ balance, version, seq, kind }) => textsOf({ entry: entryIdOf(tables, seq, kind), seq, balance, version }))
}

/** Here an id is its own key. */
function unreadableIds({ requests }: Tables): Violation[] {
  const unreadable = [...requests].filter(([key, { id }]) => key !== id)
  return unreadable.map(([, { seq, id }]) => textsOf({ seq, id }))
}

function balancesWhere(tables: Tables, isBroken: (balance: BalanceRecord) => boolean): Violation[] {
  return [...tables.balances.values()]
    .filter(isBroken)
    .map(({ id, account, asset, available, held, floor, debt, version }) =>
      textsOf({ balance: id, account, asset, available, held, floor, debt, version }),
    )
}
