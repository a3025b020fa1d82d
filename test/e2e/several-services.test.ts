/** A client of several services: which one gets which calls, and what happens when one is gone. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { connect, type ConnectOptions, type Fetch, type Ledger } from '../../src/client/index.ts'
import { ServiceProcess } from '../../harness/service-process.ts'

const USERS = Array.from({ length: 12 }, (_, number) => `user:${number}`)

/** The addresses that were called, in order, and the accounts that were named. */
class Calls {
  readonly made: { readonly url: string; readonly account: string | null; readonly body: string }[] = []

  readonly fetch: Fetch = async (url, init) => {
    const account = new Headers(init.headers).get('holdfast-account')
    this.made.push({ url: new URL(url).origin, account, body: typeof init.body === 'string' ? init.body : '' })
    return await fetch(url, init)
  }

  /** The addresses of the calls whose body or path has this text. */
  about(text: string): readonly string[] {
    return [...new Set(this.made.filter(({ body }) => body.includes(text)).map(({ url }) => url))]
  }
}

class Site implements AsyncDisposable {
  readonly services: ServiceProcess[] = []
  #folder = ''

  /** Processes on one file. */
  static async start(count: number): Promise<Site> {
    const site = new Site()
    site.#folder = await mkdtemp(join(tmpdir(), 'holdfast-several-'))
    for (let number = 0; number < count; number++) site.services.push(await site.serve('0'))
    return site
  }

  async serve(port: string): Promise<ServiceProcess> {
    return await ServiceProcess.start(`sqlite:${join(this.#folder, 'ledger.db')}`, ['--port', port])
  }

  ledger(options: ConnectOptions): Ledger {
    return connect(
      this.services.map(({ url }) => url),
      { limits: { pauseMsMin: 5, pauseMsMax: 50 }, ...options },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.services) await service.kill()
    await rm(this.#folder, { recursive: true })
  }
}

async function assertTotals(ledger: Ledger, total: bigint): Promise<void> {
  for (const account of USERS) assert.equal((await ledger.account(account)).balances[0]?.available, total, account)
}

describe('a client with the addresses of several services', () => {
  test('sends the calls about one account to one of them, those about its holds too', async () => {
    await using site = await Site.start(2)
    const calls = new Calls()
    await using ledger = site.ledger({ fetch: calls.fetch, accountHeader: true })
    for (const account of USERS) {
      await ledger.deposit({ account, amount: 10n })
      await ledger.freeze({ account, amount: 4n, requestId: `job-${account}` })
      await ledger.settle(`job-${account}`, { amount: 1n })
    }
    const homes = USERS.map((account) => calls.about(`"${account}"`))
    for (const [index, account] of USERS.entries()) {
      assert.equal(homes[index]!.length, 1, account)
      assert.deepEqual(calls.about(`"job-${account}"`), homes[index])
    }
    assert.equal(new Set(homes.flat()).size, 2)
    for (const { account, body } of calls.made) assert.ok(account !== null && body.includes(account), body)
    await assertTotals(ledger, 9n)
  })

  test('goes on at another one when one is killed, loses and doubles nothing, and returns to it', async () => {
    await using site = await Site.start(2)
    const calls = new Calls()
    await using ledger = site.ledger({ fetch: calls.fetch })
    let rounds = 0
    let going = true
    const round = async (account: string): Promise<unknown> => await ledger.deposit({ account, amount: 1n })
    const callers = async (): Promise<void> => {
      while (going) {
        await Promise.all(USERS.map(round))
        rounds += 1
      }
    }
    const working = callers()
    const [first, second] = site.services
    const until = async (goal: number): Promise<void> => {
      while (rounds < goal) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until(3)
    await first!.kill()
    await until(rounds + 5)
    calls.made.length = 0
    await until(rounds + 2)
    assert.deepEqual([...new Set(calls.made.filter(({ body }) => body !== '').map(({ url }) => url))], [second!.url])
    site.services[0] = await site.serve(new URL(first!.url).port)
    const isUsed = (): boolean => calls.made.some(({ url, body }) => url === first!.url && body !== '')
    while (!isUsed()) await new Promise((resolve) => setTimeout(resolve, 20))
    going = false
    await working
    await assertTotals(ledger, BigInt(rounds))
  })

  test('needs at least one address, and takes each once', async () => {
    assert.throws(() => connect([]), { code: 'invalid_request' })
    assert.throws(() => connect(['http://127.0.0.1:1', 'ftp://a']), { code: 'invalid_request' })
    await using site = await Site.start(1)
    const [{ url }] = site.services as [ServiceProcess]
    await using ledger = connect([url, `${url}/`])
    await ledger.deposit({ account: 'user:8', amount: 1n })
  })
})
