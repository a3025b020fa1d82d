import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deposit, leg, transfer } from '../../test/support/commands.ts'
import { balance, MOMENT } from '../../test/support/given.ts'
import { CREDIT } from '../domain/asset.ts'
import { balanceKey, type BalanceRecord } from '../domain/balance.ts'
import { decideBatch } from '../domain/batch.ts'
import type { Work } from '../domain/command.ts'
import { HouseStripes } from '../domain/house-stripes.ts'
import type { Rejection } from '../domain/outcome.ts'
import { footprint } from '../domain/rules.ts'
import { positionsToProve } from './proof.ts'
import { tornIn } from './torn.ts'

const STRIPES = new HouseStripes(0)

/** Positions of torn rejections, and the code of the last one. */
function decide(work: readonly Work[], balances: readonly BalanceRecord[]) {
  const snapshot = {
    requests: new Map(),
    balances: new Map(balances.map((row) => [balanceKey(row.account, row.asset, row.stripe), row])),
    standings: new Map(),
    assets: new Map([[CREDIT.code, CREDIT]]),
    houses: new Map([['@promo', { account: '@promo', declaredAt: 1 }]]),
    rates: new Map(),
  }
  const plan = decideBatch(work, snapshot, STRIPES, MOMENT)
  const positions = positionsToProve(plan.outcomes)
  const torn = tornIn({
    positions,
    work,
    plan,
    keysOf: (item) => footprint([item], STRIPES, snapshot),
    isLocked: false,
  })
  const { rejection } = plan.outcomes.at(-1) as { readonly rejection: Rejection }
  return { torn, code: rejection.code }
}

test('a house account that was only read makes a rejection torn where it overflows, and not otherwise', () => {
  const house = [balance('@issuer', 0n), balance('@promo', 2n ** 63n - 1n)]
  const given = deposit('d', 'user:1', 10n)
  const full = decide([given, transfer('t', [leg('user:1', '@promo', 10n)])], [...house, balance('user:1', 0n)])
  assert.deepEqual(full, { torn: [1], code: 'balance_overflow' })
  const short = decide([given, transfer('t', [leg('user:1', '@promo', 11n)])], [...house, balance('user:1', 0n)])
  assert.deepEqual(short, { torn: [], code: 'insufficient_funds' })
})
