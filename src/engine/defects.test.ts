/** The effect of a defect: its work ends as `internal`, none of it is written, and no other work is delayed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deposit, freeze, group } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { codeOf, resultOf } from '../../test/support/outcome-codes.ts'
import { quiet } from '../../test/support/quiet.ts'
import type { Work } from '../domain/command.ts'
import type { Changes } from '../domain/changes.ts'
import type { Footprint } from '../domain/footprint.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import type { Storage } from '../stores/storage.ts'
import { BatchContext } from './batch-context.ts'
import { systemClock, type Clock } from './clock.ts'
import { Engine } from './engine.ts'
import { Fault } from './faults.ts'
import { ENGINE_LIMITS } from './limits.ts'
import { Pipeline } from './pipeline.ts'
import type { CommitResult } from './store.ts'
import { Ticket, type WorkOutcome } from './ticket.ts'

/** A store that returns one balance under the id of another. */
class MixingStore extends FaultyStore {
  isMixing = true
  mixesUnderLocks = false

  override async load(footprint: Footprint): Promise<Snapshot> {
    const snapshot = await super.load(footprint)
    return this.isMixing ? mixed(snapshot) : snapshot
  }

  override async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    const isMixing = this.isMixing && this.mixesUnderLocks
    return await super.exclusive(footprint, (snapshot) => plan(isMixing ? mixed(snapshot) : snapshot))
  }
}

function mixed(snapshot: Snapshot): Snapshot {
  return { ...snapshot, balances: new Map([...snapshot.balances].map(([key, row]) => [key, { ...row, id: 1 }])) }
}

/** A deposit whose postings do not sum to zero: its amount changes each time it is read. */
function unbalanced(requestId: string): Work {
  let amount = 0n
  return deposit(requestId, 'user:8', { valueOf: () => ++amount } as never)
}

async function coinsOf({ reader }: Storage): Promise<bigint> {
  const account = await reader.account('user:8')
  return account?.balances[0]?.total ?? 0n
}

async function assertSound({ auditor }: Storage): Promise<void> {
  for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 10), [], check.title)
}

async function lawOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof Fault && error.cause instanceof Error, String(error))
    return error.cause.message
  }
  throw new Error('There was no fault.')
}

test('a command whose rule would break a law fails alone, and the others of its batch take effect', async () => {
  const storage = openMemoryStorage()
  const engine = new Engine(storage.store)
  const law = lawOf(engine.submit(unbalanced('b0')))
  const results = await Promise.all([
    resultOf(engine.submit(deposit('d1', 'user:8', 5n))),
    resultOf(engine.submit(unbalanced('b1') as never)),
    resultOf(engine.submit(deposit('d2', 'user:8', 6n))),
  ])
  assert.match(await law, /^Law 1 /)
  assert.deepEqual(results, ['applied', 'internal/no', 'applied'])
  assert.equal(await coinsOf(storage), 11n)
  assert.equal(await resultOf(engine.submit(deposit('b1', 'user:8', 1n))), 'applied', 'its request id is free')
  await assertSound(storage)
})

test('a store that mixes balances up has nothing written, and what it gives under locks is believed', async () => {
  const storage = openMemoryStorage()
  const store = new MixingStore(storage.store)
  const engine = new Engine(store)
  const asked = ['d1', 'd2', 'd3'].map((id) => resultOf(engine.submit(deposit(id, 'user:8', 5n))))
  assert.deepEqual(await Promise.all(asked), ['applied', 'applied', 'applied'])
  assert.ok(!store.calls.includes('commit'), 'nothing was sent on the rows that were mixed up')
  assert.equal(await coinsOf(storage), 15n)
  await assertSound(storage)
})

test('a store that mixes balances up under locks too has nothing written, and callers are answered', async () => {
  const storage = openMemoryStorage()
  const store = new MixingStore(storage.store)
  store.mixesUnderLocks = true
  const engine = new Engine(store)
  assert.match(await lawOf(engine.submit(deposit('d0', 'user:8', 5n))), /^Law 3 /)
  const asked = ['d1', 'd2', 'd3'].map((id) => resultOf(engine.submit(deposit(id, 'user:8', 5n))))
  assert.deepEqual(await Promise.all(asked), ['internal/no', 'internal/no', 'internal/no'])
  assert.ok(!store.calls.includes('commit'))
  assert.equal(await coinsOf(storage), 0n)
  store.isMixing = false
  assert.equal(await resultOf(engine.submit(deposit('d1', 'user:8', 5n))), 'applied')
  await engine.stop()
  await assertSound(storage)
})

test('after a defect that follows a successful commit, callers get an unknown effect', async () => {
  const storage = openMemoryStorage()
  const store = new FaultyStore(storage.store)
  /** Calls of the clock until one fails: the first after the commit only measures it. */
  let callsLeft = Infinity
  const clock: Clock = {
    ...systemClock,
    elapsed: () => {
      callsLeft--
      if (callsLeft === 0) throw new Error('A clock that stands still.')
      return systemClock.elapsed()
    },
  }
  const engine = new Engine(store, { clock })
  let open = (): void => {}
  store.gate = new Promise((resolve) => (open = resolve))
  const asked = ['d1', 'd2'].map((id) => resultOf(engine.submit(deposit(id, 'user:8', 5n))))
  await quiet()
  callsLeft = 2
  open()
  assert.deepEqual(await Promise.all(asked), ['internal/unknown', 'internal/unknown'])
  assert.equal(await resultOf(engine.submit(deposit('d1', 'user:8', 5n))), 'replayed')
  await engine.stop()
  assert.equal(await coinsOf(storage), 10n)
})

test('a batch beyond the limit of those in flight is refused before anything of it is sent', async () => {
  const storage = openMemoryStorage()
  const store = new FaultyStore(storage.store)
  let open = (): void => {}
  store.gate = new Promise((resolve) => (open = resolve))
  const limits = { ...ENGINE_LIMITS, batchesInFlightMax: 1 }
  const pipeline = new Pipeline(
    new BatchContext(store, systemClock, limits, { houseStripe: 0, acceptRowsAhead: false }),
    { onAnswering: () => {}, onParked: () => {} },
  )
  const taken = async (id: string): Promise<Promise<string>[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<WorkOutcome>()
    const ticket = new Ticket(
      { work: deposit(id, 'user:8', 5n), caller: '' },
      { submittedAt: 0, deadlineAt: Infinity },
      { resolve, reject },
    )
    const answer = resultOf(promise as Promise<Outcome>)
    await pipeline.process([ticket])
    return [answer]
  }
  const answers = [...(await taken('d1')), ...(await taken('d2'))]
  assert.equal(await answers[1], 'internal/no')
  assert.equal(pipeline.depth, 1)
  open()
  assert.equal(await answers[0], 'applied')
  assert.equal(pipeline.depth, 0)
  assert.equal(await coinsOf(storage), 5n)
})

test('a ticket has one outcome, and one that was rejected ignores what comes later', () => {
  const outcome = { status: 'rejected', rejection: { code: 'house_account', account: '@a' } } as const
  const heard: string[] = []
  const ticketOf = (): Ticket =>
    new Ticket(
      { work: freeze('h', 'user:8', 1n), caller: '' },
      { submittedAt: 0, deadlineAt: 0 },
      {
        resolve: (given) => heard.push(codeOf(given as typeof outcome)),
        reject: ({ code }) => heard.push(code),
      },
    )
  const resolved = ticketOf()
  resolved.resolve(outcome)
  resolved.reject(new Fault('internal', ''))
  assert.throws(() => resolved.resolve(outcome), /^Error: Law 6 /)
  const rejected = ticketOf()
  rejected.reject(new Fault('contention', ''))
  rejected.resolve(outcome)
  rejected.resolve(outcome)
  assert.deepEqual(heard, ['house_account', 'contention'])
})

test('a group without commands is refused at once', async () => {
  const engine = new Engine(openMemoryStorage().store)
  await assert.rejects(engine.submit(group()), { code: 'internal', applied: 'no' })
  assert.equal(engine.queueDepth, 0)
})
