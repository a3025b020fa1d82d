/** PgBouncer between Holdfast and PostgreSQL, in each of its modes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Fault } from '../../src/engine/faults.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { Books } from '../conformance/books.ts'
import { charge, deposit } from '../support/commands.ts'
import { PgBouncer, WITHOUT_PGBOUNCER, type PoolMode } from '../support/pgbouncer.ts'
import { PostgresLedger } from '../support/postgres-ledger.ts'
import { runHoldfast } from '../../harness/service-process.ts'

const REFUSED = {
  name: 'Fault',
  code: 'store_misconfigured',
  message: /pooler such as PgBouncer.*pool_mode to session/,
}

const ATTEMPTS_MAX = 200
const ASK_AGAIN_MS = 20

/** Another client uses the pooler and leaves `count` open connections to the server. */
async function warmUp(ledger: PostgresLedger, port: number, count: number): Promise<void> {
  const connectionString = ledger.database.url({}, { port })
  const clients = Array.from({ length: count }, () => new Client({ connectionString }))
  await Promise.all(clients.map((client) => client.connect()))
  await Promise.all(clients.map((client) => client.query('BEGIN')))
  await Promise.all(clients.map((client) => client.query('COMMIT')))
  await Promise.all(clients.map((client) => client.end()))
}

async function useIt({ store, reader }: Storage): Promise<void> {
  const books = new Books(store)
  await books.apply(deposit('through', 'user:1', 5n))
  await books.exclusive(charge('locked', 'user:1', 1n))
  await store.ping()
  assert.equal((await reader.account('user:1'))?.balances[0]?.available, 1_004n)
}

async function codeOf(call: Promise<void>): Promise<string> {
  return await call.then(
    () => 'none',
    (error: unknown) => (error as Fault).code,
  )
}

describe('a pooler', { skip: WITHOUT_PGBOUNCER, concurrency: 2 }, () => {
  const sharing: readonly (readonly [mode: PoolMode, settings: Readonly<Record<string, number>>])[] = [
    ['transaction', {}],
    ['transaction', { default_pool_size: 1 }],
    ['transaction', { server_round_robin: 1 }],
    ['statement', {}],
  ]
  for (const [mode, settings] of sharing) {
    const shown = [mode, ...Object.keys(settings)].join(', ')
    test(`that hands out a connection per piece of work is refused, however idle it is: ${shown}`, async () => {
      await using ledger = await PostgresLedger.create()
      await using bouncer = await PgBouncer.start(mode, settings)
      await assert.rejects(ledger.open({}, { port: bouncer.port }), REFUSED)
      if (shown.endsWith('round_robin')) await warmUp(ledger, bouncer.port, 3)
      for (let attempt = 0; attempt < 5; attempt++) {
        await assert.rejects(ledger.open({}, { port: bouncer.port }), REFUSED)
      }
    })
  }

  test('that hands out a connection per transaction is used when the URL insists', async () => {
    await using ledger = await PostgresLedger.create()
    await using bouncer = await PgBouncer.start('transaction')
    const { reader } = await ledger.open({ allowUnsupported: 'true' }, { port: bouncer.port })
    assert.equal((await reader.account('user:1'))?.balances[0]?.available, 1_000n)
  })

  test('that keeps a connection for its client is used like the server itself', async () => {
    await using ledger = await PostgresLedger.create()
    await using bouncer = await PgBouncer.start('session')
    await useIt(await ledger.open({}, { port: bouncer.port }))
  })

  test('that begins to hand connections around is noticed by a process that runs, and left alone when it stops', async () => {
    await using ledger = await PostgresLedger.create()
    await using bouncer = await PgBouncer.start('session')
    const storage = await ledger.open({}, { port: bouncer.port })
    await storage.store.ping()
    const pingIs = async (code: string): Promise<void> => {
      for (let attempt = 1; (await codeOf(storage.store.ping())) !== code; attempt++) {
        assert.ok(attempt < ATTEMPTS_MAX)
        await ledger.terminate()
        await sleep(ASK_AGAIN_MS)
      }
    }
    await bouncer.switchTo('transaction')
    await pingIs('store_misconfigured')
    await bouncer.switchTo('session')
    await pingIs('none')
  })

  test('that keeps connections and has none left is not taken for one that hands them around', async () => {
    await using ledger = await PostgresLedger.create()
    await using bouncer = await PgBouncer.start('session', { default_pool_size: 1 })
    const storage = await ledger.open({}, { port: bouncer.port })
    assert.deepEqual(await storage.inspect(), [])
  })

  test('that does not know the user is distinguished from one that is away', async () => {
    await using ledger = await PostgresLedger.create()
    await using bouncer = await PgBouncer.start('session')
    const by = { port: bouncer.port, user: 'nobody_knows' }
    await assert.rejects(ledger.open({}, by), { code: 'store_misconfigured', message: /to the pooler|password/ })
  })

  test('that is refused ends a command with what to do about it', async () => {
    await using ledger = await PostgresLedger.create()
    await using bouncer = await PgBouncer.start('transaction')
    const url = ledger.database.url({}, { port: bouncer.port })
    const { exitCode, stderr } = await runHoldfast(['account', 'user:1', '--store', url])
    assert.notEqual(exitCode, 0)
    assert.match(stderr, /store_misconfigured: .*pool_mode to session/)
  })
})
