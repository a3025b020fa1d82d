import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { beginningSql, BUSY, holdsSql } from '../../../harness/long-journal.ts'
import { fill, RICH, RICH_AT, richAccountSql } from '../../../harness/reading-load.ts'
import type { Reader } from '../../engine/reader.ts'
import type { Storage } from '../storage.ts'
import { pack } from './parcel.ts'
import { READING_LIMITS, ReadingThread } from './reading-thread.ts'
import { openSqliteStorage } from './storage.ts'

const ENTRY = new URL('./reading-thread-entry.ts', import.meta.url)

const UNAVAILABLE = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
const OVERLOADED = { name: 'Fault', code: 'overloaded', applied: 'no', retryAfterMs: 1_000 }
const BUSY_MS = 1_000
/** The longest processor time that reads may take of one turn of the calling thread; some 10 ms on a quiet machine. */
const TURN_MS_MAX = 40
const PAGES = 50
/** Balances of the account with many. */
const ASSETS = 5_000
/** Time in which the thread answers dozens of short pages. */
const PILED_UP_MS = 300
/** No hold expires later. */
const NEVER = Number.MAX_SAFE_INTEGER
const PAGE = { account: BUSY, asset: 'credit', kind: null, limit: 1_000, cursor: null }

/** The cursor of a page in the middle of a list. */
async function cursorOf(reader: Reader): Promise<string> {
  return (await reader.postings({ ...PAGE, limit: 10 })).next!
}

const BALANCES = {
  prefix: '',
  asset: 'credit',
  availableBelow: null,
  availableAbove: null,
  heldBelow: null,
  heldAbove: null,
  limit: 10,
} as const

/** One call of each method, and calls that fail. */
const CALLS: Readonly<Record<string, (reader: Reader) => Promise<unknown>>> = {
  'an account': (reader) => reader.account(BUSY),
  'an account that is not there': (reader) => reader.account('user:7'),
  'an account with many assets': (reader) => reader.account(RICH),
  'an account of then': (reader) => reader.accountAt(RICH, RICH_AT),
  'a balance': (reader) => reader.balance(BUSY, 'credit'),
  'a hold': (reader) => reader.hold('h7'),
  'holds of an account': (reader) =>
    reader.holds({ account: BUSY, asset: 'credit', state: null, limit: 700, cursor: null }),
  'open holds': (reader) => reader.holds({ account: null, asset: 'credit', state: 'open', limit: 10, cursor: null }),
  'the history of a hold': (reader) => reader.holdHistory({ hold: 'h7', limit: 10, cursor: null }),
  'due holds': (reader) => reader.due({ after: null, until: NEVER, limit: 10, placesMax: 100_000 }),
  'due holds, as far as was looked': (reader) => reader.due({ after: null, until: NEVER, limit: 10, placesMax: 10 }),
  'a full page': (reader) => reader.postings(PAGE),
  'the next page': async (reader) => reader.postings({ ...PAGE, cursor: await cursorOf(reader) }),
  'an empty page': (reader) => reader.postings({ ...PAGE, account: 'user:7' }),
  'an entry': (reader) => reader.entry('h7~settle'),
  assets: (reader) => reader.assets(),
  rates: (reader) => reader.rates({ limit: 10, cursor: null }),
  'the history of a rate': (reader) => reader.rateHistory({ from: 'credit', to: 'gem', limit: 10, cursor: null }),
  'balances of all': (reader) => reader.balances({ ...BALANCES, order: 'name', cursor: null }),
  'balances by an amount': (reader) => reader.balances({ ...BALANCES, order: 'available', cursor: null }),
  figures: (reader) => reader.stats({ now: NEVER, days: 3, limit: 10, cursor: null }),
  'the feed': (reader) => reader.feed({ limit: 10, cursor: null, start: 'beginning' }),
  'a cursor that no page gave out': (reader) => reader.postings({ ...PAGE, cursor: 'nonsense' }),
}

describe('the reading thread', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-reading-'))
  const file = join(folder, 'ledger.db')
  let threaded: Storage
  let direct: Storage

  before(async () => {
    threaded = await openSqliteStorage(file)
    const database = new DatabaseSync(file)
    fill(database, [...beginningSql('sqlite'), ...holdsSql(0, 'sqlite'), ...richAccountSql(ASSETS)])
    database.close()
    direct = await openSqliteStorage(file, { reads: 'caller' })
  })

  after(async () => {
    await threaded.close()
    await direct.close()
    rmSync(folder, { recursive: true })
  })

  for (const [what, call] of Object.entries(CALLS)) {
    test(`${what}: the answer is that of the calling thread`, async () => {
      const [expected, found] = await Promise.all([direct, threaded].map(({ reader }) => settled(call(reader))))
      assert.deepEqual(found, expected)
    })
  }

  test('every law is asked about with the same findings', async () => {
    for (const check of threaded.auditor.checks) {
      assert.deepEqual(await threaded.auditor.run(check, 3), await direct.auditor.run(check, 3), check.id)
    }
  })

  test('the calling thread has its turns while an account with many assets is read as it was', async (t) => {
    const { turns, cpuMs } = await watched(() => threaded.reader.accountAt(RICH, RICH_AT))
    t.diagnostic(`${turns} turns, the longest took ${cpuMs.toFixed(1)} ms of the processor.`)
    assert.ok(turns >= 100, `${turns} turns`)
    assert.ok(cpuMs <= TURN_MS_MAX, `${cpuMs} ms`)
  })

  test('no turn of the calling thread is long while many full pages are read', async (t) => {
    const pages = Array.from({ length: PAGES }, () => threaded.reader.postings(PAGE))
    const { turns, cpuMs } = await watched(() => Promise.all(pages))
    t.diagnostic(`${turns} turns, the longest took ${cpuMs.toFixed(1)} ms of the processor.`)
    assert.ok(turns >= PAGES, `${turns} turns`)
    assert.ok(cpuMs <= TURN_MS_MAX, `${cpuMs} ms`)
  })

  test('of answers that have piled up, one is unpacked in each turn', async () => {
    const atOnceMax = { lookups: 50, lists: 50 }
    const thread = new ReadingThread(ENTRY, { file, busyTimeoutMs: BUSY_MS }, { ...READING_LIMITS, atOnceMax })
    await thread.read('assets')
    let [inTurn, inTurnMost] = [0, 0]
    const reads = Array.from({ length: atOnceMax.lists }, async () => {
      await thread.read('postings', { ...PAGE, limit: 60 })
      inTurnMost = Math.max(inTurnMost, ++inTurn)
    })
    // Blocks the calling thread.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PILED_UP_MS)
    const { turns } = await watched(
      () => Promise.all(reads),
      () => (inTurn = 0),
    )
    assert.ok(turns >= atOnceMax.lists / 2, `${turns} turns`)
    // Two, if one arrives at the end of a turn and the other at the beginning of the next.
    assert.ok(inTurnMost <= 2, `${inTurnMost} in one turn`)
    await thread.close()
  })

  test('a look-up does not wait for the lists before it', async () => {
    let pages = 0
    const lists = Array.from({ length: 60 }, async () => {
      await threaded.reader.postings(PAGE)
      pages++
    })
    await threaded.reader.hold('h7')
    assert.ok(pages < 20, `${pages} pages came first`)
    await Promise.all(lists)
  })

  test('reads beyond the bound of the queue are overloaded, and the others are answered', async () => {
    const thread = new ReadingThread(ENTRY, { file, busyTimeoutMs: BUSY_MS }, { ...READING_LIMITS, queueReadsMax: 5 })
    const reads = Array.from({ length: 20 }, () => thread.read('postings', PAGE))
    const results = await Promise.allSettled(reads)
    const refused = results.filter((result) => result.status === 'rejected')
    // Two are on the thread, five are queued.
    assert.equal(refused.length, 13)
    for (const { reason } of refused)
      assert.deepEqual({ ...OVERLOADED, ...(reason as object) }, { ...(reason as object), ...OVERLOADED })
    await thread.close()
  })

  test('a read that waited for too long is overloaded', async () => {
    const thread = new ReadingThread(ENTRY, { file, busyTimeoutMs: BUSY_MS }, { ...READING_LIMITS, waitMsMax: 0 })
    const reads = Array.from({ length: 3 }, () => thread.read('postings', PAGE))
    const [, , last] = await Promise.allSettled(reads)
    assert.equal(last!.status, 'rejected')
    assert.match(String((last as PromiseRejectedResult).reason), /The read waited for \d+ ms/)
    await thread.close()
  })

  test('closing lets the reads end that the thread has, and gives up the others', async () => {
    const thread = new ReadingThread(ENTRY, { file, busyTimeoutMs: BUSY_MS })
    const reads = Array.from({ length: 5 }, () => thread.read('postings', PAGE))
    const results = Promise.allSettled(reads)
    await thread.close()
    assert.deepEqual(
      (await results).map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'],
    )
    await assert.rejects(thread.read('assets'), { ...UNAVAILABLE, message: 'The ledger is closed.' })
    await thread.close()
  })

  test('a thread that dies leaves nobody waiting, and the next read starts another', async () => {
    const thread = new ReadingThread(ENTRY, undefined as never)
    for (let round = 0; round < 2; round++) {
      const reads = Array.from({ length: 3 }, () => thread.read('postings', PAGE))
      for (const { status } of await Promise.allSettled(reads)) assert.equal(status, 'rejected')
    }
    await assert.rejects(thread.read('assets'), { ...UNAVAILABLE, message: 'The thread that was reading ended.' })
    await thread.close()
  })

  test('a file that cannot be opened is an error of each read', async () => {
    const thread = new ReadingThread(ENTRY, { file: join(folder, 'nothing.db'), busyTimeoutMs: BUSY_MS })
    for (let round = 0; round < 2; round++) {
      await assert.rejects(thread.read('assets'), { ...UNAVAILABLE, message: /unable to open/ })
    }
    await thread.close()
  })
})

test('an answer travels whole where it is short, and in parts of a bounded number of rows where it is long', () => {
  const rows = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
  assert.deepEqual(pack({ items: rows(50), next: null }), {
    head: { items: rows(50), next: null },
    key: null,
    parts: [],
  })
  const { head, key, parts } = pack({ account: 'user:8', balances: rows(2_001) })
  assert.deepEqual([head, key, parts.length], [{ account: 'user:8', balances: null }, 'balances', 3])
})

async function settled(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise
  } catch (error) {
    const { name, message } = error as Error
    return { name, message }
  }
}

interface Watched {
  readonly turns: number
  /** Processor time of the longest turn, which does not depend on the machine's load. */
  readonly cpuMs: number
}

/** The turns of the event loop during `act`. */
async function watched(act: () => Promise<unknown>, onTurn: () => void = () => {}): Promise<Watched> {
  let [turns, cpuMs, lastMs, isOver] = [0, 0, threadCpuMs(), false]
  const turn = (): void => {
    const nowMs = threadCpuMs()
    cpuMs = Math.max(cpuMs, nowMs - lastMs)
    lastMs = nowMs
    turns++
    onTurn()
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await act()
  isOver = true
  return { turns, cpuMs }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
