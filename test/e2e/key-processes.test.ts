/** Keys across processes: services over one database, and the command line at the database and at a service. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { newSecret } from '../../src/access/key-format.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { runHoldfast, ServiceProcess, type Ran } from '../../harness/service-process.ts'

let folder = ''
let files = 0

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-keys-'))
})
after(() => rm(folder, { recursive: true }))

function newStore(): string {
  return `sqlite:${join(folder, `ledger-${++files}.db`)}`
}

async function statusOf({ url }: ServiceProcess, key?: string): Promise<number> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const response = await fetch(`${url}/v1/assets`, { headers })
  await response.body?.cancel()
  return response.status
}

/** Asks until the answer is the expected one. A limit only ends a hang. */
async function until(expected: number, ask: () => Promise<number>): Promise<void> {
  for (let attempt = 0; (await ask()) !== expected; attempt++) {
    assert.ok(attempt < 600, `not ${expected} within a minute`)
    await sleep(100)
  }
}

/** Two services notice what is done at the database, and what is done at the other one. */
async function assertShared(store: string): Promise<void> {
  await using one = await ServiceProcess.start(store)
  await using other = await ServiceProcess.start(store)
  assert.deepEqual([await statusOf(one), await statusOf(other)], [200, 200])
  await using ledger = await openLedger(store, { sweep: false })
  const { secret: admin } = await ledger.keys.create({ name: 'admin', scopes: ['keys:admin'] })
  for (const service of [one, other]) {
    await until(401, () => statusOf(service))
    assert.equal(await statusOf(service, admin), 200)
  }
  const call = async (service: ServiceProcess, path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' }
    const response = await fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    assert.ok(response.ok, String(response.status))
    return (await response.json()) as Record<string, unknown>
  }
  const shop = String((await call(one, '/v1/keys', { name: 'shop', scopes: ['holds:write'] }))['secret'])
  // The one that made it knows it at once, the other one after a moment.
  assert.equal(await statusOf(one, shop), 200)
  await until(200, () => statusOf(other, shop))
  await call(one, '/v1/keys/shop/revoke', {})
  assert.equal(await statusOf(one, shop), 401)
  await until(401, () => statusOf(other, shop))
  await until(1, async () => ((await ledger.keys.list()).items.every(({ lastUsedAt }) => lastUsedAt !== null) ? 1 : 0))
  await ledger.keys.revoke('admin')
  for (const service of [one, other]) await until(401, () => statusOf(service, admin))
  assert.deepEqual([await statusOf(one), await statusOf(other)], [401, 401])
}

describe('services over one database agree about keys', () => {
  test('over SQLite', async () => {
    const store = newStore()
    await migrateLedger(store)
    await assertShared(store)
  })

  test('over PostgreSQL', { skip: WITHOUT_POSTGRES }, async () => {
    await using database = await PostgresDatabase.create()
    await migrateLedger(database.url())
    await assertShared(database.url())
  })

  for (const { name, url, reason } of mysqlServers()) {
    test(`over ${name}`, { skip: url === null && reason }, async () => {
      await using database = await MysqlDatabase.create(url!)
      await migrateLedger(database.url())
      await assertShared(database.url())
    })
  }
})

describe('a service that others can reach', () => {
  test('does not start without keys, and says how to make one', async () => {
    const store = newStore()
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'ledger.example']) {
      const { exitCode, stdout, stderr } = await runHoldfast(['serve', '--store', store, '--port', '0', '--host', host])
      assert.deepEqual([exitCode, stdout], [2, ''], stderr)
      assert.match(stderr, /has no keys.*holdfast keys create --admin --store URL.*--insecure/s)
    }
    {
      await using insecure = await ServiceProcess.start(store, ['--host', '0.0.0.0', '--insecure'])
      assert.equal(await statusOf(insecure), 200)
    }
    assert.equal((await runHoldfast(['keys', 'create', '--admin', '--store', store])).exitCode, 0)
    await using service = await ServiceProcess.start(store, ['--host', '0.0.0.0'])
    assert.equal(await statusOf(service), 401)
  })

  test('on loopback it starts by any of its names', async () => {
    const store = newStore()
    for (const host of ['127.0.0.1', '127.0.0.2', 'localhost']) {
      await using service = await ServiceProcess.start(store, ['--host', host])
      assert.match(service.output, /Holdfast serves/)
    }
  })
})

describe('the command line', () => {
  const run = (line: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> =>
    runHoldfast(line.split(' '), environment)

  test('makes the first key at the database, and the others at a service', async () => {
    const store = newStore()
    const made = await run('keys create --admin', { HOLDFAST_STORE: store })
    assert.match(made.stdout, /^hf_[0-9A-Za-z]{38}\n$/)
    assert.match(made.stderr, /Made the key "admin"\. This is the only time/)
    const admin = made.stdout.trim()
    await using service = await ServiceProcess.start(store)
    const environment = { HOLDFAST_URL: service.url, HOLDFAST_KEY: admin }
    const create =
      'keys create shop --scopes holds:write,deposits:write,accounts:read --accounts user: --accounts @revenue --json'
    const shop = JSON.parse((await run(create, environment)).stdout) as { secret: string; accounts: string[] }
    assert.deepEqual(shop.accounts, ['user:', '@revenue'])
    const wide = await run('keys create wide --scopes accounts:read --accounts user:8 --json', environment)
    assert.match(
      wide.stderr,
      /^warning: The key is for every account whose name begins with "user:8": also for "user:80"/,
    )
    const asShop = { HOLDFAST_URL: service.url, HOLDFAST_KEY: shop.secret }
    assert.equal((await run('deposit user:8 100', asShop)).exitCode, 0)
    assert.equal(
      (await run(`freeze user:8 60 --request-id h --key ${shop.secret}`, { HOLDFAST_URL: service.url })).exitCode,
      0,
    )
    for (const [line, pattern] of [
      ['deposit other 100', /forbidden: .*confined to accounts.*HOLDFAST_KEY/s],
      ['transfer user:8 user:9=1', /forbidden: .*lacks the scope transfers:write/],
      ['keys list', /forbidden: .*lacks the scope keys:admin/],
    ] as const) {
      const { exitCode, stderr } = await run(line, asShop)
      assert.equal(exitCode, 1, stderr)
      assert.match(stderr, pattern)
    }
    const token = (await run('keys token user:8 --expires-in 1h', asShop)).stdout.trim()
    assert.match((await run('account user:8', { ...asShop, HOLDFAST_KEY: token })).stdout, /credit +40 +60/)
    assert.equal((await run('account user:9', { ...asShop, HOLDFAST_KEY: token })).exitCode, 1)
    const list = await run('keys list', environment)
    assert.match(list.stdout, /admin +valid +all/)
    assert.match(list.stdout, /shop +valid .*user:\*, @revenue\*/)
    const rotated = await run('keys rotate shop --grace-ms 0', environment)
    assert.match(rotated.stderr, /another secret\. The one before has ended/)
    assert.equal((await run('account user:8', asShop)).exitCode, 1)
    assert.equal((await run('account user:8', { ...asShop, HOLDFAST_KEY: rotated.stdout.trim() })).exitCode, 0)
    assert.match((await run('keys revoke shop', environment)).stdout, /revoked.*within seconds/s)
    assert.match((await run('keys list', { HOLDFAST_STORE: store })).stdout, /shop +revoked/)
    const nobody = await run('account user:8', { HOLDFAST_URL: service.url })
    assert.match(nobody.stderr, /unauthenticated: .*HOLDFAST_KEY/s)
  })

  test('says what is wrong with an argument, in its own words', async () => {
    const environment = { HOLDFAST_STORE: newStore(), HOLDFAST_KEY: newSecret() }
    for (const [line, pattern] of [
      ['keys create', /--scopes LIST, or --admin/],
      ['keys create --scopes holds:write', /a name: holdfast keys create NAME/],
      ['keys create x --admin --scopes holds:write', /--admin gives every scope/],
      ['keys create x --scopes holds', /"holds" is no scope; they are holds:write/],
      ['keys create -- -x', /--scopes LIST/],
      ['keys create .x --admin', /name must be 1 to 64 characters/],
      ['keys create x --admin --accounts user:', /keys:admin cannot be confined/],
      ['keys create x --scopes holds:write --burst 5', /--burst is only possible together with/],
      ['keys rotate x --grace-ms 99999999999', /--grace-ms must be a whole number/],
      ['keys token user:8 --expires-in 25h', /expiresInMs must be|24h|whole number/],
    ] as const) {
      const { exitCode, stdout, stderr } = await run(line, environment)
      assert.deepEqual([exitCode, stdout], [2, ''], `${line}: ${stderr}`)
      assert.match(stderr, pattern)
    }
    assert.match((await run('keys rotate nobody', environment)).stderr, /key_not_found: .*"nobody"/)
    assert.match((await run('keys token user:8')).stderr, /HOLDFAST_KEY, or --key/)
  })
})
