/** Rows for tests of rules, with defaults for every field that a test does not name. */
import type { Asset } from '../../src/domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceRecord } from '../../src/domain/balance.ts'
import type { Moment, State } from '../../src/domain/decision.ts'
import type { HoldEnd, HoldRecord } from '../../src/domain/hold.ts'
import { DEFAULT_ASSET, REVENUE } from '../../src/domain/ids.ts'
import type { Rate } from '../../src/domain/rate.ts'
import type { RequestRecord } from '../../src/domain/snapshot.ts'

export const NOW = Date.UTC(2030, 0, 1)

export const MOMENT: Moment = { now: NOW, holdTtlMsDefault: 900_000, holdTtlMsMax: 3_600_000 }

export interface Given {
  readonly balances?: readonly BalanceRecord[]
  readonly requests?: readonly RequestRecord[]
  /** In addition to `credit` and `gem`. */
  readonly assets?: readonly Asset[]
  readonly rates?: readonly Rate[]
}

const ASSETS: readonly Asset[] = [
  { code: 'credit', decimals: 0, name: 'Credit', createdAt: 0 },
  { code: 'gem', decimals: 2, name: 'Gem', createdAt: 1 },
]

/** A balance that is not given has no row. */
export function stateOf({ balances = [], requests = [], assets = [], rates = [] }: Given): State {
  const rows = new Map(balances.map((balance) => [balanceKey(balance.account, balance.asset, 0), balance]))
  return {
    request: (id) => requests.find((request) => request.id === id) ?? null,
    balance: (account, asset) => {
      const key = balanceKey(account, asset, 0)
      const known = rows.get(key) ?? emptyBalance(1_000 + rows.size, { account, asset, stripe: 0 })
      rows.set(key, known)
      return known
    },
    asset: (code) => [...assets, ...ASSETS].find((asset) => asset.code === code) ?? null,
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
  return { at, fingerprint: 5, version: 8, payee: null, ...more }
}

/** An open hold of user:8; its holder's balance has the id 8. */
export function hold(id: string, amount: bigint, more: Partial<HoldRecord> = {}): HoldRecord {
  return {
    id,
    kind: 'freeze',
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
    balanceId: 8,
    openedVersion: 7,
    end: null,
    steps: 0,
    firstAnswers: null,
    ...more,
  }
}
