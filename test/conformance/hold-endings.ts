import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from '../../src/domain/command.ts'
import type { Hold } from '../../src/domain/hold.ts'
import { deposit, freeze, group, release, settle } from '../support/commands.ts'
import { Books, codeOf } from './books.ts'
import type { OpenHarness } from './harness.ts'

interface Ending {
  readonly title: string
  readonly command: Command
  readonly hold: Partial<Hold>
  /** Coins of the holder, who had 1,000 and froze 616, and of the payee. */
  readonly available: bigint
  readonly payee: bigint
}

const ENDINGS: readonly Ending[] = [
  {
    title: 'settled for less',
    command: settle('h', 500n),
    hold: { state: 'settled', settled: 500n, released: 116n, shortfall: 0n, drawn: 0n },
    available: 500n,
    payee: 500n,
  },
  {
    title: 'settled exactly',
    command: settle('h', 616n),
    hold: { state: 'settled', settled: 616n, released: 0n },
    available: 384n,
    payee: 616n,
  },
  {
    title: 'settled for nothing',
    command: settle('h', 0n),
    hold: { state: 'settled', settled: 0n, released: 616n },
    available: 1_000n,
    payee: 0n,
  },
  {
    title: 'capped',
    command: settle('h', 700n, 'cap'),
    hold: { state: 'settled', settled: 616n, released: 0n, shortfall: 84n },
    available: 384n,
    payee: 616n,
  },
  {
    title: 'drawn',
    command: settle('h', 700n, 'draw'),
    hold: { state: 'settled', settled: 700n, drawn: 84n, shortfall: 0n },
    available: 300n,
    payee: 700n,
  },
  {
    title: 'drawn to the floor',
    command: settle('h', 1_200n, 'draw'),
    hold: { state: 'settled', settled: 1_000n, drawn: 384n, shortfall: 200n },
    available: 0n,
    payee: 1_000n,
  },
  {
    title: 'released',
    command: release('h'),
    hold: { state: 'released', settled: 0n, released: 616n },
    available: 1_000n,
    payee: 0n,
  },
  {
    title: 'expired',
    command: release('h', 'expiry'),
    hold: { state: 'expired', settled: 0n, released: 616n },
    available: 1_000n,
    payee: 0n,
  },
]

export function describeHoldEndings(openHarness: OpenHarness): void {
  for (const { title, command, hold, available, payee } of ENDINGS) {
    test(`a hold that is ${title} holds nothing, and every coin is where it belongs`, async () => {
      await using harness = await openHarness()
      const storage = await harness.open()
      const books = new Books(storage.store)
      // The hold is due at the next decision. Only an expiry checks this.
      const terms = { payee: 'user:9', expiresInMs: 1 }
      await books.apply(deposit('d', 'user:8', 1_000n), freeze('h', 'user:8', 616n, terms))
      const [answer] = await books.apply(command)
      const stored = await storage.reader.hold('h')
      assert.deepEqual(stored, answer)
      assert.deepEqual(stored, { ...stored, ...hold, held: 0n, endedAt: books.now })
      const holder = (await storage.reader.account('user:8'))?.balances[0]
      assert.deepEqual([holder?.available, holder?.held], [available, 0n])
      assert.equal((await storage.reader.account('user:9'))?.balances[0]?.available ?? 0n, payee)
    })
  }

  test('a snapshot with a hold brings the balances that its end touches', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const others = new Books(storage.store, 3)
    await books.apply(
      deposit('d', 'user:8', 100n),
      freeze('h1', 'user:8', 1n, { payee: 'user:9' }),
      freeze('h2', 'user:8', 1n),
    )
    const { balances } = await storage.store.load(others.footprint(settle('h1', 1n), settle('h2', 1n)))
    assert.deepEqual([...balances.keys()].sort(), ['@revenue credit 3', 'user:8 credit', 'user:9 credit'])
    assert.equal(balances.get('user:8 credit')?.held, 2n)
    assert.equal(balances.get('user:9 credit')?.version, 0)
  })

  test('a hold that was frozen and settled in one batch is there once, ended', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    await books.apply(freeze('h', 'user:8', 60n, { payee: 'user:9' }), settle('h', 50n))
    await books.apply(group(freeze('g', 'user:8', 10n, { payee: 'user:7' }), settle('g', 10n)))
    assert.equal((await storage.reader.hold('h'))?.state, 'settled')
    assert.deepEqual((await books.commit(settle('h', 50n))).map(codeOf), ['replayed'])
    assert.equal((await storage.reader.account('user:9'))?.balances[0]?.available, 50n)
    assert.equal((await storage.reader.account('user:7'))?.balances[0]?.available, 10n)
  })

  test('a hold ends once, even if several writers end it', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n), freeze('h', 'user:8', 60n))
    const plans = await Promise.all(
      [settle('h', 10n), settle('h', 20n), release('h')].map((command) => books.plan(command)),
    )
    const results = []
    for (const plan of plans) results.push(await storage.store.commit(plan.changes))
    assert.deepEqual(results, ['committed', 'stale', 'stale'])
    const codes = (await books.commit(settle('h', 10n), settle('h', 20n), release('h'))).map(codeOf)
    assert.deepEqual(codes, ['replayed', 'hold_not_open', 'hold_not_open'])
    assert.equal((await storage.reader.account('@revenue'))?.balances[0]?.available, 10n)
  })
}
