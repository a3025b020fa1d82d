/** Passwords and tokens never appear in logs, answers, errors, help and the process list, especially after failures. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createToken } from '../../src/index.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'
import { administer, PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { ServiceProcess, spawnHoldfast } from '../../harness/service-process.ts'
import { tell } from './budget.ts'
import { CommandLineRunner } from './command-line-runner.ts'

const PASSWORD = 'Tr0ub4dor:/?#&3'
const TOKEN = 'token-5f2b9c'
/** The encodings of the secrets: in a URL, as plain text, in JSON and in a dump. */
const SECRETS = [PASSWORD, encodeURIComponent(PASSWORD), encodeURI(PASSWORD), 'Tr0ub4dor', TOKEN]

function assertNoSecret(where: string, text: string): void {
  for (const secret of SECRETS) assert.ok(!text.includes(secret), `${where}: ${text.slice(0, 2_000)}`)
}

function withPassword(url: string, user: string): string {
  const parsed = new URL(url)
  parsed.username = user
  parsed.password = encodeURIComponent(PASSWORD)
  return parsed.href
}

interface Locked {
  readonly url: string
  /** From now on, every connection of the user fails. */
  lock(): Promise<void>
}

/** A service whose user has a password, and whose database becomes unreachable during requests. */
async function assertServiceTellsNone(name: string, locked: Locked): Promise<void> {
  await using service = await ServiceProcess.start(locked.url, [
    '--log-level',
    'trace',
    '--log-requests',
    '--call-timeout-ms',
    '3000',
  ])
  let callsCount = 0
  const call = async (method: string, path: string, body?: string): Promise<number> => {
    const headers = { authorization: `Bearer ${TOKEN}`, cookie: `session=${TOKEN}`, 'content-type': 'application/json' }
    const response = await fetch(service.url + path, { method, headers, ...(body === undefined ? {} : { body }) })
    assertNoSecret(`${method} ${path}`, (await response.text()) + JSON.stringify([...response.headers]))
    callsCount += 1
    return response.status
  }
  const round = async (): Promise<number[]> => [
    await call('GET', '/readyz'),
    await call('GET', '/openapi.json'),
    await call('GET', `/v1/nowhere?token=${TOKEN}x`.replace(TOKEN, 'none')),
    await call('POST', '/v1/deposits', '{"account":"user:8","amount":1}'),
    await call('POST', '/v1/deposits', '{"account":'),
    await call('GET', '/v1/accounts/user:8'),
  ]
  assert.ok((await round()).every((status) => status < 500))
  await locked.lock()
  assert.ok(
    (await round()).some((status) => status >= 500),
    'nothing failed',
  )
  // On Linux: the command line that `ps` shows.
  const listed = await readFile(`/proc/${service.pid}/cmdline`, 'utf8').catch(() => '')
  assertNoSecret('the list of processes', listed)
  await service.stop()
  assert.match(service.log, /store_(?:misconfigured|unavailable)/)
  assertNoSecret('the log', service.log)
  assertNoSecret('stdout', service.output)
  tell(`calls to a failing service on ${name}, looked through for secrets`, callsCount)
}

for (const { name, url, reason } of mysqlServers()) {
  test(`a service whose ${name} fails reveals no password and no token`, { skip: url === null && reason }, async () => {
    await using database = await MysqlDatabase.create(url!)
    await migrateLedger(database.url())
    const user = await database.createUser('ALL')
    await database.query(`ALTER USER '${user}'@'%' IDENTIFIED BY '${PASSWORD}'`)
    await assertServiceTellsNone(name, {
      url: withPassword(database.url(), user),
      lock: async () => {
        await database.query(`ALTER USER '${user}'@'%' IDENTIFIED BY 'another'`)
        const rows = await database.query(`SELECT id AS id FROM information_schema.processlist WHERE user = '${user}'`)
        for (const { id } of rows) await database.query(`KILL ${String(id)}`)
      },
    })
  })
}

test('a service whose postgres fails reveals no password and no token', { skip: WITHOUT_POSTGRES }, async () => {
  await using database = await PostgresDatabase.create()
  await migrateLedger(database.url())
  const user = `holdfast_${process.pid}`
  await administer((client) => client.query(`CREATE ROLE ${user} LOGIN SUPERUSER PASSWORD '${PASSWORD}'`))
  try {
    await assertServiceTellsNone('postgres', {
      url: withPassword(database.url(), user),
      lock: async () => {
        await administer((client) => client.query(`ALTER ROLE ${user} NOLOGIN`))
        await database.client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${user}'`)
      },
    })
  } finally {
    await administer((client) => client.query(`DROP ROLE ${user}`))
  }
})

test('no log, answer, error and process list reveals a key or a token', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-hostile-'))
  const store = `sqlite:${join(folder, 'ledger.db')}`
  const seen: [where: string, text: string][] = []
  try {
    await using ledger = await openLedger(store)
    const { secret } = await ledger.keys.create({ name: 'shop', scopes: ['accounts:read'] })
    const token = await createToken(secret, { account: 'user:8' })
    // Wrong in one character, so nearly as useful to a thief.
    const typo = secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0')
    const secrets = [secret, token, typo].map((text) => text.slice(4, -4))
    await using service = await ServiceProcess.start(store, ['--log-level', 'trace', '--log-requests'])
    for (const key of [secret, token, typo, `${secret}x`]) {
      for (const path of ['/v1/accounts/user:8', '/v1/stats', '/v1/nowhere', '/readyz']) {
        const response = await fetch(service.url + path, { headers: { authorization: `Bearer ${key}` } })
        seen.push([path, (await response.text()) + JSON.stringify([...response.headers])])
      }
    }
    await using runner = new CommandLineRunner(folder, { HOLDFAST_STORE: store, TMPDIR: folder })
    for (const key of [secret, token, typo, `${secret} ${secret}`]) {
      for (const command of [['account', 'user:8'], ['stats'], ['keys', 'list'], ['keys', 'rotate', 'shop']]) {
        const { stdout, stderr } = await runner.run([...command, '--url', service.url, '--key', key])
        seen.push([command.join(' '), stdout + stderr])
      }
    }
    seen.push(['keys list', (await runner.run(['keys', 'list', '--json'])).stdout])
    const busy = spawnHoldfast(['entries', '--follow', '--url', 'http://127.0.0.1:1', '--key', secret])
    let listed = ''
    for (let attempt = 0; attempt < 200 && !listed.startsWith('holdfast'); attempt++) {
      listed = await readFile(`/proc/${busy.pid!}/cmdline`, 'utf8').catch(() => 'holdfast')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    seen.push(['the list of processes', listed])
    busy.kill()
    await service.stop()
    seen.push(['the log', service.log], ['stdout', service.output])
    for (const [where, text] of seen) {
      for (const hidden of secrets) assert.ok(!text.includes(hidden), `${where}: ${text.slice(0, 2_000)}`)
    }
    assert.match(service.log, /unauthenticated/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  tell('places looked through for keys and tokens', seen.length)
})

test('no command reveals the password of a URL, however it fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-hostile-'))
  const encoded = encodeURIComponent(PASSWORD)
  const urls = [
    // The first address has no server; the other URLs are invalid.
    `mysql://user:${encoded}@127.0.0.1:1/ledger`,
    `mysql://user:${encoded}@127.0.0.1/ledger?nonsense=1`,
    `mysql://user:${PASSWORD}@127.0.0.1/ledger`,
    `mysql://user:${encoded}%@127.0.0.1/ledger`,
    `postgres://user:${encoded}@127.0.0.1:1/ledger`,
    `postgres://user:${encoded}@%zz/ledger`,
    `postgres://user:${encoded}@127.0.0.1:99999/ledger`,
    `oracle://user:${encoded}@127.0.0.1/ledger`,
  ]
  const lines = [
    ...urls.flatMap((url) => [
      ['account', 'user:8', '--store', url],
      ['import', url, '--dry-run'],
      ['doctor', '--store', url],
    ]),
    ['verify', '--store', urls[0]!, '--json'],
    ['migrate', '--store', urls[4]!],
    ['serve', '--store', urls[1]!],
    ['account', 'user:8', '--url', `http://user:${encoded}@127.0.0.1:1`],
    ['account', 'user:8', '--url', `ftp://user:${encoded}@127.0.0.1:1`],
    ['account', 'user:8', '--url', `http://127.0.0.1:1/?token=${TOKEN}`],
    ['--help'],
    ['serve', '--help'],
  ]
  try {
    // Passwords belong in the environment. Help shows default values, but not this one.
    await using runner = new CommandLineRunner(folder, { HOLDFAST_STORE: urls[0]!, TMPDIR: folder })
    for (const parameters of lines) {
      const { exitCode, stdout, stderr } = await runner.run(parameters)
      assert.equal(exitCode === 0, parameters.includes('--help'), stdout + stderr)
      assert.doesNotMatch(stderr, /defect in Holdfast/)
      assertNoSecret(parameters[0]!, stdout + stderr)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  tell('command lines with a password, looked through for it', lines.length)
})
