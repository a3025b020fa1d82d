import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from '../../src/domain/command.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import {
  amend,
  charge,
  declare,
  deposit,
  freeze,
  leg,
  open,
  refund,
  release,
  settle,
  settlePart,
  transfer,
} from '../support/commands.ts'
import { answerOf, Books, codeOf, photograph } from './books.ts'
import type { OpenHarness } from './harness.ts'

const metadata = { job: 'render', frames: 24, retry: false, parent: null, note: '渲染 🎞 "quoted" \\ \n' }

/** Every kind of command, with a value in every field that a repeat must return. */
const COMMANDS: readonly Command[] = [
  declare('gem', 2, 'Gem 💎'),
  open('o', 'user:8', -100n, { metadata }),
  deposit('d', 'user:8', 1_000n, { memo: '充值', metadata }),
  charge('c', 'user:8', 10n, { payee: 'user:9', memo: "it's", metadata: {} }),
  transfer('t', [leg('user:8', 'user:9', 7n), leg('user:9', 'user:10', 3n)], { memo: '', metadata }),
  freeze('h1', 'user:8', 100n, { metadata, expiresInMs: 5_000 }),
  freeze('h2', 'user:8', 200n, { payee: 'user:9' }),
  freeze('h3', 'user:8', 300n, { expiresInMs: 1 }),
  settle('h1', 60n),
  settle('h2', 5_000n, 'draw'),
  release('h3', 'expiry'),
]

export function describeReplay(openHarness: OpenHarness): void {
  test('a repeat of any command is answered as the first time, and changes nothing', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const first: Outcome[] = []
    for (const command of COMMANDS) first.push(...(await books.commit(command)))
    assert.deepEqual(first.map(codeOf), Array(COMMANDS.length).fill('applied'))
    const before = await photograph(storage, books, ...COMMANDS)
    const oneByOne: Outcome[] = []
    for (const command of COMMANDS) oneByOne.push(...(await books.commit(command)))
    const together = await books.commit(...COMMANDS)
    for (const repeats of [oneByOne, together]) {
      assert.deepEqual(repeats.map(codeOf), Array(COMMANDS.length).fill('replayed'))
      assert.deepEqual(repeats.map(answerOf), first.map(answerOf))
    }
    assert.deepEqual(await photograph(storage, books, ...COMMANDS), before)
  })

  test('a request row is read back exactly as it was written', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const plan = await books.plan(...COMMANDS)
    assert.equal(await storage.store.commit(plan.changes), 'committed')
    const { requests, balances } = await storage.store.load(books.footprint(...COMMANDS))
    for (const record of [...plan.changes.entries, ...plan.changes.holdsOpened, ...plan.changes.charges]) {
      assert.deepEqual(requests.get(record.id), record)
    }
    for (const { after } of plan.changes.balances) {
      assert.deepEqual(
        [...balances.values()].find(({ id }) => id === after.id),
        after,
      )
    }
  })

  test('a request id of another content is refused, and keeps its first effect', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('id', 'user:8', 100n))
    const others = [
      deposit('id', 'user:8', 101n),
      deposit('id', 'user:9', 100n),
      deposit('id', 'user:8', 100n, { memo: 'else' }),
      charge('id', 'user:8', 100n),
      freeze('id', 'user:8', 100n),
      open('id', 'user:8', 0n),
    ]
    assert.deepEqual((await books.commit(...others)).map(codeOf), Array(6).fill('request_id_reused'))
    assert.equal((await storage.reader.account('user:8'))?.balances[0]?.version, 1)
  })

  test('a name that no row has is looked up as absent, one that was not asked for is not there', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 1n))
    const asked = [deposit('nobody', 'user:7', 1n, { asset: 'gem' }), deposit('d', 'user:8', 1n)]
    const snapshot = await storage.store.load(books.footprint(...asked))
    assert.equal(snapshot.requests.get('nobody'), null)
    assert.equal(snapshot.requests.get('d')?.kind, 'deposit')
    assert.equal(snapshot.requests.has('e'), false)
    assert.equal(snapshot.assets.get('gem'), null)
    assert.equal(snapshot.assets.get('credit')?.decimals, 0)
    const absent = snapshot.balances.get('user:7 gem')
    assert.deepEqual([absent?.available, absent?.held, absent?.floor, absent?.version], [0n, 0n, 0n, 0])
    assert.equal(snapshot.balances.get('@issuer gem')?.floor, null)
    const ids = [...snapshot.balances.values()].map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length, 'balances without a row have ids of their own')
  })

  test('a request id that is used with different contents is refused with the fields that differ, as far as the rows show them', async () => {
    await using harness = await openHarness()
    const books = new Books((await harness.open()).store)
    const attached = { memo: 'first', metadata: { n: 1, s: 'x' } }
    const legs = [leg('user:8', 'user:9', 7n)]
    await books.apply(
      deposit('d', 'user:8', 1_000n, attached),
      open('o', 'user:8', -5n, { metadata: { n: 1 } }),
      charge('c', 'user:8', 10n, attached),
      transfer('t', legs, attached),
      freeze('h', 'user:8', 100n, { metadata: { n: 1 }, onExpiry: { settle: 5n } }),
    )
    await books.apply(
      amend('a', 'h', { amount: 200n }),
      settlePart('p', 'h', 10n, attached),
      refund('r', 'h', 5n, attached),
    )
    const expiry = ['expiresAt', 'expiresInMs']
    const cases: readonly (readonly [command: Command, differs: readonly string[], mayDiffer?: readonly string[]])[] = [
      [deposit('d', 'user:8', 1_001n, attached), ['amount']],
      [deposit('d', 'user:9', 1_000n, attached), ['account']],
      [deposit('d', 'user:9', 7n, { ...attached, asset: 'gem' }), ['account', 'amount', 'asset']],
      [deposit('d', 'user:8', 1_000n, { ...attached, memo: null }), ['memo']],
      [deposit('d', 'user:8', 1_000n, { ...attached, metadata: { n: 1, s: 'y' } }), ['metadata']],
      [deposit('d', 'user:8', 2n, { metadata: { s: 'x', n: 1 }, memo: 'first' }), ['amount']],
      [charge('d', 'user:8', 1_000n, attached), ['kind']],
      [open('o', 'user:8', -6n, { metadata: { n: 1 } }), ['floor']],
      [open('o', 'user:9', -5n), ['account', 'metadata'], ['floor']],
      [charge('c', 'user:8', 11n, { ...attached, payee: 'user:9' }), ['amount', 'payee']],
      [transfer('t', [...legs, ...legs], attached), ['legs']],
      [transfer('t', legs, { ...attached, memo: 'second' }), ['memo'], ['legs']],
      [freeze('h', 'user:8', 100n, { metadata: { n: 1 }, onExpiry: { settle: 6n } }), ['onExpiry'], expiry],
      [freeze('h', 'user:8', 200n, { metadata: { n: 1 }, onExpiry: { settle: 5n } }), ['amount'], expiry],
      [freeze('h', 'user:8', 100n, { metadata: { n: 1 }, onExpiry: { settle: 5n }, expiresInMs: 9 }), [], expiry],
      [deposit('h', 'user:8', 100n), ['kind']],
      [settlePart('p', 'h', 11n, attached), [], ['amount', 'overage', 'payee']],
      [settlePart('p', 'x', 10n), ['hold', 'memo', 'metadata'], ['amount', 'overage', 'payee']],
      [amend('a', 'h', { amount: 201n }), [], ['amount', 'by', ...expiry, 'onExpiry']],
      [amend('a', 'x', { amount: 200n }), ['hold'], ['amount', 'by', ...expiry, 'onExpiry']],
      [refund('r', 'h', 6n, attached), [], ['amount', 'toTotal']],
      [freeze('c', 'user:8', 10n), ['kind']],
      [refund('p', 'h', 10n, attached), ['kind']],
    ]
    for (const [command, differs, mayDiffer = []] of cases) {
      const [outcome] = await books.commit(command)
      assert.ok(outcome?.status === 'rejected', JSON.stringify(differs))
      const requestId = 'requestId' in command ? command.requestId : ''
      assert.deepEqual(outcome.rejection, { code: 'request_id_reused', requestId, differs, mayDiffer })
    }
  })

  test('the id that a new balance was promised is the one it keeps', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const command = deposit('d', 'user:8', 1n)
    const plan = await books.plan(command)
    assert.equal(await storage.store.commit(plan.changes), 'committed')
    const after = plan.changes.balances.map((change) => change.after)
    assert.deepEqual(
      [...(await storage.store.load(books.footprint(command))).balances.values()].sort(byId),
      after.sort(byId),
    )
  })
}

function byId(left: { id: number }, right: { id: number }): number {
  return left.id - right.id
}
