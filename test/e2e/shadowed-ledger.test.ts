/** Shadow mode: the primary answers, the shadow is compared. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ledger } from '../../src/api/ledger.ts'
import { connect, shadowed, type ShadowDifference } from '../../src/client/index.ts'
import { openLedger } from '../../src/ledger.ts'
import { errorOf } from '../support/ledger-errors.ts'
import { RunningService } from '../support/running-service.ts'

/** What is told of a difference, in one line. */
function line(difference: ShadowDifference): string {
  const { kind, command, id, primary } = difference
  const seen = (amounts: Readonly<Record<string, bigint>>): string =>
    Object.entries(amounts)
      .filter(([name]) => kind === 'different' && difference.shadow.amounts[name] !== primary.amounts[name])
      .map(([name, amount]) => ` ${name}=${amount}`)
      .join('')
  const other = kind === 'different' ? difference.shadow.code : kind === 'failed' ? difference.error.code : ''
  return `${kind}: ${command} ${id}: ${primary.code} / ${other}${seen(primary.amounts)}`
}

/** A ledger whose calls stop until `open` is called. */
function closedGate(ledger: Ledger): { readonly ledger: Ledger; readonly open: () => void; readonly calls: number[] } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const calls: number[] = []
  const batch: Ledger['batch'] = async (commands, options) => {
    calls.push(commands.length)
    await promise
    return await ledger.batch(commands, options)
  }
  const gated = new Proxy(ledger, {
    get(target, property) {
      if (property === 'batch') return batch
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { ledger: gated, open: resolve, calls }
}

test('two equal ledgers have no difference, over every command', async () => {
  await using primary = await RunningService.start()
  await using shadow = await RunningService.start()
  // Its versions are others than those of the primary, as after an import.
  await using before = connect(shadow.url)
  await before.deposit({ account: 'user:8', amount: 5n })
  await before.charge({ account: 'user:8', amount: 5n })
  const differences: string[] = []
  const ledger = shadowed(connect(primary.url), connect(shadow.url), (one) => differences.push(line(one)))
  await ledger.declare({ asset: 'gem', decimals: 2 })
  await ledger.rate({ from: 'credit', to: 'gem', numerator: 1n, denominator: 3n })
  await ledger.house({ account: '@promo' })
  await ledger.open({ account: 'user:8', floor: -50n })
  await ledger.deposit({ account: 'user:8', amount: 1_000n })
  const { id } = await ledger.freeze({ account: 'user:8', amount: 600n })
  await ledger.settle(id, { amount: 100n, final: false })
  await ledger.amend(id, { by: 50n })
  await ledger.settle(id, { amount: 200n, ifSteps: 2 })
  await ledger.refund(id, { amount: 30n })
  const refused = await ledger.freeze({ account: 'user:8', amount: 1n, ifVersion: 99 }).catch(() => null)
  assert.equal(refused, null)
  await ledger.release((await ledger.freeze({ account: 'user:8', amount: 1n })).id)
  const { version } = await ledger.balance('user:8')
  await ledger.charge({ account: 'user:8', amount: 5n, ifVersion: version })
  await ledger.transfer({ legs: [{ from: 'user:8', to: 'user:9', amount: 10n, toAsset: 'gem' }] })
  await ledger.block({ account: 'user:9' })
  await ledger.unblock({ account: 'user:9' })
  await ledger.merge({ account: 'user:9', into: 'user:8' })
  assert.equal((await errorOf(ledger.charge({ account: 'user:8', amount: 9_999n }))).code, 'insufficient_funds')
  await ledger.batch([
    { kind: 'deposit', account: 'user:1', amount: 5n },
    { kind: 'release', hold: 'nobody' },
  ])
  const group = [
    { kind: 'charge', account: 'user:1', amount: 1n },
    { kind: 'charge', account: 'user:1', amount: 9n },
  ] as const
  await ledger.batch(group, { atomic: true })
  await ledger.shadowIdle()
  assert.deepEqual(differences, [])
  assert.deepEqual(ledger.shadowCounts, { waiting: 0, equal: 22, different: 0, failed: 0, dropped: 0 })
  await ledger.close()
})

test('another code or amount is told, with both sides', async () => {
  await using primary = await openLedger('memory:')
  await using shadow = await openLedger('memory:')
  await shadow.deposit({ account: 'user:8', amount: 7n })
  const differences: string[] = []
  const ledger = shadowed(primary, shadow, (one) => {
    differences.push(line(one))
    throw new Error('the code of the caller fails')
  })
  await ledger.deposit({ requestId: 'd', account: 'user:8', amount: 100n })
  await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 50n })
  await errorOf(ledger.charge({ requestId: 'c', account: 'user:8', amount: 55n }))
  await ledger.shadowIdle()
  await shadow.settle('h', { requestId: 'part', amount: 5n, final: false })
  await ledger.settle('h', { amount: 10n })
  await ledger.shadowIdle()
  assert.deepEqual(differences, [
    'different: charge c: insufficient_funds / applied',
    'different: settle h: applied / applied settled=10 released=40',
  ])
})

test('a shadow that hangs delays nothing, and what does not fit into its queue is dropped', async () => {
  const primary = await openLedger('memory:')
  const { ledger: slow, open, calls } = closedGate(await openLedger('memory:'))
  const differences: string[] = []
  const ledger = shadowed(primary, slow, (one) => differences.push(line(one)), {
    queueCommandsMax: 4,
    batchCommandsMax: 2,
  })
  await ledger.deposit({ requestId: 'd0', account: 'user:8', amount: 1n })
  while (calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  for (const number of [1, 2, 3, 4, 5]) await ledger.deposit({ requestId: `d${number}`, account: 'user:8', amount: 1n })
  assert.equal((await ledger.balance('user:8')).available, 6n)
  assert.deepEqual(ledger.shadowCounts, { waiting: 4, equal: 0, different: 0, failed: 0, dropped: 2 })
  assert.deepEqual(differences, ['dropped: deposit d4: applied / ', 'dropped: deposit d5: applied / '])
  open()
  await ledger.shadowIdle()
  assert.deepEqual(calls, [1, 2, 1])
  assert.deepEqual(ledger.shadowCounts, { waiting: 0, equal: 4, different: 0, failed: 0, dropped: 2 })
  await ledger.close()
})

test('a shadow that fails fails nothing, and is told', async () => {
  await using service = await RunningService.start()
  const primary = await openLedger('memory:')
  const differences: string[] = []
  const shadow = connect(service.url, { limits: { attemptsMax: 1 } })
  const ledger = shadowed(primary, shadow, (one) => differences.push(line(one)))
  await service.stop()
  await ledger.deposit({ requestId: 'd', account: 'user:8', amount: 1n })
  await ledger.shadowIdle()
  assert.deepEqual(differences, ['failed: deposit d: applied / service_unreachable'])
  await ledger.close()
})

test('what the primary did not decide is not sent to the shadow', async () => {
  await using service = await RunningService.start()
  const shadow = await openLedger('memory:')
  const ledger = shadowed(connect(service.url, { limits: { attemptsMax: 1 } }), shadow, () => assert.fail())
  await service.stop()
  assert.equal((await errorOf(ledger.deposit({ account: 'user:8', amount: 1n }))).code, 'service_unreachable')
  const both = [{ kind: 'deposit', account: 'user:8', amount: 1n }] as const
  assert.equal((await errorOf(ledger.batch(both, { atomic: true }))).code, 'service_unreachable')
  assert.deepEqual(ledger.shadowCounts, { waiting: 0, equal: 0, different: 0, failed: 0, dropped: 0 })
  await ledger.close()
})

test('closing waits for the shadow only for its time, and drops the rest', async () => {
  const { ledger: stuck } = closedGate(await openLedger('memory:'))
  const differences: string[] = []
  const ledger = shadowed(await openLedger('memory:'), stuck, (one) => differences.push(line(one)), {
    closeMsMax: 20,
    batchCommandsMax: 1,
  })
  await ledger.deposit({ requestId: 'd1', account: 'user:8', amount: 1n })
  await ledger.deposit({ requestId: 'd2', account: 'user:8', amount: 1n })
  await ledger.close()
  assert.deepEqual(differences, ['dropped: deposit d2: applied / '])
})
