import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BALANCE_MIN } from '../../src/domain/amount.ts'
import type { BalanceRecord } from '../../src/domain/balance.ts'
import type { EntryLeg } from '../../src/domain/journal.ts'
import { AUDIT_CHECKS, type AuditCheckId } from '../../src/stores/audit-checks.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { BILLING, enterActors, SUPPORT } from '../support/authors.ts'
import {
  across,
  amend,
  charge,
  declare,
  deposit,
  freeze,
  leg,
  open,
  rate,
  refund,
  release,
  settle,
  settlePart,
  transfer,
} from '../support/commands.ts'
import { Books } from './books.ts'
import type { Damage, OpenHarness } from './harness.ts'

/** The ledger that is damaged. The credit postings of its `holder`, user:8, are d, c, held, h, h~settle, t. */
const WORK = [
  declare('gem'),
  deposit('g', 'user:8', 5n, { asset: 'gem' }),
  deposit('d', 'user:8', 1_000n),
  charge('c', 'user:8', 100n),
  freeze('held', 'user:8', 100n),
  freeze('h', 'user:8', 200n),
  { ...settle('h', 150n), givenBy: BILLING },
  open('o', 'user:9', -50n),
  transfer('t', [leg('user:8', 'user:9', 10n), leg('user:8', 'user:9', 5n, 'gem')]),
  { ...deposit('e', 'user:1', 10n), givenBy: SUPPORT },
  rate('credit', 'gem', [1n, 3n]),
  transfer('x', [across('user:1', 'user:2', [7n, 'credit'], ['gem']), leg('user:1', 'user:3', 3n)]),
  deposit('f', 'user:4', 100n),
  freeze('life', 'user:4', 50n, { onExpiry: { settle: 5n } }),
  settlePart('part', 'life', 20n, { payee: 'user:5' }),
  amend('more', 'life', { amount: 60n }),
  refund('back', 'life', 3n),
]

/** The first leg of entry x. */
const TOLD: EntryLeg = {
  from: 'user:1',
  to: 'user:2',
  asset: 'credit',
  amount: 7n,
  toAsset: 'gem',
  toAmount: 2n,
  rate: { version: 1, numerator: 1n, denominator: 3n, rounding: 'down', remainder: 1n },
}

const LEFT: EntryLeg = {
  from: 'user:1',
  to: 'user:3',
  asset: 'credit',
  amount: 3n,
  toAsset: 'credit',
  toAmount: 3n,
  rate: null,
}

interface Planted {
  readonly title: string
  readonly damage: (holder: BalanceRecord, other: BalanceRecord, gems: BalanceRecord) => Damage | readonly Damage[]
  /** The checks that must find it; no other check may. */
  readonly found: readonly AuditCheckId[]
}

const PLANTED: readonly Planted[] = [
  {
    title: 'a leg that records one coin more than was received',
    damage: () => ({ alter: 'entry', id: 'x', set: { legs: [{ ...TOLD, toAmount: 3n }] } }),
    found: ['1c'],
  },
  {
    title: 'a rate that was changed after it was used',
    damage: () => ({ alter: 'rate', pair: { from: 'credit', to: 'gem' }, version: 1, set: { denominator: 4n } }),
    found: ['1d'],
  },
  {
    title: 'a leg at a rate that never was',
    damage: () => ({
      alter: 'entry',
      id: 'x',
      set: { legs: [{ ...TOLD, rate: { ...TOLD.rate!, version: 2 } }, LEFT] },
    }),
    found: ['1d'],
  },
  {
    title: 'an entry that is even over all assets, but not in each',
    damage: (_, other, gems) => [
      { alter: 'posting', balanceId: other.id, version: 2, set: { availableDelta: 11n } },
      { alter: 'posting', balanceId: gems.id, version: 1, set: { availableDelta: 4n } },
    ],
    found: ['1a', '3c'],
  },
  {
    title: 'an actor that is gone, of a request',
    damage: () => ({ remove: 'actor', actor: SUPPORT.actor.number }),
    found: ['3d'],
  },
  {
    title: 'an actor that is gone, of the end of a hold',
    damage: () => ({ remove: 'actor', actor: BILLING.actor.number }),
    found: ['3d'],
  },
  {
    title: 'a lost balance',
    damage: (_, { id }) => ({ remove: 'balance', id }),
    found: ['1a', '1b', '3a'],
  },
  {
    title: 'a gap between versions, although their number is right',
    damage: ({ id }) => ({ alter: 'posting', balanceId: id, version: 2, set: { version: 99 } }),
    found: ['3a', '3b', '4a', '4b', '5c'],
  },
  {
    title: 'an ended hold that still holds something',
    damage: () => ({ alter: 'change', hold: 'h', number: 1, set: { held: 5n } }),
    found: ['5a', '5b', '5c'],
  },
  {
    title: 'a settle that gave back a coin too much',
    damage: ({ id }) => ({ alter: 'posting', balanceId: id, version: 5, set: { availableDelta: 51n } }),
    found: ['1a', '3c', '5c'],
  },
  {
    title: 'a settle that does not know whom it paid',
    damage: () => ({ alter: 'change', hold: 'h', number: 1, set: { payeeBalanceId: null, payeeVersion: null } }),
    found: ['4b', '5c'],
  },
  {
    title: 'a coin more in one line of an entry',
    damage: ({ id }) => ({ alter: 'posting', balanceId: id, version: 2, set: { availableDelta: -99n } }),
    found: ['1a', '3c', '5c'],
  },
  {
    title: 'an amount that no double keeps, in a line',
    damage: (holder) => ({
      alter: 'posting',
      balanceId: holder.id,
      version: 2,
      set: { availableDelta: -(1n << 53n) - 1n },
    }),
    found: ['1a', '3c', '5c'],
  },
  {
    title: 'lines of the greatest amounts',
    damage: ({ id }) => ({
      alter: 'posting',
      balanceId: id,
      version: 2,
      set: { availableDelta: BALANCE_MIN, heldDelta: BALANCE_MIN },
    }),
    found: ['1a', '3c', '5c'],
  },
  {
    title: 'a coin more in a balance',
    damage: ({ id, available }) => ({ alter: 'balance', id, set: { available: available + 1n } }),
    found: ['1b', '3b'],
  },
  {
    title: 'less than nothing held',
    damage: ({ id }) => ({ alter: 'balance', id, set: { held: -1n } }),
    found: ['1b', '2a', '2c', '3b'],
  },
  {
    title: 'a floor above what is available',
    damage: ({ id, available }) => ({ alter: 'balance', id, set: { floor: available + 1n } }),
    found: ['2b'],
  },
  {
    title: 'a debt without an overdraft charge',
    damage: ({ id, available }) => ({ alter: 'balance', id, set: { floor: available + 1n, debt: 1n } }),
    found: ['2d'],
  },
  {
    title: 'a house account whose declaration is gone',
    damage: () => ({ remove: 'house', account: '@revenue' }),
    found: ['2e'],
  },
  {
    title: 'an account that knows no balance of its own',
    damage: ({ account }) => ({ remove: 'standing', account }),
    found: ['2f'],
  },
  {
    title: 'coins moved from available to held by hand',
    damage: ({ id, available, held }) => ({
      alter: 'balance',
      id,
      set: { available: available - 7n, held: held + 7n },
    }),
    found: ['2c', '3b'],
  },
  {
    title: 'a version without a posting',
    damage: ({ id, version }) => ({ alter: 'balance', id, set: { version: version + 1 } }),
    found: ['3a'],
  },
  {
    title: 'a posting without a version',
    damage: ({ id, version }) => ({ alter: 'balance', id, set: { version: version - 1 } }),
    found: ['3a'],
  },
  {
    title: 'a lost posting',
    damage: ({ id }) => ({ remove: 'posting', balanceId: id, version: 2 }),
    found: ['1a', '3a', '4a', '5c'],
  },
  {
    title: 'a run whose lines nobody can read',
    damage: ({ id }) => ({ alter: 'run', balanceId: id, version: 2, set: { packed: '[[' } }),
    found: ['1a', '3a', '4a', '5c'],
  },
  {
    title: 'amounts that do not follow from the posting before',
    damage: ({ id }) => ({ alter: 'posting', balanceId: id, version: 3, set: { available: 801n } }),
    found: ['3c'],
  },
  {
    title: 'a last posting that is not what the balance has',
    damage: ({ id, version, held }) => ({ alter: 'posting', balanceId: id, version, set: { held: held + 1n } }),
    found: ['3b', '3c'],
  },
  {
    title: 'a posting of nobody',
    damage: (_, { id }) => ({ alter: 'posting', balanceId: id, version: 1, set: { entryId: 'nobody' } }),
    found: ['4a', '4b'],
  },
  {
    title: 'an id beside a key that tells another one',
    damage: () => ({ alter: 'request', id: 'c', set: { idText: 'other' } }),
    found: ['4c'],
  },
  { title: 'a lost entry', damage: () => ({ remove: 'request', id: 'c' }), found: ['4b', '5c'] },
  { title: 'a lost hold', damage: () => ({ remove: 'request', id: 'held' }), found: ['2c', '4b', '5c'] },
  {
    title: 'a hold that settled a coin too much',
    damage: () => ({ alter: 'change', hold: 'h', number: 1, set: { settled: 151n } }),
    found: ['5a', '5c'],
  },
  {
    title: 'a hold that settled a coin that it says it released',
    damage: () => ({ alter: 'change', hold: 'h', number: 1, set: { settled: 149n, released: 51n } }),
    found: ['5c'],
  },
  {
    title: 'an open hold that holds less than it took',
    damage: () => ({ alter: 'freeze', id: 'held', set: { amount: 99n } }),
    found: ['2c', '5c'],
  },
  {
    title: 'a hold that was opened by a posting of another entry',
    damage: () => ({ alter: 'freeze', id: 'held', set: { openedVersion: 2 } }),
    found: ['4a', '4b', '5c'],
  },
  {
    title: 'a hold of which more was refunded than settled',
    damage: () => ({ alter: 'change', hold: 'life', number: 3, set: { refunded: 21n } }),
    found: ['5a', '5c'],
  },
  {
    title: 'a hold with steps that records a coin that its postings did not move',
    damage: () => ({ alter: 'change', hold: 'life', number: 3, set: { settled: 21n, held: 39n } }),
    found: ['2c', '5c', '5e'],
  },
  {
    title: 'a step that paid somebody else',
    damage: () => ({ alter: 'change', hold: 'life', number: 3, set: { payee: 'user:6' } }),
    found: ['5c', '5e'],
  },
  {
    title: 'a hold that expires otherwise than the entry of its last step tells',
    damage: () => ({ alter: 'change', hold: 'life', number: 3, set: { expiresAt: 1 } }),
    found: ['5d', '5e'],
  },
  {
    title: 'a change whose number is not the next',
    damage: () => ({ alter: 'change', hold: 'life', number: 3, set: { number: 4 } }),
    found: ['5c', '5d'],
  },
  {
    title: 'a lost end',
    damage: () => ({ remove: 'change', hold: 'h', number: 1 }),
    found: ['2c', '4b', '5c'],
  },
  { title: 'a lost entry of a step', damage: () => ({ remove: 'request', id: 'part' }), found: ['4b', '5d'] },
  {
    title: 'a lost change',
    damage: () => ({ remove: 'change', hold: 'life', number: 2 }),
    found: ['5c', '5d'],
  },
  {
    title: 'a freeze that held more than it took',
    damage: ({ id }) => ({ alter: 'posting', balanceId: id, version: 3, set: { heldDelta: 101n } }),
    found: ['1a', '3c', '5c'],
  },
]

async function audit({ auditor }: Storage, limit = 10): Promise<string[]> {
  const found: string[] = []
  for (const check of auditor.checks) {
    const violations = await auditor.run(check, limit)
    if (violations.length > 0) found.push(check.id)
    for (const row of violations) {
      assert.ok(Object.keys(row).length > 0)
      for (const [column, value] of Object.entries(row)) assert.equal(typeof value, 'string', column)
    }
  }
  return found
}

/** Each posting is alone in its run, so that it can be damaged alone. */
async function applyOneByOne(storage: Storage, books: Books): Promise<void> {
  await enterActors(storage.actors)
  for (const command of WORK) await books.apply(command)
}

export function describeAuditor(openHarness: OpenHarness): void {
  test('every law that rows can be asked about is asked', async () => {
    await using harness = await openHarness()
    const { auditor } = await harness.open()
    assert.deepEqual(auditor.checks, AUDIT_CHECKS)
    const covered = new Set<string>(PLANTED.flatMap(({ found }) => found))
    for (const { id } of AUDIT_CHECKS) assert.ok(covered.has(id), `no damage below makes ${id} fail`)
  })

  test('an empty ledger breaks no law', async () => {
    await using harness = await openHarness()
    assert.deepEqual(await audit(await harness.open()), [])
  })

  test('a ledger that the rules wrote breaks no law', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await enterActors(storage.actors)
    await new Books(storage.store, 0).apply(...WORK)
    const others = new Books(storage.store, 1)
    await others.commit(
      deposit('g2', 'user:8', 5n, { asset: 'gem' }),
      freeze('drawn', 'user:8', 10n),
      settle('drawn', 30n, 'draw'),
      freeze('refused', 'user:8', 10n, { asset: 'gem' }),
      freeze('given', 'user:8', 5n, { asset: 'gem', payee: 'user:9' }),
      settle('given', 2n),
      freeze('gone', 'user:8', 10n, { expiresInMs: 1 }),
      charge('c2', 'user:9', 20n, { payee: 'user:8' }),
      settle('held', 0n),
    )
    await others.apply(release('gone', 'expiry'))
    assert.deepEqual(await audit(storage), [])
  })

  test('whatever becomes of holds, in one commit or in many, breaks no law', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const [uuid, long] = ['01890a5d-ac96-774b-bcce-b302099a8057', 'l'.repeat(128)]
    const many = (1n << 62n) + 1n
    await books.apply(
      deposit('d', 'user:1', 1_000n),
      deposit(uuid, 'user:2', many),
      freeze(long, 'user:2', many),
      settle(long, many - 1n),
      freeze('parts', 'user:1', 50n, { onExpiry: { settle: 5n } }),
      settlePart('p1', 'parts', 20n, { payee: 'user:5' }),
      settlePart('p2', 'parts', 0n),
      settlePart('p3', 'parts', 10n),
      refund('p4', 'parts', 7n),
      amend('p5', 'parts', { amount: 60n, expiresInMs: 1_000, onExpiry: { settle: 15n } }),
      freeze('other', 'user:1', 10n),
      settle('other', 4n, 'reject', { payee: 'user:6' }),
      freeze('gone', 'user:1', 10n),
      settlePart('g1', 'gone', 3n),
      release('gone'),
      freeze('late', 'user:1', 10n, { expiresInMs: 1_000 }),
      freeze('short', 'user:1', 1n),
      settle('short', 5_000n, 'cap'),
    )
    await books.apply(release('parts', 'expiry'), release('late', 'expiry'))
    await books.apply(refund('p6', 'parts', 1n), settle('late', 12n, 'draw', { late: true }), refund('l1', 'late', 5n))
    for (const command of [
      freeze('single', 'user:1', 9n),
      settlePart('s1', 'single', 4n),
      settle('single', 9n, 'draw'),
    ]) {
      await books.apply(command)
    }
    assert.deepEqual(await audit(storage), [])
  })

  for (const { title, damage, found } of PLANTED) {
    test(`${title} is found (${found.join(', ')})`, async () => {
      await using harness = await openHarness()
      const storage = await harness.open()
      const books = new Books(storage.store)
      await applyOneByOne(storage, books)
      assert.deepEqual(await audit(storage), [])
      const { balances } = await storage.store.load(books.footprint(...WORK))
      const [holder, other, gems] = ['user:8 credit', 'user:9 credit', 'user:9 gem'].map((key) => balances.get(key)!)
      for (const one of [damage(holder!, other!, gems!)].flat()) await harness.plant(one)
      assert.deepEqual(await audit(storage), found)
    })
  }

  test('no more rows are shown than asked for', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await applyOneByOne(storage, books)
    const { balances } = await storage.store.load(books.footprint(...WORK))
    const { id } = balances.get('user:8 credit')!
    // A wrong amount contradicts the posting before it and the posting after it.
    await harness.plant({ alter: 'posting', balanceId: id, version: 3, set: { available: 801n } })
    const check = storage.auditor.checks.find((candidate) => candidate.id === '3c')!
    assert.equal((await storage.auditor.run(check, 10)).length, 2)
    assert.equal((await storage.auditor.run(check, 1)).length, 1)
  })
}
