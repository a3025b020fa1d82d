/** A stranger keeps the row of one balance locked, on every real database with locks of rows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { balanceKey, type BalanceName } from '../../src/domain/balance.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { assertLaws } from '../support/audited-ledger.ts'
import { realStores, type RealStore } from '../support/places.ts'
import { connectTo, type ServerClient } from '../../harness/server-client.ts'

const USERS = Array.from({ length: 20 }, (_, index) => `user:${index}`)
const HELD = 'user:8'
/** What one of the others may wait after the lock was found. On a busy machine a commit takes some time too. */
const GOES_ON_MS_MAX = 900

function namesOf(accounts: readonly string[]): ReadonlyMap<string, BalanceName> {
  return new Map(accounts.map((account) => [balanceKey(account, 'credit', 0), { account, asset: 'credit', stripe: 0 }]))
}

/** A program that keeps the lock of a row until it ends. */
class Stranger implements AsyncDisposable {
  readonly #client: ServerClient

  private constructor(client: ServerClient) {
    this.#client = client
  }

  static async hold(url: string, account: string): Promise<Stranger> {
    const client = await connectTo(url)
    await client.query('START TRANSACTION')
    await client.query(`SELECT id FROM balances WHERE account = '${account}' FOR UPDATE`)
    return new Stranger(client)
  }

  async end(): Promise<void> {
    await this.#client.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }
}

/** A server ends the transaction of a closed connection a little later. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!(await isTrue())) {
    assert.ok(performance.now() < deadline)
    await sleep(10)
  }
}

function describeLocked({ open }: RealStore): void {
  test('exactly the balances that are locked are found, without a wait, and nothing stays locked', async () => {
    await using place = await open()
    await migrateLedger(place.url)
    await using ledger = await openLedger(place.url, { sweep: false })
    for (const account of USERS) await ledger.deposit({ account, amount: 10n })
    const { store } = ledger.storage
    const names = namesOf([...USERS, 'user:nobody', '@issuer'])
    assert.deepEqual([...(await store.locked(names))], [])
    {
      await using _ = await Stranger.hold(place.url, HELD)
      const since = performance.now()
      assert.deepEqual([...(await store.locked(names))], [balanceKey(HELD, 'credit', 0)])
      assert.deepEqual([...(await store.locked(namesOf(['user:1'])))], [])
      assert.deepEqual([...(await store.locked(new Map()))], [])
      assert.ok(performance.now() - since < GOES_ON_MS_MAX)
      // Nothing that was looked at stays locked.
      await (await Stranger.hold(place.url, 'user:1')).end()
    }
    await until(async () => (await store.locked(names)).size === 0)
  })

  test('the others go on while the row is held, and its own commands are decided when it is free', async () => {
    await using place = await open()
    await migrateLedger(place.url)
    await using ledger = await openLedger(place.url, { sweep: false })
    for (const account of USERS) await ledger.deposit({ account, amount: 1_000n })
    await using stranger = await Stranger.hold(place.url, HELD)
    const held = ledger.freeze({ requestId: 'held', account: HELD, amount: 5n })
    await Promise.all(USERS.filter((user) => user !== HELD).map((account) => ledger.freeze({ account, amount: 1n })))
    assert.equal(ledger.engine.gauges().lockedBalances, 1)
    const late: number[] = []
    for (let round = 0; round < 10; round++) {
      const since = performance.now()
      const alsoHeld = ledger.freeze({ requestId: `held-${round}`, account: HELD, amount: 1n })
      await Promise.all(USERS.filter((user) => user !== HELD).map((account) => ledger.freeze({ account, amount: 1n })))
      late.push(performance.now() - since)
      void alsoHeld.catch(() => undefined)
      await sleep(20)
    }
    assert.ok(Math.max(...late) < GOES_ON_MS_MAX, `the others waited for ${late.map(Math.round).join(', ')} ms`)
    await stranger.end()
    assert.equal((await held).state, 'open')
    for (let round = 0; round < 10; round++)
      await ledger.freeze({ requestId: `held-${round}`, account: HELD, amount: 1n })
    const { balances } = await ledger.account(HELD)
    assert.equal(balances[0]?.held, 15n)
    assert.deepEqual([ledger.engine.gauges().lockedBalances, ledger.engine.gauges().parkedCommands], [0, 0])
    await assertLaws(ledger)
  })
}

for (const store of realStores()) {
  if (store.name === 'sqlite') continue
  describe(`a locked balance on ${store.name}`, () => describeLocked(store))
}
