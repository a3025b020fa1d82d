import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charge, declare, deposit, freeze, open, release, settle } from '../support/commands.ts'
import { Books, codeOf, photograph } from './books.ts'
import type { OpenHarness } from './harness.ts'

const WORK = [
  declare('gem', 2, 'Gem'),
  deposit('d', 'user:8', 1_000n, { memo: '充值', metadata: { order: 7 } }),
  open('o', 'user:9', -50n, { metadata: { tier: 'gold' } }),
  charge('c', 'user:9', 50n),
  freeze('h', 'user:8', 200n),
  freeze('s', 'user:8', 300n, { metadata: { job: 'x' } }),
  settle('s', 299n),
]

export function describeReopening(openHarness: OpenHarness): void {
  test('what was committed is there when the database is opened again', async () => {
    await using harness = await openHarness()
    const first = await harness.open()
    const books = new Books(first.store)
    const answers = await books.apply(...WORK)
    const before = await photograph(first, books, ...WORK)
    await first.close()

    const second = await harness.open()
    const later = new Books(second.store)
    assert.deepEqual(await photograph(second, later, ...WORK), before)
    const repeats = await later.commit(...WORK)
    assert.deepEqual(repeats.map(codeOf), Array(WORK.length).fill('replayed'))
    assert.deepEqual(
      repeats.map((repeat) => repeat.status === 'applied' && repeat.answer),
      answers,
    )
  })

  test('the books go on where they were left', async () => {
    await using harness = await openHarness()
    const first = await harness.open()
    await new Books(first.store).apply(...WORK)
    await first.close()

    const second = await harness.open()
    const books = new Books(second.store)
    await books.apply(release('h'), deposit('new', 'user:10', 5n), charge('c2', 'user:8', 701n))
    assert.equal((await second.reader.account('user:8'))?.balances[0]?.total, 0n)
    assert.equal((await second.reader.account('user:10'))?.balances[0]?.total, 5n)
    for (const check of second.auditor.checks) assert.deepEqual(await second.auditor.run(check, 10), [], check.title)
  })

  test('what one opening commits, another one sees', async () => {
    await using harness = await openHarness()
    const one = await harness.open()
    const other = await harness.open()
    await new Books(one.store).apply(...WORK)
    assert.equal((await other.reader.hold('h'))?.held, 200n)
    await new Books(other.store, 1).apply(settle('h', 1n))
    assert.equal((await one.reader.hold('h'))?.state, 'settled')
    assert.deepEqual((await new Books(one.store).commit(settle('h', 1n))).map(codeOf), ['replayed'])
  })
}
