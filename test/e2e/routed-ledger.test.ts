/** A staged rollout: one ledger in front of two services. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CommandInput, Ledger } from '../../src/api/ledger.ts'
import { cohort, connect, routed } from '../../src/client/index.ts'
import { openLedger } from '../../src/ledger.ts'
import { errorOf } from '../support/ledger-errors.ts'
import { RunningService } from '../support/running-service.ts'

interface Pair extends AsyncDisposable {
  readonly next: Ledger
  readonly current: Ledger
  readonly services: readonly [next: RunningService, current: RunningService]
  /** Another process with the same rule. */
  front(): Ledger
}

/** Two services with books of their own. Accounts `new:…` belong to `next`. */
async function pair(): Promise<Pair> {
  const services = [await RunningService.start(), await RunningService.start()] as const
  const [next, current] = services.map(({ url }) => connect(url)) as [Ledger, Ledger]
  return {
    next,
    current,
    services,
    front: () => routed({ rule: cohort({ prefixes: ['new:'] }), chosen: next, otherwise: current }),
    async [Symbol.asyncDispose]() {
      await Promise.all([next.close(), current.close()])
      for (const service of services) await service.stop()
    },
  }
}

async function available(ledger: Ledger, account: string): Promise<bigint | null> {
  const { items } = await ledger.accounts({ prefix: account })
  return items[0]?.available ?? null
}

async function code(promise: Promise<unknown>): Promise<string> {
  return (await errorOf(promise)).code
}

describe('two sets of books', () => {
  test('every account is in one ledger, whichever call names it', async () => {
    await using two = await pair()
    const ledger = two.front()
    await Promise.all(['new:1', 'old:1'].map((account) => ledger.deposit({ account, amount: 100n })))
    await ledger.open({ account: 'new:2', floor: -50n })
    await ledger.charge({ account: 'new:2', amount: 20n })
    await ledger.transfer({ legs: [{ from: 'old:1', to: 'old:2', amount: 30n }] })
    await ledger.merge({ account: 'old:2', into: 'old:1' })
    await ledger.block({ account: 'new:1' })
    const amounts = async (of: Ledger) =>
      await Promise.all(['new:1', 'new:2', 'old:1', 'old:2'].map((account) => available(of, account)))
    assert.deepEqual(await amounts(two.next), [100n, -20n, null, null])
    assert.deepEqual(await amounts(two.current), [null, null, 100n, 0n])
    assert.equal((await ledger.account('new:1')).standing, 'blocked')
    assert.equal((await ledger.balance('old:1')).available, 100n)
    const { items } = await ledger.postings('new:2')
    assert.deepEqual(
      items.map(({ change }) => change),
      [-20n, 0n],
    )
  })

  test('the calls of a hold go where it was frozen, also from a process that did not freeze it', async () => {
    await using two = await pair()
    const ledger = two.front()
    for (const account of ['new:1', 'old:1']) {
      await ledger.deposit({ account, amount: 1_000n })
      await ledger.freeze({ requestId: `${account}/a`, account, amount: 100n })
      await ledger.settle(`${account}/a`, { requestId: `${account}/p`, amount: 40n, final: false })
      const other = two.front()
      await other.amend(`${account}/a`, { amount: 90n })
      assert.equal((await other.hold(`${account}/a`)).amount, 90n)
      const settled = await two.front().settle(`${account}/a`, { amount: 20n })
      assert.deepEqual([settled.account, settled.settled, settled.released], [account, 60n, 30n])
      assert.equal((await two.front().refund(`${account}/a`, { amount: 5n })).refunded, 5n)
      assert.equal((await two.front().holdHistory(`${account}/a`)).items.length, 5)
      assert.equal((await two.front().entry(`${account}/p`)).hold, `${account}/a`)
      await ledger.charge({ requestId: `${account}/c`, account, amount: 10n })
      assert.equal((await two.front().refund(`${account}/c`, { amount: 10n })).refunded, 10n)
    }
    assert.equal(await code(ledger.release('nobody')), 'hold_not_found')
    assert.equal(await code(ledger.hold('nobody')), 'hold_not_found')
    assert.equal(await code(ledger.entry('nobody')), 'entry_not_found')
  })

  test('a hold that this process froze is not looked for', async () => {
    await using two = await pair()
    const ledger = two.front()
    await ledger.deposit({ account: 'new:1', amount: 10n })
    const { id } = await ledger.freeze({ account: 'new:1', amount: 5n })
    two.services[1].requests.length = 0
    await ledger.release(id)
    assert.deepEqual(two.services[1].requests, [])
  })

  test('a fault of the first ledger is no reason to ask the second', async () => {
    await using two = await pair()
    await two.services[1].stop()
    const ledger = routed({
      rule: cohort({ prefixes: ['new:'] }),
      chosen: two.next,
      otherwise: connect(two.services[1].url, { limits: { attemptsMax: 1 } }),
    })
    two.services[0].requests.length = 0
    assert.equal(await code(ledger.release('anything')), 'service_unreachable')
    assert.deepEqual(two.services[0].requests, [])
    await two.services[1].start()
  })

  test('a command across both ledgers is refused before it has an effect', async () => {
    await using two = await pair()
    const ledger = two.front()
    for (const account of ['new:1', 'old:1']) await ledger.deposit({ account, amount: 100n })
    await ledger.freeze({ requestId: 'job', account: 'new:1', amount: 50n })
    const across = [
      () => ledger.transfer({ legs: [{ from: 'new:1', to: 'old:1', amount: 1n }] }),
      () => ledger.charge({ account: 'old:1', payee: 'new:1', amount: 1n }),
      () => ledger.merge({ account: 'new:1', into: 'old:1' }),
      () => ledger.settle('job', { amount: 1n, payee: 'old:1' }),
      () => two.front().settle('job', { amount: 1n, payee: 'old:1' }),
      () => ledger.transfer({ legs: [{ from: '@issuer', to: '@revenue', amount: 1n }] }),
      () => ledger.account('@revenue'),
      () => ledger.accounts(),
      () => ledger.holds({ state: 'open' }),
      () => ledger.entries(),
      () => ledger.stats(),
    ]
    for (const call of across) assert.equal(await code(call()), 'invalid_request', String(call))
    assert.equal(await available(two.next, 'new:1'), 50n)
    assert.equal(await available(two.current, 'old:1'), 100n)
    assert.equal((await two.front().settle('job', { amount: 1n, payee: 'new:2' })).settled, 1n)
  })

  test('a batch is split, and its outcomes keep their order', async () => {
    await using two = await pair()
    const ledger = two.front()
    await ledger.batch([
      { kind: 'deposit', account: 'new:1', amount: 10n },
      { kind: 'deposit', account: 'old:1', amount: 10n },
      { kind: 'freeze', requestId: 'old-hold', account: 'old:1', amount: 1n },
    ])
    const commands: readonly CommandInput[] = [
      { kind: 'freeze', requestId: 'n', account: 'new:1', amount: 6n },
      { kind: 'charge', account: 'old:1', amount: 100n },
      { kind: 'settle', hold: 'n', amount: 4n },
      { kind: 'release', hold: 'old-hold' },
      { kind: 'declare', asset: 'gem', decimals: 2 },
      { kind: 'release', hold: 'nobody' },
    ]
    const outcomes = await two.front().batch(commands)
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'applied' ? 'applied' : outcome.error.code)),
      ['applied', 'insufficient_funds', 'applied', 'applied', 'applied', 'hold_not_found'],
    )
    for (const books of [two.next, two.current]) {
      assert.deepEqual(
        (await books.assets()).map(({ code: asset }) => asset),
        ['credit', 'gem'],
      )
    }
    const atomic = [commands[0]!, { kind: 'charge', account: 'old:1', amount: 1n } as const]
    assert.equal(await code(ledger.batch(atomic, { atomic: true })), 'invalid_request')
    await two.front().batch([commands[0]!, commands[2]!], { atomic: true })
    const wrong = await errorOf(
      ledger.batch([commands[1]!, { kind: 'charge', account: 'old:1', payee: 'new:1', amount: 1n }]),
    )
    assert.equal(wrong.pointer, '/commands/1')
  })
})

test('with one set of books, every call is possible, and accounts still choose the service', async () => {
  await using books = await openLedger('memory:')
  const asked: string[] = []
  const named = (name: string): Ledger =>
    new Proxy(books, {
      get(target, property) {
        const value: unknown = Reflect.get(target, property, target)
        if (typeof value !== 'function') return value
        asked.push(name)
        return value.bind(target) as unknown
      },
    })
  const [chosen, otherwise] = [named('chosen'), named('otherwise')]
  const ledger = routed({ rule: cohort({ prefixes: ['new:'] }), chosen, otherwise, sameBooks: true })
  await ledger.deposit({ account: 'new:1', amount: 10n })
  await ledger.transfer({ legs: [{ from: 'new:1', to: 'old:1', amount: 4n }] })
  assert.deepEqual(asked.splice(0), ['chosen', 'chosen'])
  await ledger.deposit({ account: 'old:1', amount: 1n })
  assert.equal((await ledger.accounts()).items.length, 3)
  assert.equal(await code(ledger.release('nobody')), 'hold_not_found')
  assert.deepEqual(
    asked.splice(0).filter((name) => name === 'chosen'),
    [],
  )
})
