/** Rows for tests of rules, with defaults for every field that a test does not name. */
import type { Asset } from '../../src/domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceRecord } from '../../src/domain/balance.ts'
import type { Moment, State } from '../../src/domain/decision.ts'
import type { HoldEnd, HoldRecord } from '../../src/domain/hold-record.ts'
import { DEFAULT_ASSET, REVENUE } from '../../src/domain/ids.ts'
import type { Rate } from '../../src/domain/rate.ts'
import type { RequestRecord } from '../../src/domain/snapshot.ts'
import { newStanding } from '../../src/domain/standing.ts'

export const NOW = Date.UTC(2030, 0, 1)

/** Running numbers from 1. */
export function countingSeqs(): () => number {
  let last = 0
  return () => ++last
}

export const MOMENT: Moment = {
  now: NOW,
  nextSeq: countingSeqs(),
  holdTtlMsDefault: 900_000,
  holdTtlMsMax: 3_600_000,
}

export interface Given {
  readonly balances?: readonly BalanceRecord[]
  readonly requests?: readonly RequestRecord[]
  /** In addition to `credit` and `gem`. */
  readonly assets?: readonly Asset[]
  readonly rates?: readonly Rate[]
  /** Declared in addition to `@promo`. */
  readonly houses?: readonly string[]
}

const ASSETS: readonly Asset[] = [
  { code: 'credit', decimals: 0, name: 'Credit', createdAt: 0 },
  { code: 'gem', decimals: 2, name: 'Gem', createdAt: 1 },
]

/** A balance that is not given has no row. */
export function stateOf({ balances = [], requests = [], assets = [], rates = [], houses = [] }: Given): State {
  const rows = new Map(balances.map((balance) => [balanceKey(balance.account, balance.asset, 0), balance]))
  return {
    request: (id) => requests.find((request) => request.id === id) ?? null,
    balance: (account, asset) => {
      const key = balanceKey(account, asset, 0)
      const known = rows.get(key) ?? emptyBalance(1_000 + rows.size, { account, asset, stripe: 0 })
      rows.set(key, known)
      return known
    },
    // As the balances of the account have it.
    standing: (account) => {
      const own = [...rows.values()].filter((row) => row.account === account && row.version > 0)
      const { standing, successor } = own[0] ?? newStanding(account)
      return { account, standing, successor, assets: own.map(({ asset }) => asset), version: own.length }
    },
    asset: (code) => [...assets, ...ASSETS].find((asset) => asset.code === code) ?? null,
    house: (account) => (['@promo', ...houses].includes(account) ? { account, declaredAt: 1 } : null),
    rate: (from, to) => rates.find((rate) => rate.from === from && rate.to === to) ?? null,
  }
}

let lastBalanceId = 0

export function balance(account: string, available: bigint, more: Partial<BalanceRecord> = {}): BalanceRecord {
  const name = { account, asset: DEFAULT_ASSET, stripe: 0 }
  return { ...emptyBalance(++lastBalanceId, name), available, version: 7, ...more }
}

/** The end of a hold that settled nothing. */
export function endAt(at: number, more: Partial<HoldEnd> = {}): HoldEnd {
  return { number: 1, at, fingerprint: 5, settled: 0n, version: 8, payee: null, by: null, ...more }
}

/** An open hold of user:8; its holder's balance has the id 8. */
export function hold(id: string, amount: bigint, more: Partial<HoldRecord> = {}): HoldRecord {
  return {
    id,
    kind: 'freeze',
    seq: 616,
    account: 'user:8',
    asset: DEFAULT_ASSET,
    payee: REVENUE,
    state: 'open',
    amount,
    held: amount,
    settled: 0n,
    released: 0n,
    drawn: 0n,
    shortfall: 0n,
    refunded: 0n,
    settledLate: 0n,
    onExpiry: null,
    expiresAt: NOW + 1_000,
    createdAt: NOW - 1_000,
    metadata: null,
    fingerprint: 1,
    charge: null,
    by: null,
    balanceId: 8,
    openedVersion: 7,
    end: null,
    changes: 0,
    firstAnswers: null,
    ...more,
  }
}
