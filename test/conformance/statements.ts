import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Work } from '../../src/domain/command.ts'
import type { Account, HoldQuery, PostingQuery, Reader } from '../../src/engine/reader.ts'
import { CLOCK_DIFFERENCE_MS_MAX } from '../../src/engine/reader.ts'
import type { Store } from '../../src/engine/store.ts'
import { charge, declare, deposit, freeze, house, leg, open, release, settle, transfer } from '../support/commands.ts'
import { Books, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

type Filters = Partial<Omit<PostingQuery, 'limit' | 'cursor'>>

async function entriesOf(reader: Reader, filters: Filters, limit = 2): Promise<string[]> {
  const query = { account: 'user:8', asset: 'credit', kind: null, ...filters }
  const lines = await readAll((page) => reader.postings({ ...query, ...page }), limit)
  return lines.map(({ entryId }) => entryId)
}

async function holdsOf(reader: Reader, filters: Partial<HoldQuery>, limit = 2): Promise<string[]> {
  const query = { account: null, asset: 'credit', state: null, ...filters }
  const holds = await readAll((page) => reader.holds({ ...query, ...page }), limit)
  return holds.map(({ id }) => id)
}

/** `available`, `held` and `version` of the account's only balance; null if it has none. */
function amountsOf(account: Account | null): readonly unknown[] | null {
  assert.ok(account)
  const [balance, ...others] = account.balances
  assert.equal(others.length, 0)
  return balance === undefined ? null : [balance.available, balance.held, balance.version]
}

/** A journal with every kind of entry. Returns the instants of its batches. */
async function manyKinds(store: Store): Promise<readonly number[]> {
  const books = new Books(store)
  const times: number[] = []
  const apply = async (...work: readonly Work[]): Promise<void> => {
    await books.apply(...work)
    times.push(books.now)
  }
  await apply(deposit('d1', 'user:8', 100n, { memo: 'Top-up: 100 %_充值', metadata: { invoice: 7, paid: true } }))
  await apply(freeze('h1', 'user:8', 10n, { metadata: { model: 'x', n: 1 } }), freeze('h2', 'user:8', 20n))
  await apply(settle('h1', 4n), charge('c1', 'user:8', 5n, { memo: 'Fee', metadata: { invoice: 8, paid: true } }))
  await books.apply(house('@promo'))
  await apply(release('h2'), transfer('t1', [leg('user:8', 'user:9', 1n), leg('user:8', '@promo', 2n)]))
  await apply(deposit('d2', 'user:8', 50n, { memo: 'top-up', metadata: { invoice: null, toString: 'x' } }))
  return times
}

function describeFilters(openHarness: OpenHarness): void {
  test('a line has its running amounts, and what its request carries', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await manyKinds(store)
    const lines = await readAll((page) => reader.postings({ account: 'user:8', asset: 'credit', kind: null, ...page }))
    const shown = lines.map(({ entryId, available, held, total, hold, memo, metadata }) => {
      return [entryId, available, held, total, hold, memo, metadata]
    })
    const attached = { model: 'x', n: 1 }
    assert.deepEqual(shown, [
      ['d2', 138n, 0n, 138n, null, 'top-up', { invoice: null, toString: 'x' }],
      ['t1', 88n, 0n, 88n, null, null, null],
      ['h2~release', 91n, 0n, 91n, 'h2', null, null],
      ['c1', 71n, 20n, 91n, null, 'Fee', { invoice: 8, paid: true }],
      ['h1~settle', 76n, 20n, 96n, 'h1', null, attached],
      ['h2', 70n, 30n, 100n, 'h2', null, null],
      ['h1', 90n, 10n, 100n, 'h1', null, attached],
      ['d1', 100n, 0n, 100n, null, 'Top-up: 100 %_充值', { invoice: 7, paid: true }],
    ])
  })

  test('lines are filtered by time, from an instant on and before another', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const [first, second, third, , last] = (await manyKinds(store)) as [number, number, number, number, number]
    assert.deepEqual(await entriesOf(reader, { from: last }), ['d2'])
    assert.deepEqual(await entriesOf(reader, { from: last + 1 }), [])
    assert.deepEqual(await entriesOf(reader, { until: second }), ['d1'])
    assert.deepEqual(await entriesOf(reader, { until: first }), [])
    assert.deepEqual(await entriesOf(reader, { from: second, until: third }), ['h2', 'h1'])
    assert.deepEqual(await entriesOf(reader, { from: second + 1, until: third + 1 }), ['c1', 'h1~settle'])
    assert.deepEqual(await entriesOf(reader, { from: third, until: second }), [])
    assert.equal((await entriesOf(reader, { from: 1, until: last + 1e12 })).length, 8)
  })

  test('lines are filtered by entry, hold, memo and metadata, and by all of them together', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const [, , third] = await manyKinds(store)
    const cases: readonly [filters: Filters, expected: readonly string[]][] = [
      [{ entry: 't1' }, ['t1']],
      [{ entry: 'h1' }, ['h1']],
      [{ entry: 'h1~settle' }, ['h1~settle']],
      [{ entry: 'h1~release' }, []],
      [{ entry: 'nothing' }, []],
      [{ entry: 't1', account: 'user:9' }, ['t1']],
      [{ entry: 'c1', account: 'user:9' }, []],
      [{ hold: 'h1' }, ['h1~settle', 'h1']],
      [{ hold: 'h1', account: '@revenue' }, ['h1~settle']],
      [{ hold: 'h2' }, ['h2~release', 'h2']],
      [{ hold: 'd1' }, []],
      [{ hold: 'h1', entry: 'h1' }, ['h1']],
      [{ hold: 'h1', entry: 'h2' }, []],
      [{ hold: 'h1', kind: 'settle' }, ['h1~settle']],
      [{ hold: 'h1', from: third! }, ['h1~settle']],
      [{ hold: 'h1', until: third! }, ['h1']],
      [{ memo: 'op-up' }, ['d2', 'd1']],
      [{ memo: 'Top' }, ['d1']],
      [{ memo: '%_充' }, ['d1']],
      [{ memo: '_' }, ['d1']],
      [{ memo: 'nothing' }, []],
      [{ metadata: { paid: true } }, ['c1', 'd1']],
      [{ metadata: { paid: true, invoice: 8 } }, ['c1']],
      [{ metadata: { paid: 'true' } }, []],
      [{ metadata: { invoice: '8' } }, []],
      [{ metadata: { invoice: null } }, ['d2']],
      [{ metadata: { missing: null } }, []],
      [{ metadata: { model: 'x' } }, ['h1~settle', 'h1']],
      [{ metadata: { model: 'x' }, hold: 'h2' }, []],
      [{ metadata: { paid: true }, memo: 'Fee', kind: 'charge', from: third!, entry: 'c1' }, ['c1']],
      [{ metadata: { paid: true }, memo: 'Fee', kind: 'deposit' }, []],
      [{ metadata: {} }, ['d2', 't1', 'h2~release', 'c1', 'h1~settle', 'h2', 'h1', 'd1']],
    ]
    for (const [filters, expected] of cases) {
      for (const limit of [1, 2, 100]) {
        assert.deepEqual(await entriesOf(reader, filters, limit), expected, JSON.stringify(filters))
      }
    }
  })

  test('holds are filtered by the time of their freeze and by metadata, in every list', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 100n))
    await books.apply(freeze('z', 'user:8', 1n, { metadata: { model: 'x' } }))
    const second = books.now
    await books.apply(freeze('a', 'user:8', 1n, { metadata: { model: 'x', n: 1 } }))
    await books.apply(freeze('m', 'user:8', 1n, { metadata: { model: 'y' } }), freeze('k', 'user:8', 1n))
    await books.apply(settle('a', 0n))
    const model = { metadata: { model: 'x' } }
    assert.deepEqual(await holdsOf(reader, { account: 'user:8', ...model }, 1), ['a', 'z'])
    assert.deepEqual(await holdsOf(reader, { account: 'user:8', from: second + 1 }), ['k', 'm', 'a'])
    assert.deepEqual(await holdsOf(reader, { account: 'user:8', until: second + 1, state: 'open' }), ['z'])
    assert.deepEqual(await holdsOf(reader, { account: 'user:8', until: second + 1, metadata: { n: 1 } }), [])
    assert.deepEqual(await holdsOf(reader, model, 1), ['z', 'a'])
    assert.deepEqual(await holdsOf(reader, { from: second + 1 }, 1), ['a', 'm', 'k'])
    assert.deepEqual(await holdsOf(reader, { until: second + 1 }), ['z'])
    assert.deepEqual(await holdsOf(reader, { state: 'open', ...model }, 1), ['z'])
    assert.deepEqual(await holdsOf(reader, { state: 'open', from: second + 1 }, 1), ['m', 'k'])
    assert.deepEqual(await holdsOf(reader, { state: 'settled', ...model, from: second }), ['a'])
  })
}

function describeMoments(openHarness: OpenHarness): void {
  test('a balance as of a moment is as its last posting up to then left it', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const times = await manyKinds(store)
    const expected = [
      [100n, 0n, 1],
      [70n, 30n, 3],
      [71n, 20n, 5],
      [88n, 0n, 7],
      [138n, 0n, 8],
    ]
    for (const [index, time] of times.entries()) {
      assert.deepEqual(amountsOf(await reader.accountAt('user:8', time)), expected[index])
      assert.deepEqual(amountsOf(await reader.accountAt('user:8', time + 999)), expected[index])
    }
    assert.equal(amountsOf(await reader.accountAt('user:8', times[0]! - 1)), null)
    assert.equal(await reader.accountAt('nobody', times[0]!), null)
    assert.deepEqual(await reader.accountAt('user:8', times.at(-1)! + 1e12), await reader.account('user:8'))
  })

  test('the balances of everybody sum to zero at every moment', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const times = await manyKinds(store)
    for (const time of [times[0]! - 1, ...times]) {
      let sum = 0n
      for (const name of ['user:8', 'user:9', '@issuer', '@revenue', '@promo']) {
        for (const balance of (await reader.accountAt(name, time))?.balances ?? []) sum += balance.total
      }
      assert.equal(sum, 0n, `${time}`)
    }
  })

  test('as of a moment, stripes are added up and every asset is shown; floors and metadata are those of now', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = [0, 3, 9].map((stripe) => new Books(store, stripe))
    const [first, second, third] = books as [Books, Books, Books]
    await first.apply(declare('gem'), deposit('d0', 'user:8', 5n), deposit('g0', 'user:8', 7n, { asset: 'gem' }))
    second.now = first.now
    await second.apply(deposit('d1', 'user:8', 50n))
    third.now = second.now
    await third.apply(deposit('d2', 'user:8', 500n), open('o', 'user:8', -10n, { metadata: { plan: 'pro' } }))
    const issued = async (at: number): Promise<unknown> =>
      (await reader.accountAt('@issuer', at))?.balances.map(({ asset, available, version }) => [
        asset,
        available,
        version,
      ])
    assert.deepEqual(await issued(first.now), [
      ['credit', -5n, 1],
      ['gem', -7n, 1],
    ])
    assert.deepEqual(await issued(second.now), [
      ['credit', -55n, 2],
      ['gem', -7n, 1],
    ])
    assert.deepEqual(await issued(third.now), [
      ['credit', -555n, 3],
      ['gem', -7n, 1],
    ])
    const account = await reader.accountAt('user:8', first.now)
    assert.deepEqual(account?.metadata, { plan: 'pro' })
    assert.deepEqual(
      account.balances.map(({ asset, available, floor }) => [asset, available, floor]),
      [
        ['credit', 5n, -10n],
        ['gem', 7n, 0n],
      ],
    )
  })

  test('processes whose clocks differ within the limit are read exactly, in the order of versions', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const ahead = new Books(store)
    const behind = new Books(store, 5)
    behind.now = ahead.now - CLOCK_DIFFERENCE_MS_MAX
    const zero = ahead.now
    const made: { id: string; at: number }[] = []
    for (let index = 0; index < 12; index++) {
      const books = index % 3 === 1 ? behind : ahead
      await books.apply(deposit(`d${index}`, 'user:8', 1n))
      made.push({ id: `d${index}`, at: books.now })
      if (index % 3 === 1) ahead.now = Math.max(ahead.now, behind.now)
      behind.now = Math.max(behind.now, ahead.now - CLOCK_DIFFERENCE_MS_MAX)
    }
    assert.ok(made.some(({ at }, index) => index > 0 && at < made[index - 1]!.at))
    for (let at = zero - CLOCK_DIFFERENCE_MS_MAX; at <= ahead.now; at += 500) {
      const version = made.findLastIndex((each) => each.at <= at) + 1
      const found = amountsOf(await reader.accountAt('user:8', at))
      assert.deepEqual(found, version === 0 ? null : [BigInt(version), 0n, version], `at ${at - zero}`)
      const until = made.filter((each) => each.at < at).map(({ id }) => id)
      assert.deepEqual(await entriesOf(reader, { until: at }, 5), until.reverse(), `until ${at - zero}`)
      const from = made.filter((each) => each.at >= at).map(({ id }) => id)
      assert.deepEqual(await entriesOf(reader, { from: at }, 5), from.reverse(), `from ${at - zero}`)
    }
  })
}

export function describeStatements(openHarness: OpenHarness): void {
  describeFilters(openHarness)
  describeMoments(openHarness)
}
