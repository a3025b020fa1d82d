/** The address moves to another server while existing connections stay, as with a floating address or a proxy. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LedgerError } from '../../src/api/error.ts'
import { Fault } from '../../src/engine/faults.ts'
import { examine } from '../../src/doctor/examine.ts'
import { migrateLedger, openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'
import { PostgresPair, WITHOUT_POSTGRES_PAIR } from '../support/postgres-pair.ts'
import type { PrivateServer } from '../support/private-server.ts'

const READERS = 40
const ATTEMPTS_MAX = 200
const ASK_AGAIN_MS = 20

class Failover implements AsyncDisposable {
  readonly pair: PostgresPair
  readonly proxy: CuttingProxy
  readonly #url: string

  private constructor(pair: PostgresPair, proxy: CuttingProxy, url: string) {
    this.pair = pair
    this.proxy = proxy
    this.#url = url
  }

  /** `user:8` has 1,000 coins on both servers, and the proxy leads to the primary. */
  static async start(): Promise<Failover> {
    let url = ''
    const pair = await PostgresPair.start(async (primary) => {
      url = await primary.createDatabase()
      await migrateLedger(url)
      await using ledger = await openLedger(url, { sweep: false })
      await ledger.deposit({ account: 'user:8', amount: 1_000n, requestId: 'd1' })
    })
    return new Failover(pair, await CuttingProxy.open(pair.primary.address), url)
  }

  async through(): Promise<EmbeddedLedger> {
    return await openLedger(this.#at(this.proxy.port), { sweep: false })
  }

  async at({ address }: PrivateServer): Promise<EmbeddedLedger> {
    return await openLedger(this.#at(address.port), { sweep: false })
  }

  /** A store URL that names these servers. */
  several(servers: readonly PrivateServer[]): string {
    const hosts = servers.map(({ address: { host, port } }) => `${host}:${port}`).join()
    return `postgres://postgres@${hosts}${new URL(this.#url).pathname}`
  }

  /** Fences the old primary, which stays up, promotes the standby, and moves the address. */
  async switchOver(): Promise<void> {
    const { primary, standby } = this.pair
    await primary.execute('ALTER SYSTEM SET default_transaction_read_only = on')
    await primary.execute('SELECT pg_reload_conf()')
    await standby.execute('SELECT pg_promote()')
    this.proxy.leadTo(standby.address)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy[Symbol.asyncDispose]()
    await this.pair[Symbol.asyncDispose]()
  }

  #at(port: number): string {
    const url = new URL(this.#url)
    url.port = String(port)
    return url.href
  }
}

async function availableOf(ledger: EmbeddedLedger, account: string): Promise<bigint | undefined> {
  return (await ledger.account(account)).balances[0]?.available
}

/** Opens connections for readers and loaders. */
async function warmUp(ledger: EmbeddedLedger): Promise<void> {
  await Promise.all(Array.from({ length: READERS }, () => ledger.account('user:8')))
  await assert.rejects(ledger.settle('none', { amount: 1n }), { code: 'hold_not_found' })
  await ledger.deposit({ account: 'user:7', amount: 1n, requestId: 'd0' })
}

/** Retries until the call succeeds; only `unavailable` errors may precede. */
async function untilTaken<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      assert.ok(error instanceof LedgerError || error instanceof Fault)
      assert.equal(error.code, 'store_unavailable')
      assert.ok(attempt < ATTEMPTS_MAX)
      await sleep(ASK_AGAIN_MS)
    }
  }
}

describe('when another server became the primary', { skip: WITHOUT_POSTGRES_PAIR, concurrency: 2 }, () => {
  test('no reader answers from the old one, also before anything was written', async () => {
    await using failover = await Failover.start()
    await using ledger = await failover.through()
    await warmUp(ledger)
    await failover.switchOver()
    await using other = await failover.at(failover.pair.standby)
    await untilTaken(() => other.deposit({ account: 'user:8', amount: 500n, requestId: 'd2' }))
    const seen = await Promise.all(Array.from({ length: READERS }, () => availableOf(ledger, 'user:8')))
    assert.deepEqual(new Set(seen), new Set([1_500n]))
    assert.equal((await ledger.postings('user:8')).items.length, 2)
  })

  test('nothing is refused on the word of the old one', async () => {
    await using failover = await Failover.start()
    await using ledger = await failover.through()
    await warmUp(ledger)
    await failover.switchOver()
    await using other = await failover.at(failover.pair.standby)
    await untilTaken(() => other.deposit({ account: 'user:9', amount: 700n, requestId: 'd3' }))
    await other.freeze({ account: 'user:9', amount: 100n, requestId: 'h1' })
    // The rows of the old primary would reject each of these commands.
    await untilTaken(() => ledger.settle('h1', { amount: 100n }))
    await untilTaken(() => ledger.freeze({ account: 'user:9', amount: 600n, requestId: 'h2' }))
    assert.equal(await availableOf(ledger, 'user:9'), 0n)
  })

  test('a look at whether it is ready is enough to leave the old one', async () => {
    await using failover = await Failover.start()
    await using ledger = await failover.through()
    await warmUp(ledger)
    await failover.switchOver()
    await assert.rejects(ledger.engine.ready(), { code: 'store_unavailable', message: /reads only/ })
    await untilTaken(() => ledger.engine.ready())
    await ledger.deposit({ account: 'user:8', amount: 1n, requestId: 'd4' })
  })

  test('of several servers in a URL the primary is used, and what a failover would lack is a warning', async () => {
    await using failover = await Failover.start()
    const { primary, standby } = failover.pair
    const url = failover.several([standby, primary])
    await using ledger = await openLedger(url, { sweep: false })
    await ledger.deposit({ account: 'user:8', amount: 1n, requestId: 'd6' })
    const asynchronous = /commits wait for none of the others: synchronous_standby_names is empty/
    assert.match((await ledger.storage.inspect()).join(), asynchronous)
    const names = (await examine(url)).filter(({ severity }) => severity !== 'fine').map(({ id }) => id)
    assert.ok(names.includes('durability.replicas'))
    assert.ok(!names.includes('hosts.state'))
    await standby.kill()
    assert.match((await ledger.storage.inspect()).join(), /cannot be used: .*ECONNREFUSED/)
    const unreachable = (await examine(url)).find(({ id }) => id === 'hosts.unreachable')
    assert.equal(unreachable?.severity, 'risk')
    await primary.kill()
    await assert.rejects(openLedger(url), { code: 'store_unavailable', message: /None of the 2 servers/ })
    assert.deepEqual(
      (await examine(url)).map(({ id }) => id),
      ['server.unreachable'],
    )
  })

  test('a primary that comes back after its standby was promoted is not used again, also where both take writes', async () => {
    await using failover = await Failover.start()
    const { primary, standby } = failover.pair
    const url = failover.several([primary, standby])
    await using ledger = await openLedger(url, { sweep: false })
    await ledger.deposit({ account: 'user:8', amount: 1n, requestId: 'd7' })
    await primary.kill()
    await standby.execute('SELECT pg_promote()')
    await primary.start()
    await untilTaken(() => ledger.deposit({ account: 'user:8', amount: 1n, requestId: 'd8' }))
    await using fresh = await openLedger(url, { sweep: false })
    await fresh.deposit({ account: 'user:8', amount: 1n, requestId: 'd9' })
    await using promoted = await failover.at(standby)
    for (const requestId of ['d8', 'd9']) {
      assert.equal((await promoted.deposit({ account: 'user:8', amount: 1n, requestId })).replayed, true)
    }
    assert.match((await ledger.storage.inspect()).join(), /take writes at the same time/)
  })

  test('a reader that was given a standby does not stay with it', async () => {
    await using failover = await Failover.start()
    const { primary, standby } = failover.pair
    failover.proxy.leadTo(standby.address)
    await using ledger = await failover.through()
    await Promise.all(Array.from({ length: READERS }, () => ledger.account('user:8')))
    await standby.execute('SELECT pg_wal_replay_pause()')
    failover.proxy.leadTo(primary.address)
    await using other = await failover.at(primary)
    await other.deposit({ account: 'user:8', amount: 500n, requestId: 'd5' })
    for (let attempt = 1; (await availableOf(ledger, 'user:8')) !== 1_500n; attempt++) {
      assert.ok(attempt < ATTEMPTS_MAX)
      await sleep(ASK_AGAIN_MS)
    }
  })
})
