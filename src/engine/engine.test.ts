import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, resultOf } from '../../test/support/outcome-codes.ts'
import { across, rate, transfer } from '../../test/support/commands.ts'
import { FaultyStore, type Mishap } from '../../test/support/faulty-store.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { quiet } from '../../test/support/quiet.ts'
import type { Command, FreezeCommand } from '../domain/command.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Changes } from '../domain/changes.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import type { Storage } from '../stores/storage.ts'
import { systemClock } from './clock.ts'
import { Engine, type EngineOptions } from './engine.ts'
import { Fault } from './faults.ts'
import type { Store, StoreClock } from './store.ts'

interface Bench {
  readonly engine: Engine
  readonly store: FaultyStore
  readonly storage: Storage
}

async function open(options: EngineOptions = {}, deposit = 1_000n): Promise<Bench> {
  const storage = openMemoryStorage()
  const store = new FaultyStore(storage.store)
  const engine = new Engine(store, options)
  await engine.submit(depositOf('first', deposit))
  store.calls.length = 0
  return { engine, store, storage }
}

function depositOf(requestId: string, amount: bigint, account = 'user:8'): Command {
  return { kind: 'deposit', requestId, account, asset: 'credit', amount, memo: null, metadata: null }
}

function freezeOf(requestId: string, amount: bigint, account = 'user:8'): FreezeCommand {
  const unlimited = { expiresInMs: null, expiresAt: null, onExpiry: null, metadata: null }
  return { kind: 'freeze', requestId, account, payee: '@revenue', asset: 'credit', amount, ...unlimited }
}

function settleOf(hold: string, amount: bigint): Command {
  return { kind: 'settle', hold, amount, overage: 'reject', payee: null, late: false }
}

async function availableOf({ storage }: Bench, account = 'user:8'): Promise<bigint> {
  return (await storage.reader.account(account))!.balances[0]!.available
}

async function assertLawful({ storage }: Bench): Promise<void> {
  for (const check of storage.auditor.checks) {
    assert.deepEqual(await storage.auditor.run(check, 10), [], `${check.id} ${check.title}`)
  }
}

test('commands that arrive together share one commit, and each gets its own outcome', async () => {
  const bench = await open()
  const outcomes = await Promise.all(
    Array.from({ length: 30 }, (_, index) => resultOf(bench.engine.submit(freezeOf(`h${index}`, 50n)))),
  )
  assert.deepEqual(outcomes.slice(0, 20), Array(20).fill('applied'))
  assert.deepEqual(outcomes.slice(20), Array(10).fill('insufficient_funds'))
  assert.deepEqual(
    bench.store.calls.filter((call) => call !== 'load'),
    ['commit'],
  )
  assert.equal(await availableOf(bench), 0n)
  await assertLawful(bench)
})

test('a hot balance is loaded once, and later batches decide on what was committed', async () => {
  const bench = await open()
  for (let index = 0; index < 5; index++) await bench.engine.submit(freezeOf(`h${index}`, 10n))
  assert.deepEqual(bench.store.calls, ['commit', 'commit', 'commit', 'commit', 'commit'])
})

test('what arrives while a batch is under way is the next batch', async () => {
  const bench = await open()
  let openGate = (): void => {}
  bench.store.gate = new Promise((resolve) => (openGate = resolve))
  const first = bench.engine.submit(freezeOf('h0', 1n))
  await quiet()
  const rest = Array.from({ length: 9 }, (_, index) => bench.engine.submit(freezeOf(`h${index + 1}`, 1n)))
  await quiet()
  assert.deepEqual(bench.store.calls, ['commit'])
  openGate()
  await Promise.all([first, ...rest])
  assert.deepEqual(bench.store.calls, ['commit', 'commit'])
})

test('a full batch is sent while the one before is under way, and both are answered in order', async () => {
  const bench = await open({ limits: { batchCommandsMax: 4 } })
  let openGate = (): void => {}
  bench.store.gate = new Promise((resolve) => (openGate = resolve))
  const answered: string[] = []
  const submit = (id: string): Promise<unknown> => bench.engine.submit(freezeOf(id, 1n)).then(() => answered.push(id))
  const all = Array.from({ length: 12 }, (_, index) => submit(`h${index}`))
  await quiet()
  assert.deepEqual(bench.store.calls, ['commit', 'commit'])
  assert.deepEqual(answered, [])
  openGate()
  await Promise.all(all)
  assert.deepEqual(
    answered,
    Array.from({ length: 12 }, (_, index) => `h${index}`),
  )
  assert.deepEqual(bench.store.calls, ['commit', 'commit', 'commit'])
  await assertLawful(bench)
})

test('when a batch fails that another one was decided on, both are decided again', async () => {
  for (const mishap of ['stale', 'contended', 'doubt-lost', 'doubt-applied', 'crash'] satisfies Mishap[]) {
    const bench = await open({ limits: { batchCommandsMax: 2 } }, 4n)
    bench.store.script.push(mishap)
    const outcomes = await Promise.all([
      resultOf(bench.engine.submit(freezeOf('a', 2n))),
      resultOf(bench.engine.submit(freezeOf('b', 2n))),
      resultOf(bench.engine.submit(freezeOf('c', 2n))),
      resultOf(bench.engine.submit(freezeOf('a', 2n))),
    ])
    const first = mishap === 'doubt-applied' ? 'replayed' : 'applied'
    assert.deepEqual(outcomes, [first, first, 'insufficient_funds', 'replayed'], mishap)
    assert.equal(await availableOf(bench), 0n)
    await assertLawful(bench)
  }
})

test('a repeat of a batch that is not durable yet waits for it, and falls with it', async () => {
  const bench = await open({ limits: { batchCommandsMax: 1 } })
  bench.store.script.push('unavailable')
  const outcomes = await Promise.all([
    resultOf(bench.engine.submit(freezeOf('a', 2n))),
    resultOf(bench.engine.submit(freezeOf('a', 2n))),
  ])
  assert.deepEqual(outcomes, ['store_unavailable/no', 'applied'])
})

test('an asset whose declaration failed is not there, neither for what came with it nor for what comes later', async () => {
  const bench = await open({ limits: { batchCommandsMax: 1 } })
  let openGate = (): void => {}
  bench.store.gate = new Promise((resolve) => (openGate = resolve))
  bench.store.script.push('unavailable')
  const gem = { kind: 'declare', asset: 'gem', decimals: 2, name: 'Gem' } as const
  const inGems = (requestId: string): Command => ({ ...depositOf(requestId, 1n), asset: 'gem' }) as Command
  const together = [gem, inGems('d1')].map((command) => resultOf(bench.engine.submit(command)))
  await quiet()
  openGate()
  assert.deepEqual(await Promise.all(together), ['store_unavailable/no', 'unknown_asset'])
  assert.equal(await resultOf(bench.engine.submit(inGems('d2'))), 'unknown_asset')
  assert.equal(await resultOf(bench.engine.submit(gem)), 'applied')
  assert.equal(await resultOf(bench.engine.submit(inGems('d3'))), 'applied')
})

test('a rate whose declaration failed is not exchanged at, neither by what came with it nor by what comes later', async () => {
  const bench = await open()
  const gem = { kind: 'declare', asset: 'gem', decimals: 0, name: 'Gem' } as const
  await bench.engine.submit(gem)
  bench.store.script.push('unavailable')
  const first = rate('credit', 'gem', [1n, 1n])
  const swap = (requestId: string): Command => transfer(requestId, [across('user:8', 'b', [5n, 'credit'], ['gem'])])
  const together = [first, swap('t1')].map((command) => resultOf(bench.engine.submit(command)))
  assert.deepEqual(await Promise.all(together), ['store_unavailable/no', 'store_unavailable/no'])
  assert.equal(await resultOf(bench.engine.submit(swap('t1'))), 'unknown_rate')
  assert.equal(await resultOf(bench.engine.submit(first)), 'applied')
  assert.equal(await resultOf(bench.engine.submit(swap('t1'))), 'applied')
})

test('a remembered rate that another engine has followed costs a second try, and no more', async () => {
  const bench = await open()
  const other = new Engine(bench.storage.store, { houseStripe: 1 })
  await bench.engine.submit({ kind: 'declare', asset: 'gem', decimals: 0, name: 'Gem' })
  await bench.engine.submit(rate('credit', 'gem', [1n, 1n]))
  const swap = async (requestId: string) => {
    const work = transfer(requestId, [across('user:8', 'b', [5n, 'credit'], ['gem'])])
    const outcome = await bench.engine.submit(work)
    return outcome.status === 'applied' ? outcome.answer.legs![0]!.toAmount : outcome.rejection.code
  }
  assert.equal(await swap('t1'), 5n)
  assert.equal(await resultOf(other.submit(rate('credit', 'gem', [3n, 1n]))), 'applied')
  assert.equal(await swap('t2'), 15n)
  assert.deepEqual([bench.engine.stats.stale, bench.engine.stats.contended], [1, 0])
  // A cached rate of another engine is not returned as a replay either.
  assert.equal(await resultOf(bench.engine.submit(rate('credit', 'gem', [3n, 1n]))), 'replayed')
  assert.equal(await resultOf(other.submit(rate('credit', 'gem', [1n, 1n]))), 'applied')
  assert.equal(await resultOf(bench.engine.submit(rate('credit', 'gem', [3n, 1n]))), 'applied')
})

test('a hold is found, however little the engine remembers', async () => {
  const bench = await open({ limits: { cacheRequestsMax: 0, batchCommandsMax: 2 } })
  await bench.engine.submit(freezeOf('h', 1n))
  let openGate = (): void => {}
  bench.store.gate = new Promise((resolve) => (openGate = resolve))
  // The release has read its hold when the previous batch ends and the cache shrinks to its limit.
  const release = { kind: 'release', hold: 'h', cause: 'caller' } as const
  const work = [freezeOf('i', 1n), freezeOf('j', 1n), release, freezeOf('poor', 5_000n)]
  const outcomes = work.map((command) => resultOf(bench.engine.submit(command)))
  await quiet()
  openGate()
  assert.deepEqual(await Promise.all(outcomes), ['applied', 'applied', 'applied', 'insufficient_funds'])
})

test('a rejection rests on rows that were just read, not on remembered ones', async () => {
  const bench = await open({}, 10n)
  const other = new Engine(bench.storage.store)
  assert.equal(await resultOf(bench.engine.submit(freezeOf('h1', 10n))), 'applied')
  assert.equal(await resultOf(other.submit(depositOf('d2', 10n))), 'applied')
  assert.equal(await resultOf(bench.engine.submit(freezeOf('h2', 10n))), 'applied')
})

test('a rejection was true at one moment, also when it rests on what came before it in its batch', async () => {
  const gem: Command = { kind: 'declare', asset: 'gem', decimals: 2, name: 'Gem' }
  const legs = [
    { from: 'user:8', to: 'user:1', asset: 'credit', amount: 5n },
    { from: 'user:9', to: 'user:1', asset: 'credit', amount: 5n },
  ]
  // Before the commit, another engine funds user:9: at no instant is the first command in effect and user:9 without coins.
  const batches: readonly (readonly Command[])[] = [
    [rate('credit', 'gem', [1n, 1n]), transfer('t', [across('user:9', 'user:1', [5n, 'credit'], ['gem'])])],
    [depositOf('d', 5n), transfer('t', legs)],
  ]
  for (const batch of batches) {
    const bench = await open({}, 1n)
    await bench.engine.submit(gem)
    const other = new Engine(bench.storage.store)
    const commit = bench.store.commit.bind(bench.store)
    bench.store.commit = async (changes) => {
      bench.store.commit = commit
      await other.submit(depositOf('first of 9', 5n, 'user:9'))
      return await commit(changes)
    }
    const outcomes = await Promise.all(batch.map((command) => resultOf(bench.engine.submit(command))))
    assert.deepEqual(outcomes, ['applied', 'applied'])
    await assertLawful(bench)
  }
})

test('a repeated declaration rests on the name that the asset has now, not on a remembered one', async () => {
  const bench = await open()
  const other = new Engine(bench.storage.store)
  const declared = (engine: Engine, name: string) =>
    resultOf(engine.submit({ kind: 'declare', asset: 'gold', decimals: 2, name }))
  assert.equal(await declared(bench.engine, 'Gold'), 'applied')
  assert.equal(await declared(bench.engine, 'Gold'), 'replayed')
  assert.equal(await declared(other, 'Geld'), 'applied')
  assert.equal(await declared(bench.engine, 'Gold'), 'applied')
  assert.equal((await bench.storage.reader.assets()).items.find(({ code }) => code === 'gold')?.name, 'Gold')
})

test('two engines that declare one asset at once both return the creation time that is stored', async () => {
  const bench = await open()
  const late = new Engine(bench.storage.store, { clock: { ...systemClock, now: () => Date.now() + 7_000 } })
  // Both have read that there is no such asset.
  const load = bench.store.load.bind(bench.store)
  const declaration: Command = { kind: 'declare', asset: 'gem', decimals: 2, name: 'Gem' }
  let first: Outcome | null = null
  bench.store.load = async (keys) => {
    const snapshot = await load(keys)
    first ??= await late.submit(declaration)
    return snapshot
  }
  const second = await bench.engine.submit(declaration)
  const kept = (await bench.storage.reader.assets()).items.find(({ code }) => code === 'gem')
  assert.deepEqual(first, { status: 'applied', replayed: false, answer: kept })
  assert.deepEqual(second, { status: 'applied', replayed: true, answer: kept })
})

test('a repeat is not refused for want of what its original took', async () => {
  const bench = await open({}, 30n)
  const other = new Engine(bench.storage.store, { houseStripe: 1 })
  // Between two reads of one batch, another process does what the batch is about to do.
  const load = bench.store.load.bind(bench.store)
  let loads = 0
  bench.store.load = async (footprint) => {
    if (++loads === 2) await other.submit({ kind: 'group', commands: [freezeOf('h', 30n), settleOf('h', 30n)] })
    return await load(footprint)
  }
  const work = [freezeOf('h', 30n), { kind: 'release', hold: 'h', cause: 'caller' } as const, freezeOf('poor', 40n)]
  const outcomes = work.map((command) => resultOf(bench.engine.submit(command)))
  assert.deepEqual(await Promise.all(outcomes), ['replayed', 'hold_not_open', 'insufficient_funds'])
})

test('a repeat whose original is forgotten is found before anything is refused', async () => {
  const bench = await open({}, 10n)
  const original = await bench.engine.submit(freezeOf('h1', 10n))
  const other = new Engine(bench.storage.store)
  const repeat = await other.submit(freezeOf('h1', 10n))
  assert.ok(original.status === 'applied')
  assert.deepEqual(repeat, { ...original, replayed: true, current: original.answer })
  assert.equal(await resultOf(other.submit(freezeOf('h1', 9n))), 'request_id_reused')
})

test('two engines on one balance both make progress, and nothing is lost', async () => {
  const limits = { batchCommandsMax: 10 }
  const bench = await open({ limits }, 200n)
  const engines = [bench.engine, new Engine(bench.storage.store, { limits, houseStripe: 1 })]
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, (_, index) => resultOf(engines[index % 2]!.submit(freezeOf(`h${index}`, 1n)))),
  )
  assert.equal(outcomes.filter((outcome) => outcome === 'applied').length, 200)
  assert.equal(outcomes.filter((outcome) => outcome === 'insufficient_funds').length, 100)
  assert.ok(engines.some((engine) => engine.stats.stale > 0))
  await assertLawful(bench)
})

test('what was decided on a version that never came is not mistaken for another one of the same number', async () => {
  const bench = await open({ limits: { batchCommandsMax: 1 } }, 100n)
  const other = new Engine(bench.storage.store, { houseStripe: 1 })
  // Both freezes are sent together. Before the first arrives, the other engine creates the version that it would have created.
  let openGate = (): void => {}
  bench.store.gate = new Promise((resolve) => (openGate = resolve))
  const outcomes = [freezeOf('a', 10n), freezeOf('b', 20n)].map((command) => resultOf(bench.engine.submit(command)))
  await quiet()
  assert.deepEqual(bench.store.calls, ['commit', 'commit'])
  assert.equal(await resultOf(other.submit(freezeOf('c', 40n))), 'applied')
  openGate()
  assert.deepEqual(await Promise.all(outcomes), ['applied', 'applied'])
  assert.equal(await availableOf(bench), 30n)
  await assertLawful(bench)
})

test('a hold is ended as another process opened it, not as it was about to be opened here', async () => {
  const bench = await open({ limits: { batchCommandsMax: 1 } }, 100n)
  const other = new Engine(bench.storage.store, { houseStripe: 1 })
  let openGate = (): void => {}
  bench.store.gate = new Promise((resolve) => (openGate = resolve))
  const outcomes = [freezeOf('h', 10n), settleOf('h', 5n)].map((command) => resultOf(bench.engine.submit(command)))
  await quiet()
  assert.equal(await resultOf(other.submit({ ...freezeOf('h', 10n), payee: 'user:9' })), 'applied')
  openGate()
  assert.deepEqual(await Promise.all(outcomes), ['request_id_reused', 'applied'])
  assert.equal(await availableOf(bench, 'user:9'), 5n)
  await assertLawful(bench)
})

test('a call queued after others with longer deadlines keeps its own deadline', async () => {
  const clock = new ManualClock()
  const bench = await open({ clock, limits: { callTimeoutMsDefault: 20 } })
  bench.store.gate = new Promise(() => {})
  const patient = { timeoutMs: 2_000 }
  void resultOf(bench.engine.submit(freezeOf('taken', 1n), patient))
  await quiet()
  void resultOf(bench.engine.submit(freezeOf('waiting', 1n), patient))
  const behind = resultOf(bench.engine.submit(freezeOf('behind', 1n)))
  await clock.advance(1_000)
  assert.equal(await behind, 'deadline_exceeded/no')
})

test('a call whose rows are being read has its deadline too', async () => {
  const clock = (): Promise<StoreClock> => Promise.resolve({ serverAt: null, newestAt: null })
  const hangs = { load: () => new Promise(() => {}), clock } as unknown as Store
  const engine = new Engine(hangs, { limits: { callTimeoutMsDefault: 120 } })
  const keepAlive = setTimeout(() => {}, 2_000)
  // The engine has checked deadlines before this deadline passes, and has to check again.
  assert.equal(await resultOf(engine.submit(freezeOf('reading', 1n))), 'deadline_exceeded/unknown')
  clearTimeout(keepAlive)
})

test('a batch that keeps meeting other writers ends as contention, without an effect', async () => {
  const bench = await open({ limits: { attemptsMax: 3, pauseMsMax: 1 } })
  bench.store.script.push('stale', 'contended', 'stale', 'contended')
  assert.equal(await resultOf(bench.engine.submit(freezeOf('h', 1n))), 'contention/no')
  assert.equal(await availableOf(bench), 1_000n)
  assert.equal(await resultOf(bench.engine.submit(freezeOf('h', 1n))), 'applied')
})

test('after a lost connection the outcome is found out, whether the commit had come through or not', async () => {
  for (const mishap of ['doubt-lost', 'doubt-applied', 'crash'] satisfies Mishap[]) {
    const bench = await open()
    bench.store.script.push(mishap, 'unavailable', 'doubt-lost')
    const outcome = await bench.engine.submit(freezeOf('h', 10n))
    assert.ok(outcome.status === 'applied', mishap)
    // Rows do not show whose commit wrote them, so a commit that took effect is answered as a replay.
    assert.equal(outcome.replayed, mishap === 'doubt-applied', mishap)
    assert.equal(await availableOf(bench), 990n)
    assert.equal(bench.engine.stats.doubts, 1)
    await assertLawful(bench)
  }
})

test('what is refused after a lost connection cannot come through later', async () => {
  const clock = new ManualClock()
  const bench = await open({ clock })
  // The commit arrives after every caller has given up; by then the hold that it opens has expired.
  let late: Changes | null = null
  bench.store.commit = async (changes) => {
    late = changes
    await clock.sleep(30)
    throw new Fault('commit_in_doubt', 'The connection was lost.', { applied: 'unknown' })
  }
  const call = resultOf(bench.engine.submit({ ...freezeOf('h', 10n), expiresAt: clock.now() + 20 }))
  await clock.advance(1_000)
  const outcome = await call
  const arrival = await bench.storage.store.commit(late!)
  assert.deepEqual([outcome, arrival], ['applied', 'stale'])
  assert.equal(await availableOf(bench), 990n)
})

test('a doubt that cannot be resolved in time is reported as such', async () => {
  const bench = await open({ limits: { doubtMsMax: 20 } })
  bench.store.script.push('doubt-applied', ...Array<Mishap>(20).fill('unavailable'))
  assert.equal(await resultOf(bench.engine.submit(freezeOf('h', 10n))), 'commit_in_doubt/unknown')
})

test('a command that the database refuses fails alone, wherever it stands in its batch', async () => {
  for (const poisoned of [0, 3, 6]) {
    const bench = await open()
    bench.store.refuses = (changes) => changes.holdsOpened.some((hold) => hold.id === `h${poisoned}`)
    const outcomes = await Promise.all(
      Array.from({ length: 7 }, (_, index) => resultOf(bench.engine.submit(freezeOf(`h${index}`, 1n)))),
    )
    assert.deepEqual(
      outcomes,
      Array.from({ length: 7 }, (_, index) => (index === poisoned ? 'store_refused/no' : 'applied')),
    )
    await assertLawful(bench)
  }
})

test('a command that breaks the rules themselves fails alone', async () => {
  const bench = await open()
  const broken = { ...freezeOf('broken', 1n), amount: 1 as unknown as bigint }
  const outcomes = await Promise.all(
    [freezeOf('a', 1n), broken, freezeOf('b', 1n)].map((command) => resultOf(bench.engine.submit(command))),
  )
  assert.deepEqual(outcomes, ['applied', 'internal/no', 'applied'])
})

test('a command so malformed that its rows cannot be named fails alone, and the engine goes on', async () => {
  const bench = await open()
  const malformed = [
    { kind: 'transfer', requestId: 't', legs: null },
    { kind: 'group', commands: [null] },
    { kind: 'group', commands: { length: 'many' } },
    { kind: 'group' },
    null,
  ] as unknown as Command[]
  for (const [index, command] of malformed.entries()) {
    // Alone, with others, and during a batch that opens holds.
    assert.equal(await resultOf(bench.engine.submit(command)), 'internal/no')
    const outcomes = await Promise.all(
      [freezeOf(`a${index}`, 1n), command, settleOf(`a${index}`, 1n), freezeOf(`b${index}`, 1n)].map((each) =>
        resultOf(bench.engine.submit(each)),
      ),
    )
    assert.deepEqual(outcomes, ['applied', 'internal/no', 'applied', 'applied'], `command ${index}`)
  }
  assert.equal(bench.engine.queueDepth, 0)
  await assertLawful(bench)
})

test('a group takes effect whole or not at all', async () => {
  const bench = await open({}, 10n)
  const refused = await bench.engine.submit({
    kind: 'group',
    commands: [freezeOf('a', 6n), freezeOf('b', 6n), freezeOf('c', 1n)],
  })
  assert.deepEqual(refused.map(codeOf), ['batch_aborted', 'insufficient_funds', 'batch_aborted'])
  assert.equal(await availableOf(bench), 10n)
  const applied = await bench.engine.submit({
    kind: 'group',
    commands: [freezeOf('a', 6n), settleOf('a', 5n), freezeOf('b', 5n)],
  })
  assert.deepEqual(applied.map(codeOf), ['applied', 'applied', 'applied'])
  assert.equal(await availableOf(bench), 0n)
  await assertLawful(bench)
})

test('a full queue answers overloaded at once, and nothing of it happens', async () => {
  const bench = await open({ limits: { queueCommandsMax: 3 } })
  const outcomes = await Promise.all(
    Array.from({ length: 5 }, (_, index) => resultOf(bench.engine.submit(freezeOf(`h${index}`, 1n)))),
  )
  assert.deepEqual(outcomes, ['applied', 'applied', 'applied', 'overloaded/no', 'overloaded/no'])
  assert.equal(await availableOf(bench), 997n)
})

test('a call that gives up while it waits had no effect; one that was taken may have one', async () => {
  const clock = new ManualClock()
  const bench = await open({ clock })
  let openGate = (): void => {}
  bench.store.gate = new Promise((resolve) => (openGate = resolve))
  const taken = resultOf(bench.engine.submit(freezeOf('taken', 1n), { timeoutMs: 30 }))
  await quiet()
  const abort = new AbortController()
  const aborted = resultOf(bench.engine.submit(freezeOf('aborted', 1n), { signal: abort.signal }))
  const queued = resultOf(bench.engine.submit(freezeOf('queued', 1n), { timeoutMs: 10 }))
  abort.abort()
  await clock.advance(1_000)
  assert.deepEqual(await Promise.all([taken, aborted, queued]), [
    'deadline_exceeded/unknown',
    'deadline_exceeded/no',
    'deadline_exceeded/no',
  ])
  assert.equal(
    await resultOf(bench.engine.submit(freezeOf('late', 1n), { signal: abort.signal })),
    'deadline_exceeded/no',
  )
  openGate()
  assert.equal(await resultOf(bench.engine.submit(freezeOf('taken', 1n))), 'replayed')
  assert.equal(await availableOf(bench), 999n)
})

test('every call has a deadline, also one that names none', async () => {
  const clock = new ManualClock()
  const bench = await open({ clock, limits: { callTimeoutMsDefault: 20 } })
  bench.store.gate = new Promise(() => {})
  const taken = resultOf(bench.engine.submit(freezeOf('taken', 1n)))
  await quiet()
  const queued = resultOf(bench.engine.submit(freezeOf('queued', 1n)))
  await clock.advance(1_000)
  assert.deepEqual(await Promise.all([taken, queued]), ['deadline_exceeded/unknown', 'deadline_exceeded/no'])
})

test('no wait depends on the time of day, which can be set back', async () => {
  const clock = new ManualClock()
  const limits = { callTimeoutMsDefault: 20, breakerFailures: 1, breakerOpenMs: 20, doubtMsMax: 20 }
  const bench = await open({ clock, limits })
  let openGate = (): void => {}
  bench.store.gate = new Promise((resolve) => (openGate = resolve))
  const waiting = resultOf(bench.engine.submit(freezeOf('waiting', 1n)))
  clock.offMs = -3_600_000
  await clock.advance(100)
  assert.equal(await waiting, 'deadline_exceeded/unknown')
  openGate()
  bench.store.script.push('doubt-lost', ...Array<Mishap>(20).fill('unavailable'))
  const patient = { timeoutMs: 1_000 }
  const doubtful = resultOf(bench.engine.submit(freezeOf('doubtful', 1n), patient))
  await quiet()
  clock.offMs = -7_200_000
  await clock.advance(100)
  assert.equal(await doubtful, 'commit_in_doubt/unknown')
  bench.store.script.length = 0
  await clock.advance(40)
  clock.offMs = -10_800_000
  assert.equal(await resultOf(bench.engine.submit(freezeOf('h', 1n), patient)), 'applied')
})

test('a database that keeps failing is given a pause, and one probe finds it well again', async () => {
  const clock = new ManualClock()
  const bench = await open({ clock, limits: { breakerFailures: 3, breakerOpenMs: 30 } })
  bench.store.script.push('unavailable', 'unavailable', 'unavailable')
  for (let index = 0; index < 3; index++) {
    assert.equal(await resultOf(bench.engine.submit(freezeOf(`h${index}`, 1n))), 'store_unavailable/no')
  }
  const writes = (): number => bench.store.calls.filter((call) => call !== 'load').length
  const before = writes()
  assert.equal(await resultOf(bench.engine.submit(freezeOf('h3', 1n))), 'store_unavailable/no')
  await assert.rejects(bench.engine.ready(), { code: 'store_unavailable' })
  assert.equal(writes(), before)
  await clock.advance(30)
  assert.equal(await resultOf(bench.engine.submit(freezeOf('h4', 1n))), 'applied')
  await bench.engine.ready()
})

test('stopping answers everything that was taken in, and takes nothing more', async () => {
  const bench = await open({ limits: { batchCommandsMax: 2 } })
  const all = Array.from({ length: 9 }, (_, index) => resultOf(bench.engine.submit(freezeOf(`h${index}`, 1n))))
  const stopped = bench.engine.stop()
  assert.equal(await resultOf(bench.engine.submit(freezeOf('late', 1n))), 'shutting_down/no')
  await stopped
  assert.deepEqual(await Promise.all(all), Array(9).fill('applied'))
  await assert.rejects(bench.engine.ready(), { code: 'shutting_down' })
})

test('stopping does not wait longer than its limit, and says what is certain', async () => {
  const clock = new ManualClock()
  const bench = await open({ clock, limits: { batchCommandsMax: 1, drainMsMax: 20 } })
  bench.store.gate = new Promise(() => {})
  const all = ['a', 'b', 'c', 'd'].map((id) => resultOf(bench.engine.submit(freezeOf(id, 1n))))
  await quiet()
  await Promise.all([bench.engine.stop(), clock.advance(20)])
  const unknown = 'commit_in_doubt/unknown'
  assert.deepEqual(await Promise.all(all), [unknown, unknown, 'shutting_down/no', 'shutting_down/no'])
})

test('the caches stay within their limits', async () => {
  const bench = await open({ limits: { cacheRequestsMax: 10, cacheBalancesMax: 5 } })
  for (let index = 0; index < 50; index++) {
    const account = `user:${index}`
    await bench.engine.submit(depositOf(`d${index}`, 10n, account))
    await bench.engine.submit(freezeOf(`h${index}`, 5n, account))
  }
  for (let index = 0; index < 50; index++) {
    const outcome = await bench.engine.submit({ kind: 'release', hold: `h${index}`, cause: 'caller' })
    assert.equal(outcome.status === 'applied' && outcome.answer.state, 'released')
  }
  await assertLawful(bench)
})
