/** Transfers across assets by two engines on one real database: in opposite directions, and while rates change. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LegInput } from '../../src/api/ledger.ts'
import { migrateLedger, openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { realStores, type RealStore } from '../support/places.ts'

const ROUNDS = 25
const CALLS = 8
const PEOPLE = Array.from({ length: 12 }, (_, index) => `user:${index}`)
const START = 1_000_000n

async function prepare(ledger: EmbeddedLedger): Promise<void> {
  for (const asset of ['star', 'gem']) {
    await ledger.declare({ asset })
    for (const account of PEOPLE) await ledger.deposit({ account, asset, amount: START })
  }
  await ledger.rate({ from: 'star', to: 'gem', numerator: 1n, denominator: 10n })
  await ledger.rate({ from: 'gem', to: 'star', numerator: 9n, denominator: 1n, rounding: 'half-even' })
}

/** Legs between all pairs of users, from star to gem or back; `turn` selects the first leg and the direction. */
function crossingLegs(turn: number): LegInput[] {
  const [asset, toAsset, amount] = turn % 2 === 0 ? (['star', 'gem', 25n] as const) : (['gem', 'star', 3n] as const)
  const legs = PEOPLE.map((from, index) => ({ from, to: PEOPLE[(index + 1 + turn) % 11]!, asset, toAsset, amount }))
  const turned = [...legs.slice(turn % 12), ...legs.slice(0, turn % 12)]
  return turn % 3 === 0 ? turned.reverse() : turned
}

async function assertLawful({ storage: { auditor } }: EmbeddedLedger): Promise<void> {
  for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 3), [], check.title)
}

function describeExchanges({ open }: RealStore): void {
  test('transfers that cross, with their legs in any order, all come through without a deadlock', async () => {
    await using place = await open()
    await migrateLedger(place.url)
    await using one = await openLedger(place.url, { houseStripe: 1 })
    await using other = await openLedger(place.url, { houseStripe: 2 })
    await prepare(one)
    const cross = async (ledger: EmbeddedLedger, first: number): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) {
        const turns = Array.from({ length: CALLS }, (_, call) => first + round * CALLS + call)
        await Promise.all(turns.map((turn) => ledger.transfer({ legs: crossingLegs(turn) })))
      }
    }
    await Promise.all([cross(one, 0), cross(other, 1)])
    await assertLawful(one)
    assert.ok(one.engine.stats.stale + other.engine.stats.stale > 0, 'they never met')
    if (one.storage.kind === 'sqlite') return // SQLite has one lock, which may be busy: commits may be contended.
    assert.deepEqual([one.engine.stats.contended, other.engine.stats.contended], [0, 0])
  })

  test('a transfer that begins after a rate was declared elsewhere never rests on an older one', async () => {
    await using place = await open()
    await migrateLedger(place.url)
    await using one = await openLedger(place.url, { houseStripe: 1 })
    await using other = await openLedger(place.url, { houseStripe: 2 })
    await prepare(one)
    let declared = 1
    let isOver = false
    let newer = 0
    const exchange = async (account: string): Promise<void> => {
      while (!isOver) {
        const known = declared
        const { legs } = await one.transfer({
          legs: [{ from: account, to: account, asset: 'star', toAsset: 'gem', amount: 10n }],
        })
        const { version, numerator } = legs![0]!.rate!
        assert.ok(version >= known, `version ${version} was used after ${known} had been declared`)
        assert.equal(numerator, BigInt(version))
        assert.equal(legs![0]!.toAmount, BigInt(version))
        if (version > 1) newer++
      }
    }
    const work = Promise.all(PEOPLE.slice(0, 4).map(exchange))
    for (let version = 2; version <= ROUNDS; version++) {
      const rate = await other.rate({ from: 'star', to: 'gem', numerator: BigInt(version), denominator: 10n })
      assert.equal(rate.version, version)
      declared = version
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
    isOver = true
    await work
    assert.ok(newer > ROUNDS)
    assert.equal((await one.rateHistory('star', 'gem')).items.length, ROUNDS)
    await assertLawful(one)
  })
}

for (const store of realStores()) {
  describe(`exchanges on ${store.name}`, { skip: store.skip }, () => describeExchanges(store))
}
