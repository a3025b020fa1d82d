/**
 * Torn rejections, which no single instant explains: they combine rows that their own batch changes, which have these values only from
 * its commit on, with rows that others may have changed between the read and the commit. They are decided again. So are outcomes that
 * found a stripe of a house account full without its lock (succession.ts).
 */
import { balanceKey } from '../domain/balance.ts'
import type { Plan } from '../domain/batch.ts'
import type { Work } from '../domain/command.ts'
import { isHouse } from '../domain/ids.ts'
import { rateKey } from '../domain/rate.ts'
import { ruleOf } from '../domain/rules.ts'
import type { Changes } from '../domain/changes.ts'
import type { Footprint } from '../domain/footprint.ts'
import { fullStripeOf } from './succession.ts'
import type { WorkOutcome } from './ticket.ts'

export interface TornQuestion {
  /** The outcomes that the commit does not prove; the others are not torn. */
  readonly positions: readonly number[]
  readonly work: readonly Work[]
  readonly plan: Plan
  readonly keysOf: (item: Work) => Footprint
  /** Balances were locked from the read until the commit, so only standings and rates may have changed. */
  readonly isLocked: boolean
}

/** The positions of torn rejections in `work`. */
export function tornIn({ positions, work, plan, keysOf, isLocked }: TornQuestion): readonly number[] {
  const torn: number[] = []
  let changed: KeysChanged | null = null
  for (const index of positions) {
    const item = work[index]!
    const outcome = plan.outcomes[index]!
    if (!isLocked && fullStripeOf(outcome) !== null) {
      torn.push(index)
      continue
    }
    if (!isRejected(outcome) || restsOnOneRow(item)) continue
    changed ??= keysChanged(plan.changes)
    if (isTorn(changed, { ...keysOf(item), isLocked })) torn.push(index)
  }
  return torn
}

/** The footprint keys of the rows that a batch changes. */
type KeysChanged = Readonly<Record<'balances' | 'standings' | 'assets' | 'houses' | 'rates', ReadonlySet<string>>>

function keysChanged({ balances, standings, assets, houses, rates }: Changes): KeysChanged {
  return {
    balances: new Set(balances.map(({ after }) => balanceKey(after.account, after.asset, after.stripe))),
    standings: new Set(standings.map(({ after }) => after.account)),
    assets: new Set(assets.map(({ code }) => code)),
    houses: new Set(houses.map(({ account }) => account)),
    rates: new Set(rates.map(({ from, to }) => rateKey(from, to))),
  }
}

/** Whether a rejection rests both on rows that the batch changes and on rows that it only read. */
function isTorn(
  changed: KeysChanged,
  { balances, standings, assets, houses, rates, isLocked }: Footprint & { isLocked: boolean },
): boolean {
  let restsOnBatch = false
  let restsOnRead = false
  for (const [key, { account }] of balances) {
    // House accounts have no floor, so no rejection rests on them except that of a full stripe (succession.ts).
    if (isHouse(account)) continue
    if (changed.balances.has(key)) restsOnBatch = true
    else if (!isLocked) restsOnRead = true
  }
  for (const account of standings) {
    if (changed.standings.has(account)) restsOnBatch = true
    else restsOnRead = true
  }
  for (const code of assets) if (changed.assets.has(code)) restsOnBatch = true
  // As an asset, a declaration that was read is never undone.
  for (const account of houses) if (changed.houses.has(account)) restsOnBatch = true
  for (const key of rates.keys()) {
    if (changed.rates.has(key)) restsOnBatch = true
    else restsOnRead = true
  }
  return restsOnBatch && restsOnRead
}

function isRejected(outcome: WorkOutcome): boolean {
  return 'status' in outcome ? outcome.status === 'rejected' : outcome.some(isRejected)
}

function restsOnOneRow(item: Work): boolean {
  return item.kind !== 'group' && ruleOf(item).restsOnOneRow
}
