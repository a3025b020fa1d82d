/** The promises of an import, from a real old database into real ledgers. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { MAPPING_DEFAULT } from '../../src/import/mapping.ts'
import { coinsKey } from '../../src/import/old-rows.ts'
import { openMysqlSource } from '../../src/import/mysql-source.ts'
import { openSource } from '../../src/import/open.ts'
import { openPostgresSource } from '../../src/import/postgres-source.ts'
import { migrateLedger, openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { assertLaws } from '../support/audited-ledger.ts'
import {
  insertOldRows,
  fillOldSystem,
  type OldRows,
  type OldSystem,
  type OldSystemServer,
} from '../support/old-system.ts'
import { runHoldfast, ServiceProcess, spawnHoldfast, type Ran } from '../../harness/service-process.ts'

let folder = ''
let fileCount = 0

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-import-'))
})
after(() => rm(folder, { recursive: true }))

function newStore(): string {
  fileCount += 1
  return `sqlite:${join(folder, `ledger-${fileCount}.db`)}`
}

interface Line extends Readonly<Record<string, unknown>> {
  readonly type: string
}

interface Imported extends Ran {
  readonly lines: readonly Line[]
  readonly summary: Line
}

/** Runs the import with `--json`; asserts its exit code. */
async function importFrom(old: OldSystem, parameters: readonly string[], exitCode: number): Promise<Imported> {
  const ran = await runHoldfast(['import', old.url, '--json', ...parameters])
  assert.equal(ran.exitCode, exitCode, ran.stdout + ran.stderr)
  const lines = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  return { ...ran, lines, summary: lines.at(-1)! }
}

function breachesIn({ lines }: Imported): readonly string[] {
  const breaches = lines.filter(({ type }) => type === 'breach')
  return breaches.map(({ table, row, code }) => [table, row ?? 'NULL', code].join(' ')).sort()
}

function messagesIn({ lines }: Imported): readonly string[] {
  return lines.filter(({ type }) => type === 'different').flatMap(({ messages }) => messages as readonly string[])
}

const MANY_USERS = 4_000

/** Every user has 100 coins, and every fourth also a freeze of 10. */
function manyRows(): OldRows {
  const numbers = Array.from({ length: MANY_USERS }, (_, index) => index + 1)
  return {
    users: numbers.map((user) => [user, 100, user % 4 === 0 ? 10 : 0]),
    freezes: numbers.filter((user) => user % 4 === 0).map((user) => [user, `call-${user}`, user, 10, 'frozen']),
  }
}

async function isThere(ledger: EmbeddedLedger, user: number): Promise<boolean> {
  return await ledger.hold(`call-${user}`).then(
    () => true,
    () => false,
  )
}

async function killOnceThere(parameters: readonly string[], isReached: () => Promise<boolean>): Promise<void> {
  const child = spawnHoldfast(parameters)
  const closed = once(child, 'close')
  child.stdout.resume()
  child.stderr.resume()
  while (child.exitCode === null && !(await isReached())) await sleep(5)
  child.kill('SIGKILL')
  assert.deepEqual(await closed, [null, 'SIGKILL'])
}

/** `available/held/version` of accounts; asserts that the laws hold. */
async function balancesIn(store: string, accounts: readonly string[]): Promise<readonly string[]> {
  await using ledger = await openLedger(store)
  await assertLaws(ledger)
  return await Promise.all(
    accounts.map(async (account) => {
      const [balance] = await ledger.account(account).then(
        ({ balances }) => balances,
        () => [],
      )
      return balance === undefined ? 'none' : `${balance.available}/${balance.held}/${balance.version}`
    }),
  )
}

const BUSY: OldRows = {
  users: [
    [8, 10_000, 1_016],
    [9, '9007199254740993', 0],
    [10, 0, 0],
    [11, 400, 400],
  ],
  freezes: [
    [1, 'call-1', 8, 616, 'frozen'],
    [2, 'call-2', 8, 400, 'frozen'],
    [3, 'call-3', 8, 77, 'settled'],
    [4, 'call-4', 11, 400, 'frozen'],
    [5, 'call-5', 999, 5, 'refunded'],
  ],
}
const BUSY_ACCOUNTS = ['user:8', 'user:9', 'user:10', 'user:11']
const BUSY_BALANCES = ['8984/1016/3', '9007199254740993/0/1', 'none', '0/400/2']

export function importSuite(server: OldSystemServer): void {
  describe(`an import from ${server.name}`, { skip: server.skip }, () => {
    test('balances become deposits, open freezes become holds of the same request ids', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const store = newStore()
      const { summary } = await importFrom(old, ['--store', store, '--verify'], 0)
      assert.partialDeepStrictEqual(summary, {
        usersCount: 4,
        assets: { credit: { coins: '9007199254751393', held: '1416', holdsCount: 3 } },
      })
      assert.deepEqual(await balancesIn(store, BUSY_ACCOUNTS), BUSY_BALANCES)
      await using ledger = await openLedger(store)
      const { state, amount, account, metadata } = await ledger.hold('call-1')
      assert.deepEqual({ state, amount, account }, { state: 'open', amount: 616n, account: 'user:8' })
      assert.deepEqual(metadata, { importedBy: 'import' })
      // A caller that froze in the old system settles in the new one.
      await ledger.settle('call-1', { amount: 500n })
    })

    for (const target of ['sqlite', server.name]) {
      test(`killed in the middle and run again, every user is in ${target} once and whole`, async () => {
        await using old = await server.create()
        await fillOldSystem(old, manyRows())
        await using database = await server.create()
        const store = target === 'sqlite' ? newStore() : database.url
        await migrateLedger(store)
        await using ledger = await openLedger(store)
        await killOnceThere(['import', old.url, '--store', store], () => isThere(ledger, MANY_USERS / 4))
        assert.equal(await isThere(ledger, MANY_USERS), false, 'the import had ended already')

        const again = await importFrom(old, ['--store', store, '--verify'], 0)
        const { imported, unchanged } = again.summary['users'] as { imported: number; unchanged: number }
        assert.equal(imported + unchanged, MANY_USERS)
        assert.ok(unchanged > 0)
        await assertLaws(ledger)
        const [issuer] = (await ledger.account('@issuer')).balances
        assert.equal(issuer!.available, BigInt(-100 * MANY_USERS))
      })
    }

    test('two imports at once bring every user once and whole', async () => {
      await using old = await server.create()
      await fillOldSystem(old, manyRows())
      await using database = await server.create()
      await migrateLedger(database.url)
      await Promise.all([1, 2].map(() => importFrom(old, ['--store', database.url], 0)))
      await using ledger = await openLedger(database.url)
      await assertLaws(ledger)
      const [issuer] = (await ledger.account('@issuer')).balances
      assert.equal(issuer!.available, BigInt(-100 * MANY_USERS))
    })

    test('a second run finds everything there and writes nothing', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const store = newStore()
      await importFrom(old, ['--store', store], 0)
      const { summary } = await importFrom(old, ['--store', store], 0)
      assert.partialDeepStrictEqual(summary, { users: { imported: 0, unchanged: 4, different: 0 } })
      assert.deepEqual(await balancesIn(store, BUSY_ACCOUNTS), BUSY_BALANCES)
    })

    test('the same goes through a service', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const store = newStore()
      {
        await using service = await ServiceProcess.start(store)
        await importFrom(old, ['--url', service.url, '--verify'], 0)
        await importFrom(old, ['--url', service.url, '--verify'], 0)
        await service.stop()
      }
      assert.deepEqual(await balancesIn(store, BUSY_ACCOUNTS), BUSY_BALANCES)
    })

    test('a dry run reports what would be done, needs no ledger and creates none', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const store = newStore()
      const { lines, summary } = await importFrom(old, ['--store', store, '--dry-run'], 0)
      assert.deepEqual(lines[1], {
        type: 'plan',
        account: 'user:8',
        asset: 'credit',
        user: '8',
        total: '10000',
        held: '1016',
        floor: '0',
        holds: [
          { requestId: 'call-1', amount: '616', metadata: {} },
          { requestId: 'call-2', amount: '400', metadata: {} },
        ],
        result: 'imported',
      })
      assert.partialDeepStrictEqual(summary, {
        users: { imported: 3, unchanged: 1, corrected: 0, different: 0, broken: 0 },
        assets: { credit: { holdsCount: 3 } },
      })
      const { exitCode } = await runHoldfast(['account', 'user:8', '--store', store])
      assert.notEqual(exitCode, 0)
    })

    test('with --dry-run, --verify compares every user and writes nothing', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const store = newStore()
      await importFrom(old, ['--store', store], 0)
      await importFrom(old, ['--store', store, '--dry-run', '--verify'], 0)
      await runHoldfast(['charge', 'user:9', '3', '--store', store])
      const compared = await importFrom(old, ['--store', store, '--dry-run', '--verify'], 1)
      assert.deepEqual(messagesIn(compared), [
        'user:9: 9007199254740993 available and 0 frozen in the old system, 9007199254740990 available and 0 held in the ledger.',
      ])
    })

    test('later changes of the old system are reported, and not imported', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const store = newStore()
      await importFrom(old, ['--store', store], 0)
      await changeOldSystem(old)
      const again = await importFrom(old, ['--store', store], 1)
      assert.deepEqual(messagesIn(again), [
        'user:8: 9100 available and 400 frozen in the old system, 8984 available and 1016 held in the ledger.',
        'user:11: the freeze call-9 of 400 has no hold in the ledger.',
      ])
      assert.deepEqual((await balancesIn(store, ['user:8', 'user:10'])).join(), '8984/1016/3,20/0/1')
    })

    test('with --follow, accounts that only imports have moved get what the old system has', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const store = newStore()
      await importFrom(old, ['--store', store], 0)
      await changeOldSystem(old)
      const followed = await importFrom(old, ['--store', store, '--follow', '--verify'], 0)
      assert.partialDeepStrictEqual(followed.summary, { users: { corrected: 2, different: 0 } })
      const balances = await balancesIn(store, BUSY_ACCOUNTS)
      assert.deepEqual(
        balances.map((text) => text.replace(/\/\d+$/, '')),
        ['9100/400', '9007199254740993/0', '20/0', '0/400'],
      )
      // A value that returns is a new correction, not a repeat of the first.
      await old.query('UPDATE users SET balance = 9600 WHERE id = 8')
      await importFrom(old, ['--store', store, '--follow', '--verify'], 0)
      await old.query('UPDATE users SET balance = 9500 WHERE id = 8')
      await importFrom(old, ['--store', store, '--follow', '--verify'], 0)
      await importFrom(old, ['--store', store, '--verify'], 0)
      assert.match((await balancesIn(store, ['user:8']))[0]!, /^9100\/400\//)
    })

    test('an account whose coins have moved in the ledger is not corrected', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const store = newStore()
      await importFrom(old, ['--store', store], 0)
      await runHoldfast(['settle', 'call-1', '500', '--store', store])
      const before = await balancesIn(store, BUSY_ACCOUNTS)
      const followed = await importFrom(old, ['--store', store, '--follow'], 1)
      assert.match(messagesIn(followed).join(), /freeze call-1 of 616 is settled.*its coins have moved in the ledger/)
      assert.deepEqual(await balancesIn(store, BUSY_ACCOUNTS), before)
    })

    test('an existing account is reported, and not changed', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const store = newStore()
      await runHoldfast(['deposit', 'user:9', '7', '--store', store])
      const found = await importFrom(old, ['--store', store], 1)
      assert.match(messagesIn(found).join(), /user:9: the account existed before the import/)
      assert.deepEqual(await balancesIn(store, ['user:9']), ['7/0/1'])
    })

    test('every kind of breach is reported with its row, and its user is not imported', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BROKEN)
      const store = newStore()
      const found = await importFrom(old, ['--store', store, '--verify'], 1)
      assert.deepEqual(breachesIn(found), [
        'compute_freeze_logs 10 duplicate',
        'compute_freeze_logs 11 duplicate',
        'compute_freeze_logs 12 invalid_name',
        'compute_freeze_logs 13 invalid_name',
        'compute_freeze_logs 14 missing',
        'compute_freeze_logs 15 decimals',
        'compute_freeze_logs 16 freeze_of_nothing',
        'compute_freeze_logs 17 negative',
        'compute_freeze_logs 18 missing',
        'compute_freeze_logs 19 freeze_of_nobody',
        'compute_freeze_logs 20 freeze_of_nobody',
        'users 1 freezes_unlike_frozen',
        'users 1 frozen_above_balance',
        'users 2 freezes_unlike_frozen',
        'users 3 negative',
        'users 4 decimals',
        'users 5 missing',
        'users 6 missing',
        'users 7 out_of_range',
      ])
      assert.partialDeepStrictEqual(found.summary, { users: { broken: 15, imported: 2 } })
      const accounts = Array.from({ length: 18 }, (_, index) => `user:${index + 1}`)
      const there = (await balancesIn(store, accounts)).map((text, index) => [accounts[index], text] as const)
      assert.deepEqual(
        there.filter(([, text]) => text !== 'none'),
        [
          ['user:16', '90/10/2'],
          ['user:17', '100/0/1'],
        ],
      )
    })

    test('keys that make no name and keys that are not unique are reported', async () => {
      await using old = await server.create()
      await old.query('CREATE TABLE people (name VARCHAR(200), coins INT, locked INT)')
      await old.query('CREATE TABLE locks (id INT, rid INT, who VARCHAR(100), n INT, state INT)')
      const names = ['ada', 'bob', 'bob', '李雷', 'a|b c', `x${'y'.repeat(130)}`]
      await insertOldRows(old, 'people', [...names.map((name) => [name, 5, 0] as const), [null, 5, 0]])
      await insertOldRows(old, 'locks', [[1, 1, 'ada', 2, 0]])
      await old.query("UPDATE people SET locked = 2 WHERE name = 'ada'")
      const users = ['--users-table', 'people', '--user-key', 'name', '--balance-column', 'coins']
      const locks = ['--freezes-table', 'locks', '--request-column', 'rid', '--freeze-user-column', 'who']
      const columns = [
        '--frozen-column',
        'locked',
        '--amount-column',
        'n',
        '--status-column',
        'state',
        '--open-status',
        '0',
      ]
      const store = newStore()
      const parameters = [...users, ...locks, ...columns, '--account', 'p/{id}', '--store', store]
      const found = await importFrom(old, parameters, 1)
      assert.deepEqual(breachesIn(found), [
        'people NULL missing',
        'people bob duplicate',
        'people bob duplicate',
        `people ${names[5]} invalid_name`,
        'people 李雷 invalid_name',
      ])
      assert.deepEqual(await balancesIn(store, ['p/ada', 'p/a|b c', 'p/bob']), ['3/2/2', '5/0/1', 'none'])
    })

    test('a balance that leaves out what is frozen, and amounts with decimals, are read as options say', async () => {
      await using old = await server.create()
      await fillOldSystem(old, { users: [[8, '1.5', '0.25']], freezes: [[1, 'call-1', 8, '0.25', 'frozen']] })
      const store = newStore()
      await importFrom(old, ['--store', store, '--balance-means', 'available', '--scale', '2', '--verify'], 0)
      assert.deepEqual(await balancesIn(store, ['user:8']), ['150/25/2'])
    })

    test('an import sees one moment of the old database, and cannot change it', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      await using source = await openSource(old.url, MAPPING_DEFAULT)
      assert.equal(await source.usersCount(), 4)
      await old.query('UPDATE users SET balance = 1')
      await old.query("UPDATE compute_freeze_logs SET status = 'settled'")
      const balances: unknown[] = []
      for await (const users of source.userPages()) balances.push(...users.map(({ balance }) => Number(balance)))
      assert.deepEqual(balances.slice(0, 1), [10_000])
      assert.equal((await source.freezesOf(['8'])).get(coinsKey('8', null))!.length, 2)
      const open = server.name === 'postgres' ? openPostgresSource : openMysqlSource
      const connection = await open(old.url)
      const text = 'UPDATE users SET balance = 2'
      await assert.rejects(connection.query({ text, values: [] }), /read.only transaction/i)
      await connection.close()
    })

    test('a name that is none is refused before anything is asked', async () => {
      await using old = await server.create()
      await fillOldSystem(old, BUSY)
      const names = ['--users-table', 'users; DROP TABLE users']
      const { stdout } = await runHoldfast(['import', old.url, '--json', ...names, '--store', newStore()])
      assert.partialDeepStrictEqual(JSON.parse(stdout), { code: 'invalid_request' })
      assert.equal((await old.query('SELECT * FROM users')).length, 4)
    })

    test('a missing table is reported as missing', async () => {
      await using old = await server.create()
      const { exitCode, stderr } = await runHoldfast(['import', old.url, '--dry-run'])
      assert.equal(exitCode, 3)
      assert.match(stderr, /The old database: .*users/)
    })
  })
}

/** Settles call-1 at 500, deposits for user 10, and replaces a freeze with another one of the same amount. */
async function changeOldSystem(old: OldSystem): Promise<void> {
  await old.query("UPDATE compute_freeze_logs SET status = 'settled' WHERE id = 1")
  await old.query('UPDATE users SET balance = 9500, frozen_balance = 400 WHERE id = 8')
  await old.query('UPDATE users SET balance = 20 WHERE id = 10')
  await old.query("UPDATE compute_freeze_logs SET status = 'refunded' WHERE id = 4")
  await insertOldRows(old, 'compute_freeze_logs', [[9, 'call-9', 11, 400, 'frozen']])
}

/** Each user except the last two violates one rule. */
const BROKEN: OldRows = {
  users: [
    [1, 10, 11],
    [2, 100, 30],
    [3, -5, 0],
    [4, '0.5', 0],
    [5, null, 0],
    [6, 5, null],
    [7, '9223372036854775808', 0],
    [8, 100, 20],
    [9, 100, 10],
    [10, 100, 10],
    [11, 100, 10],
    [12, 100, 10],
    [13, 100, 0],
    [14, 100, 10],
    [15, 100, 10],
    [16, 100, 10],
    [17, 100, 0],
  ],
  freezes: [
    [1, 'sum', 2, 29, 'frozen'],
    [10, 'twice', 8, 10, 'frozen'],
    [11, 'twice', 8, 10, 'frozen'],
    [12, 'a b', 9, 10, 'frozen'],
    [13, 'x'.repeat(129), 10, 10, 'frozen'],
    [14, null, 11, 10, 'frozen'],
    [15, 'half', 12, '9.5', 'frozen'],
    [16, 'zero', 13, 0, 'frozen'],
    [17, 'minus', 14, -10, 'frozen'],
    [18, 'unsaid', 15, null, 'frozen'],
    [19, 'nobody', null, 5, 'frozen'],
    [20, 'gone', 404, 5, 'frozen'],
    [21, 'over', 16, 10, 'settled'],
    [22, 'fine', 16, 10, 'frozen'],
  ],
}
