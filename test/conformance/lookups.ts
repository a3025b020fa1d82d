import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charge, declare, deposit, freeze, leg, open, release, settle, transfer } from '../support/commands.ts'
import { Books } from './books.ts'
import type { OpenHarness } from './harness.ts'

export function describeLookups(openHarness: OpenHarness): void {
  test('nobody knows what is not there', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await new Books(store).apply(deposit('d', 'user:8', 1n))
    assert.equal(await reader.account('user:9'), null)
    assert.equal(await reader.account('@revenue'), null)
    assert.equal(await reader.hold('h'), null)
    assert.equal(await reader.hold('d'), null)
    for (const id of ['e', 'd~settle', 'd~release', 'e~settle', '~', '~settle', '']) {
      assert.equal(await reader.entry(id), null, id)
    }
  })

  test('a new ledger knows the asset credit', async () => {
    await using harness = await openHarness()
    const { reader } = await harness.open()
    assert.deepEqual(await reader.assets(), {
      items: [{ code: 'credit', decimals: 0, name: 'Credit', createdAt: 0 }],
      next: null,
    })
  })

  test('assets come by their code, under their last name', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(declare('usd', 2), declare('gem', 18, 'Gem'), declare('a_1'), declare('gem', 18, 'Jewel'))
    assert.deepEqual(
      (await reader.assets()).items.map(({ code, decimals, name }) => [code, decimals, name]),
      [
        ['a_1', 0, 'a_1'],
        ['credit', 0, 'Credit'],
        ['gem', 18, 'Jewel'],
        ['usd', 2, 'usd'],
      ],
    )
  })

  test('an account that was opened with metadata alone has no balance, and what is not named stays', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const { store, reader } = storage
    const books = new Books(store)
    const alone = { account: 'user:8', standing: 'active', successor: null, balances: [], next: null }
    const only = (id: string, name: string) => open(id, 'user:8', null, { asset: null, metadata: { name } })
    const [first] = await books.apply(only('o1', 'first'))
    assert.deepEqual(first, { account: 'user:8', metadata: { name: 'first' }, balance: null })
    assert.deepEqual(await reader.account('user:8'), { ...alone, metadata: { name: 'first' } })
    assert.deepEqual(await reader.accountAt('user:8', books.now), { ...alone, metadata: { name: 'first' } })
    assert.deepEqual((await reader.entry('o1'))?.postings, [])
    await books.apply(only('o2', 'second'), open('f', 'user:8', -50n, { asset: 'credit' }), only('o3', 'third'))
    await books.apply(open('o4', 'user:8', null))
    const balance = { account: 'user:8', asset: 'credit', available: 0n, held: 0n, total: 0n, floor: -50n, version: 2 }
    assert.deepEqual(await reader.account('user:8'), { ...alone, metadata: { name: 'third' }, balances: [balance] })
    const repeats = await new Books((await harness.open()).store).commit(
      only('o1', 'first'),
      open('o4', 'user:8', null),
    )
    assert.deepEqual(repeats, [
      { status: 'applied', replayed: true, answer: first },
      { status: 'applied', replayed: true, answer: { account: 'user:8', metadata: null, balance } },
    ])
  })

  test('an account shows its balances by asset, and its last metadata', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(declare('gem', 2), declare('a'))
    await books.apply(deposit('d1', 'user:8', 5n, { asset: 'gem' }), deposit('d2', 'user:8', 100n))
    assert.equal((await reader.account('user:8'))?.metadata, null)
    await books.apply(open('o1', 'user:8', -7n, { asset: 'a', metadata: { name: 'first' } }))
    await books.apply(open('o2', 'user:8', 0n, { metadata: { name: 'last', vip: true } }))
    await books.apply(open('o3', 'user:8', -1n), freeze('h', 'user:8', 30n))
    assert.deepEqual(await reader.account('user:8'), {
      account: 'user:8',
      metadata: { name: 'last', vip: true },
      standing: 'active',
      successor: null,
      balances: [
        { account: 'user:8', asset: 'a', available: 0n, held: 0n, total: 0n, floor: -7n, version: 1 },
        { account: 'user:8', asset: 'credit', available: 70n, held: 30n, total: 100n, floor: -1n, version: 4 },
        { account: 'user:8', asset: 'gem', available: 5n, held: 0n, total: 5n, floor: 0n, version: 1 },
      ],
      next: null,
    })
  })

  test('the stripes of a house account are one balance', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await new Books(store, 0).apply(deposit('d0', 'user:8', 100n), charge('c0', 'user:8', 1n))
    await new Books(store, 7).apply(
      deposit('d7', 'user:9', 10n),
      charge('c7', 'user:8', 2n),
      charge('c8', 'user:8', 3n),
    )
    assert.deepEqual((await reader.account('@issuer'))?.balances, [
      { account: '@issuer', asset: 'credit', available: -110n, held: 0n, total: -110n, floor: null, version: 2 },
    ])
    assert.deepEqual((await reader.account('@revenue'))?.balances, [
      { account: '@revenue', asset: 'credit', available: 6n, held: 0n, total: 6n, floor: null, version: 3 },
    ])
  })

  test('an entry shows its postings in the order in which they were written', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 100n))
    const legs = [leg('user:8', 'user:b', 1n), leg('user:8', 'user:a', 2n), leg('user:b', '@revenue', 1n)]
    const answer = await books.applyOne(transfer('t', legs, { memo: 'split', metadata: { n: 3 } }))
    const entry = await reader.entry('t')
    assert.deepEqual(entry, answer)
    assert.deepEqual(
      entry?.postings.map(({ account, availableDelta }) => [account, availableDelta]),
      [
        ['user:8', -3n],
        ['user:b', 0n],
        ['user:a', 2n],
        ['@revenue', 1n],
      ],
    )
  })

  test('a hold has an entry that opened it, and one that ended it', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 100n))
    const frozen = await books.applyOne(freeze('h', 'user:8', 60n, { metadata: { job: 1 } }))
    const opening = await reader.entry('h')
    const shared = { account: 'user:8', asset: 'credit', stripe: 0 }
    assert.deepEqual(opening, {
      id: 'h',
      kind: 'freeze',
      hold: 'h',
      at: frozen.createdAt,
      memo: null,
      metadata: { job: 1 },
      floor: null,
      overdraft: false,
      legs: null,
      by: null,
      postings: [
        {
          ...shared,
          entryId: 'h',
          kind: 'freeze',
          version: 2,
          availableDelta: -60n,
          heldDelta: 60n,
          available: 40n,
          held: 60n,
          at: frozen.createdAt,
        },
      ],
    })
    assert.equal(await reader.entry('h~settle'), null)
    assert.equal(await reader.entry('h~release'), null)
    const { endedAt } = await books.applyOne(settle('h', 50n))
    const at = endedAt!
    assert.deepEqual(await reader.entry('h'), opening)
    const end = { entryId: 'h~settle', kind: 'settle', at } as const
    assert.deepEqual(await reader.entry('h~settle'), {
      id: 'h~settle',
      kind: 'settle',
      hold: 'h',
      at,
      memo: null,
      metadata: null,
      floor: null,
      overdraft: false,
      legs: null,
      by: null,
      postings: [
        { ...shared, ...end, version: 3, availableDelta: 10n, heldDelta: -60n, available: 50n, held: 0n },
        {
          account: '@revenue',
          asset: 'credit',
          stripe: 0,
          ...end,
          version: 1,
          availableDelta: 50n,
          heldDelta: 0n,
          available: 50n,
          held: 0n,
        },
      ],
    })
    assert.equal(await reader.entry('h~release'), null)
  })

  test('a hold that expired ended with a release', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 100n), freeze('h', 'user:8', 60n, { expiresInMs: 1 }))
    await books.apply(release('h', 'expiry'))
    assert.equal(await reader.entry('h~settle'), null)
    assert.deepEqual(
      (await reader.entry('h~release'))?.postings.map(({ kind, availableDelta, heldDelta }) => [
        kind,
        availableDelta,
        heldDelta,
      ]),
      [['release', 60n, -60n]],
    )
  })
}
