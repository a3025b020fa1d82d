/** A primary whose commits wait for a standby, and its answers while the standby is away. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { Client } from 'pg'
import type { Changes } from '../../src/domain/changes.ts'
import type { Store } from '../../src/engine/store.ts'
import { LedgerError } from '../../src/api/error.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { openPostgresStorage } from '../../src/stores/postgres/storage.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { Books, changesOf } from '../conformance/books.ts'
import { charge, deposit, freeze } from '../support/commands.ts'
import { PostgresPair, WITHOUT_POSTGRES_PAIR } from '../support/postgres-pair.ts'
import type { PrivateServer } from '../support/private-server.ts'

const IN_DOUBT = { name: 'Fault', code: 'commit_in_doubt', applied: 'unknown' }
const UNAVAILABLE = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
const WAITING = `wait_event = 'SyncRep'`
const ASK_AGAIN_MS = 20
/** How long a commit waits in vain: longer than one takes on a busy machine. */
const IN_VAIN_MS = 300
const ATTEMPTS_MAX = 1_500

const nothing = (): Changes => changesOf({})

class Standbys implements AsyncDisposable {
  readonly pair: PostgresPair
  readonly #url: string

  private constructor(pair: PostgresPair, url: string) {
    this.pair = pair
    this.#url = url
  }

  /** `user:1` has 1,000 coins on both servers. */
  static async start(): Promise<Standbys> {
    let url = ''
    const pair = await PostgresPair.start(async (primary) => {
      url = await primary.createDatabase()
      await migrateLedger(url)
      await primary.execute('CREATE ROLE plain LOGIN IN ROLE pg_read_all_data, pg_write_all_data')
    })
    const standbys = new Standbys(pair, url)
    await pair.synchronise()
    await using storage = await openPostgresStorage(url)
    await new Books(storage.store).apply(deposit('d1', 'user:1', 1_000n))
    return standbys
  }

  url(of: PrivateServer = this.pair.primary, options: Readonly<Record<string, string | number>> = {}): string {
    const url = new URL(this.#url)
    url.port = String(of.address.port)
    for (const [name, value] of Object.entries(options)) url.searchParams.set(name, String(value))
    return url.href
  }

  async open(options: Readonly<Record<string, string | number>> = {}): Promise<Storage> {
    return await openPostgresStorage(this.url(this.pair.primary, options))
  }

  /** The server processes that satisfy `condition`, once there are some. */
  async processes(condition: string, action = 'pid'): Promise<readonly unknown[]> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const rows = await this.look(`SELECT ${action} AS done FROM pg_stat_activity WHERE ${condition}`)
      if (rows.length > 0) return rows
      await sleep(ASK_AGAIN_MS)
    }
    throw new Error(`There is no process with ${condition}.`)
  }

  async look(sql: string): Promise<readonly unknown[]> {
    const client = new Client({ connectionString: this.url() })
    await client.connect()
    try {
      const { rows } = await client.query<object>(sql)
      return rows
    } finally {
      await client.end()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pair[Symbol.asyncDispose]()
  }
}

describe('commits that wait for a standby', { skip: WITHOUT_POSTGRES_PAIR, concurrency: 2 }, () => {
  test('what a crash of the primary left there is not answered before the standby has it', async () => {
    await using standbys = await Standbys.start()
    const { primary, standby } = standbys.pair
    const ledger = await openLedger(standbys.url(primary, { statement_timeout_ms: 1_000 }))
    let isAway = false
    let answeredEarly = 0
    const depositIt = async (): Promise<string> => {
      try {
        await ledger.deposit({ account: 'user:1', amount: 5n, requestId: 'd2' })
        if (isAway) answeredEarly++
        return 'answered'
      } catch (error) {
        assert.ok(error instanceof LedgerError)
        return error.code
      }
    }
    await ledger.deposit({ account: 'user:1', amount: 1n, requestId: 'd3' })
    await standby.kill()
    isAway = true
    const first = depositIt()
    await standbys.processes(WAITING)
    await primary.kill()
    await primary.start()
    // The row is found, and waits for the standby like the commit before it.
    await standbys.processes(`${WAITING} AND query LIKE '%pg_logical_emit_message%'`)
    const repeated = depositIt()
    await sleep(200)
    assert.equal(answeredEarly, 0)
    isAway = false
    await standby.start()
    await Promise.all([first, repeated])
    assert.equal(answeredEarly, 0)
    for (let attempt = 0; (await depositIt()) !== 'answered'; attempt++) assert.ok(attempt < 100)
    await ledger.close()

    await primary.kill()
    await standby.execute('SELECT pg_promote()')
    await using promoted = await openLedger(standbys.url(standby))
    assert.equal((await promoted.account('user:1')).balances[0]?.available, 1_006n)
  })

  test('a commit whose wait was cancelled is in doubt, and what is found then waits too', async () => {
    await using standbys = await Standbys.start()
    await using storage = await standbys.open()
    const { store } = storage
    const books = new Books(store)
    const { changes } = await books.plan(charge('c1', 'user:1', 1n))
    await standbys.pair.standby.kill()
    const cancelled = async (action: () => Promise<unknown>, expected: object): Promise<void> => {
      const failed = assert.rejects(action(), expected)
      await standbys.processes(WAITING, 'pg_cancel_backend(pid)')
      await failed
    }
    await cancelled(() => store.commit(changes), IN_DOUBT)
    await cancelled(() => books.exclusive(charge('c2', 'user:1', 1n)), IN_DOUBT)
    // Both rows are on the primary only.
    for (const id of ['c1', 'c2']) {
      const keys = books.footprint(charge(id, 'user:1', 1n))
      await cancelled(() => store.load(keys), UNAVAILABLE)
      await cancelled(() => store.exclusive(keys, nothing), IN_DOUBT)
    }
    // A row that is not found does not wait for the standby.
    const other = books.footprint(charge('c3', 'user:1', 1n))
    assert.equal((await store.load(other)).requests.get('c3'), null)
    assert.equal(await store.exclusive(other, nothing), 'committed')

    await standbys.pair.standby.start()
    assert.ok((await store.load(books.footprint(charge('c1', 'user:1', 1n)))).requests.get('c1'))
    assert.equal(await store.exclusive(books.footprint(charge('c2', 'user:1', 1n)), nothing), 'committed')
  })

  test('a hold that is found is as durable as any other request', async () => {
    await using standbys = await Standbys.start()
    await using storage = await standbys.open()
    const { store } = storage
    const books = new Books(store)
    await books.apply(freeze('h1', 'user:1', 1n))
    await standbys.pair.standby.kill()
    const loaded = store.load(books.footprint(freeze('h1', 'user:1', 1n)))
    await standbys.processes(WAITING)
    await standbys.pair.standby.start()
    assert.ok((await loaded).requests.get('h1'))
  })

  test('commits that wait in vain do not use up the connections of the server', async () => {
    await using standbys = await Standbys.start()
    await using storage = await standbys.open({ statement_timeout_ms: IN_VAIN_MS, lock_timeout_ms: 10 })
    const { store } = storage
    await using patient = await standbys.open()
    const books = new Books(patient.store)
    const plans = await Promise.all([1, 2, 3].map((index) => books.plan(deposit(`d${index}0`, `user:${index}0`, 1n))))
    await standbys.pair.standby.kill()
    await assert.rejects(store.commit(plans[0]!.changes), IN_DOUBT)
    for (const { changes } of plans) {
      await assert.rejects(store.commit(changes), {
        ...UNAVAILABLE,
        message: /synchronous standby that does not answer/,
      })
      await sleep(IN_VAIN_MS)
    }
    await assert.rejects(store.ping(), UNAVAILABLE)
    assert.equal((await standbys.processes(WAITING)).length, 1)

    await standbys.pair.standby.start()
    for (
      let attempt = 0;
      (await standbys.look(`SELECT FROM pg_stat_activity WHERE ${WAITING}`)).length > 0;
      attempt++
    ) {
      assert.ok(attempt < ATTEMPTS_MAX)
      await sleep(ASK_AGAIN_MS)
    }
    for (let attempt = 0; !(await answers(store)); attempt++) {
      assert.ok(attempt < ATTEMPTS_MAX)
      await sleep(ASK_AGAIN_MS)
    }
    assert.equal(await store.commit(plans[0]!.changes), 'stale')
    assert.equal(await store.commit(changesOf(await later(books))), 'committed')
  })

  test('a standby that is away is warned of, and a user who cannot see it gets a remedy', async () => {
    await using standbys = await Standbys.start()
    const { primary, standby } = standbys.pair
    await using seeing = await standbys.open()
    const plain = new URL(standbys.url())
    plain.username = 'plain'
    await using blind = await openPostgresStorage(plain.href)
    assert.deepEqual(await seeing.inspect(), [])
    assert.match((await blind.inspect()).join(), /grant it the role pg_read_all_stats/)
    await standby.kill()
    for (const storage of [seeing, blind]) {
      for (let attempt = 0; !/asks for 1, and 0 are/.test((await storage.inspect()).join()); attempt++) {
        assert.ok(attempt < ATTEMPTS_MAX)
        await sleep(ASK_AGAIN_MS)
      }
    }
    await standby.start()
    await using replica = await openPostgresStorage(standbys.url(standby))
    assert.match(replica.warnings.join(), /takes reads only/)
    assert.equal(replica.warnings.length, 1)
    await primary.execute('GRANT pg_read_all_stats TO plain')
    await using granted = await openPostgresStorage(plain.href)
    for (let attempt = 0; (await granted.inspect()).length > 0; attempt++) {
      assert.ok(attempt < ATTEMPTS_MAX)
      await sleep(ASK_AGAIN_MS)
    }
  })
})

async function answers(store: Store): Promise<boolean> {
  return await store.ping().then(
    () => true,
    () => false,
  )
}

async function later(books: Books): Promise<Changes> {
  return (await books.plan(deposit('later', 'user:1', 1n))).changes
}
