import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COUNTERPARTIES_MAX, counterpartiesOf } from '../../src/domain/counterparties.ts'
import type { StatementLine } from '../../src/domain/journal.ts'
import type { Reader } from '../../src/engine/reader.ts'
import type { Store } from '../../src/engine/store.ts'
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
import { Books, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

async function linesOf(reader: Reader, account: string, asset = 'credit', limit = 100): Promise<StatementLine[]> {
  return await readAll((page) => reader.postings({ account, asset, kind: null, ...page }), limit)
}

/** Entry, change and counterparties of every line, oldest first. */
async function costs(reader: Reader, account: string, asset = 'credit'): Promise<readonly unknown[]> {
  const lines = await linesOf(reader, account, asset, 3)
  return lines
    .toReversed()
    .map(({ entryId, change, counterparties, moreCounterparties }) => [
      entryId,
      Number(change),
      [...counterparties, ...(moreCounterparties ? ['…'] : [])].join(' '),
    ])
}

/** Each line is also the same when its entry, or its hold, is asked for. */
async function assertAlike(reader: Reader, account: string, asset = 'credit'): Promise<void> {
  for (const line of await linesOf(reader, account, asset)) {
    const query = { account, asset, kind: null, limit: 1_000, cursor: null }
    const entry = await reader.entry(line.entryId)
    assert.ok(entry !== null)
    const posting = entry.postings.find((each) => each.account === account && each.asset === asset)
    assert.partialDeepStrictEqual(line, counterpartiesOf(posting!, entry))
    assert.deepEqual((await reader.postings({ ...query, entry: line.entryId })).items, [line])
    if (line.hold === null) continue
    const { items } = await reader.postings({ ...query, hold: line.hold })
    assert.deepEqual(
      items.find(({ entryId }) => entryId === line.entryId),
      line,
    )
  }
}

async function everyKind(store: Store): Promise<void> {
  const books = new Books(store)
  await books.apply(deposit('d', 'user:8', 1_000n), open('o', 'user:8', -5n))
  await books.apply(freeze('h1', 'user:8', 100n), settle('h1', 60n), refund('rf', 'h1', 10n))
  await books.apply(
    freeze('h2', 'user:8', 100n, { payee: 'shop' }),
    settlePart('p1', 'h2', 20n),
    amend('a', 'h2', { amount: 50n }),
  )
  await books.apply(settle('h2', 0n), freeze('h3', 'user:8', 5n), release('h3'))
  await books.apply(freeze('h4', 'user:8', 5n), settle('h4', 3n, 'reject', { payee: 'other' }))
  await books.apply(freeze('h5', 'user:8', 5n, { expiresInMs: 1 }))
  await books.apply(release('h5', 'expiry'), settle('h5', 2n, 'reject', { late: true, payee: 'late' }))
  await books.apply(freeze('h6', 'user:8', 9n, { expiresInMs: 1, onExpiry: { settle: 4n } }))
  await books.apply(release('h6', 'expiry'), charge('c', 'user:8', 7n), settle('h1', 60n))
  await books.apply(transfer('t1', [leg('user:8', 'user:9', 1n)]))
  await books.apply(
    transfer('t2', [leg('user:8', 'user:9', 4n), leg('user:8', 'user:10', 5n), leg('user:9', 'user:8', 1n)]),
  )
}

export function describeCounterparties(openHarness: OpenHarness): void {
  test('a line shows what it changed in total, and with whom', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await everyKind(store)
    assert.deepEqual(await costs(reader, 'user:8'), [
      ['d', 1_000, '@issuer'],
      ['o', 0, ''],
      ['h1', 0, ''],
      ['h1~settle', -60, '@revenue'],
      ['rf', 10, '@revenue'],
      ['h2', 0, ''],
      ['p1', -20, 'shop'],
      ['a', 0, ''],
      ['h2~settle', 0, ''],
      ['h3', 0, ''],
      ['h3~release', 0, ''],
      ['h4', 0, ''],
      ['h4~settle', -3, 'other'],
      ['h5', 0, ''],
      ['h5~release', 0, ''],
      ['h5~late', -2, 'late'],
      ['h6', 0, ''],
      ['h6~settle', -4, '@revenue'],
      ['c', -7, '@revenue'],
      ['t1', -1, 'user:9'],
      ['t2', -8, 'user:9 user:10'],
    ])
    assert.deepEqual(await costs(reader, '@revenue'), [
      ['h1~settle', 60, 'user:8'],
      ['rf', -10, 'user:8'],
      ['h6~settle', 4, 'user:8'],
      ['c', 7, 'user:8'],
    ])
    assert.deepEqual(await costs(reader, '@issuer'), [['d', -1_000, 'user:8']])
    assert.deepEqual(await costs(reader, 'user:10'), [['t2', 5, 'user:8']])
    for (const account of ['user:8', 'user:9', 'user:10', '@revenue', '@issuer', 'shop', 'other', 'late']) {
      await assertAlike(reader, account)
    }
  })

  test('across assets the legs tell with whom, also where @exchange stands between', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(declare('star'), declare('gem'), deposit('d', 'user:8', 100n, { asset: 'star' }))
    await books.apply(rate('star', 'gem', [1n, 2n]), deposit('d2', 'user:8', 9n))
    await books.apply(
      transfer('x', [across('user:8', 'user:9', [10n, 'star'], ['gem']), leg('user:8', 'user:10', 3n)]),
      transfer('own', [across('user:8', 'user:8', [4n, 'star'], ['gem'])]),
    )
    assert.deepEqual(await costs(reader, 'user:8', 'star'), [
      ['d', 100, '@issuer'],
      ['x', -10, 'user:9'],
      ['own', -4, '@exchange'],
    ])
    assert.deepEqual(await costs(reader, 'user:8', 'gem'), [['own', 2, '@exchange']])
    assert.deepEqual(await costs(reader, 'user:8'), [
      ['d2', 9, '@issuer'],
      ['x', -3, 'user:10'],
    ])
    assert.deepEqual(await costs(reader, 'user:9', 'gem'), [['x', 5, 'user:8']])
    assert.deepEqual(await costs(reader, '@exchange', 'star'), [
      ['x', 10, 'user:8'],
      ['own', 4, 'user:8'],
    ])
    assert.deepEqual(await costs(reader, '@exchange', 'gem'), [
      ['x', -5, 'user:9'],
      ['own', -2, 'user:8'],
    ])
    for (const asset of ['star', 'gem', 'credit']) {
      for (const account of ['user:8', 'user:9', 'user:10', '@exchange', '@issuer']) {
        await assertAlike(reader, account, asset)
      }
    }
  })

  test('of a transfer with many legs, the first counterparties of either side are shown', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    const many = Array.from({ length: 300 }, (_, index) => `${'n'.repeat(60)}:${index}`)
    await books.apply(deposit('d', 'user:8', 1_000n), declare('star'), declare('gem'), rate('star', 'gem', [1n, 1n]))
    await books.apply(
      transfer(
        'gifts',
        many.map((to) => leg('user:8', to, 2n)),
      ),
    )
    await books.apply(
      transfer('back', [...many.slice(0, 12).map((from) => leg(from, 'user:9', 1n)), leg('user:8', 'user:10', 5n)]),
    )
    // Each account passes on what it gets, so only the last one has gained.
    const ring = many.map((from, index) => leg(from, many[index + 1] ?? 'end', 1n))
    await books.apply(deposit('d3', many[0]!, 5n), transfer('ring', ring))
    const first = many.slice(0, COUNTERPARTIES_MAX).join(' ')
    assert.deepEqual((await costs(reader, 'user:8')).slice(1), [
      ['gifts', -600, `${first} …`],
      ['back', -5, 'user:9 user:10'],
    ])
    assert.deepEqual(await costs(reader, many[299]!), [
      ['gifts', 2, 'user:8'],
      ['ring', 0, ''],
    ])
    assert.deepEqual(await costs(reader, 'user:9'), [['back', 12, `${first} …`]])
    assert.deepEqual(await costs(reader, 'end'), [['ring', 1, many[0]]])
    assert.deepEqual((await costs(reader, many[0]!)).at(-1), ['ring', -1, 'end'])
    await books.apply(deposit('s', 'user:8', 500n, { asset: 'star' }))
    await books.apply(
      transfer(
        'market',
        many.slice(0, 20).map((to) => across('user:8', to, [1n, 'star'], ['gem'])),
      ),
    )
    assert.deepEqual((await costs(reader, 'user:8', 'star')).at(-1), ['market', -20, '@exchange …'])
    assert.deepEqual(await costs(reader, many[3]!, 'gem'), [['market', 1, '@exchange']])
    for (const account of ['user:8', 'user:9', 'user:10', 'end', many[0]!, many[7]!, many[299]!]) {
      await assertAlike(reader, account)
    }
    for (const account of ['user:8', many[19]!, '@exchange']) {
      await assertAlike(reader, account, 'star')
      await assertAlike(reader, account, 'gem')
    }
  })
}
