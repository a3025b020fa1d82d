/**
 * Rejections that no single moment explains: they rest on rows that their own batch changes, which are so from its commit on, and on
 * others, which may have moved between being read and that commit. They are decided again. So is what found a stripe of a house account
 * full, until that was found under its lock (succession.ts).
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
  /** Of the outcomes that the commit does not prove. */
  readonly positions: readonly number[]
  readonly work: readonly Work[]
  readonly plan: Plan
  readonly keysOf: (item: Work) => Footprint
  /** Balances were locked from being read until the commit: only rates may have moved. */
  readonly isLocked: boolean
}

/** The positions of such rejections in `work`. */
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

/** What a batch changes, by the keys of a footprint. */
type KeysChanged = Readonly<Record<'balances' | 'assets' | 'rates', ReadonlySet<string>>>

function keysChanged({ balances, assets, rates }: Changes): KeysChanged {
  return {
    balances: new Set(balances.map(({ after }) => balanceKey(after.account, after.asset, after.stripe))),
    assets: new Set(assets.map(({ code }) => code)),
    rates: new Set(rates.map(({ from, to }) => rateKey(from, to))),
  }
}

/** Whether one part of the rows is what the batch changes, and another is not. */
function isTorn(
  changed: KeysChanged,
  { balances, assets, rates, isLocked }: Footprint & { isLocked: boolean },
): boolean {
  let restsOnBatch = false
  let restsOnRead = false
  for (const [key, { account }] of balances) {
    // They are in every batch and have no floor: no rejection rests on them but that of a full stripe (succession.ts).
    if (isHouse(account)) continue
    if (changed.balances.has(key)) restsOnBatch = true
    else if (!isLocked) restsOnRead = true
  }
  for (const code of assets) if (changed.assets.has(code)) restsOnBatch = true
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
