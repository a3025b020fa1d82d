/** The tables that people have: keys of every type, several kinds of coins, debts. All of them are read exactly, or refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runImport, type ImportSummary } from '../../src/import/import-run.ts'
import { checkMapping, MAPPING_DEFAULT, type Mapping } from '../../src/import/mapping.ts'
import { openSource } from '../../src/import/open.ts'
import type { Opening } from '../../src/import/examination.ts'
import type { ImporterOptions } from '../../src/import/importer.ts'
import { openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { insertOldRows, type OldSystem, type OldSystemServer } from '../support/old-system.ts'
import { assertLaws } from '../support/audited-ledger.ts'

interface Ran {
  readonly summary: ImportSummary
  readonly breaches: readonly string[]
  readonly messages: readonly string[]
  readonly openings: readonly Opening[]
}

interface Choice extends Partial<ImporterOptions> {
  readonly chosen?: readonly string[]
}

async function importInto(
  ledger: EmbeddedLedger,
  old: OldSystem,
  mapping: Partial<Mapping> = {},
  { chosen, ...options }: Choice = {},
): Promise<Ran> {
  const whole = checkMapping({ ...MAPPING_DEFAULT, ...mapping })
  await using source = await openSource(old.url, whole)
  const breaches: string[] = []
  const messages: string[] = []
  const openings: Opening[] = []
  const summary = await runImport({
    source,
    ledger,
    mapping: whole,
    chosen: chosen ?? null,
    options: { dryRun: false, verify: true, follow: false, ...options },
    listener: {
      begin() {},
      breach: ({ code, row }) => void breaches.push(`${row} ${code}`),
      user(opening, arrival) {
        openings.push(opening)
        if (arrival.kind === 'different') messages.push(...arrival.messages)
      },
      progress() {},
    },
  })
  return { summary, breaches: breaches.sort(), messages, openings }
}

async function balancesOf(ledger: EmbeddedLedger, accounts: readonly string[]): Promise<readonly string[]> {
  await assertLaws(ledger)
  return await Promise.all(
    accounts.map(async (account) => {
      const balances = await ledger.account(account).then(
        (view) => view.balances,
        () => [],
      )
      const texts = balances.map(({ asset, available, held, floor }) => `${asset} ${available}/${held}/${floor}`)
      return texts.length === 0 ? 'none' : texts.join(', ')
    }),
  )
}

const FREEZES = 'compute_freeze_logs (id INT PRIMARY KEY, request_id VARCHAR(64), user_id'

async function createTables(old: OldSystem, { key, amount = 'BIGINT', more = '' }: Tables): Promise<void> {
  await old.query(`CREATE TABLE users (id ${key} PRIMARY KEY, balance ${amount}, frozen_balance ${amount})`)
  await old.query(`CREATE TABLE ${FREEZES} ${key}, amount ${amount}, status VARCHAR(16)${more})`)
}

interface Tables {
  readonly key: string
  readonly amount?: string
  readonly more?: string
}

async function refused(old: OldSystem, says: RegExp, mapping: Partial<Mapping> = {}): Promise<void> {
  await assert.rejects(openSource(old.url, { ...MAPPING_DEFAULT, ...mapping }), (error: Error) => {
    assert.equal(error.name, 'MappingError', error.stack)
    assert.match(error.message, says)
    return true
  })
}

const UUIDS = ['f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'e7cfea06-e20b-4c1e-9ddb-8e3c8a1b7f76']
const SWAPPED = ['11d07decf81d4faea76500a0c91e6bf6', '4c1ee20be7cfea069ddb8e3c8a1b7f76']

export function tablesSuite(server: OldSystemServer): void {
  const isMysql = server.name === 'mysql' || server.name === 'mariadb'
  const isPostgres = server.name === 'postgres'
  const isFile = server.name === 'sqlite'
  const bytes = isMysql ? 'BINARY(16)' : isPostgres ? 'BYTEA' : 'BLOB'
  const literal = (hex: string): string => (isPostgres ? `'\\x${hex}'` : `X'${hex}'`)

  describe(`old tables on ${server.name}`, { skip: server.skip }, () => {
    test('binary keys are refused until it is said what they are', async () => {
      await using old = await server.create()
      await createTables(old, { key: bytes })
      const digits = UUIDS.map((uuid) => uuid.replaceAll('-', ''))
      for (const hex of digits) await old.query(`INSERT INTO users VALUES (${literal(hex)}, 100, 0)`)
      await old.query(`UPDATE users SET frozen_balance = 7 WHERE id = ${literal(digits[0]!)}`)
      await old.query(`INSERT INTO compute_freeze_logs VALUES (1, 'call-1', ${literal(digits[0]!)}, 7, 'frozen')`)
      await refused(
        old,
        /users\.id is (binary\(16\)|bytea|blob \(blob\)): say how .* --key-format hex, uuid or uuid-swapped/,
      )
      for (const [keyFormat, names] of [
        ['hex', digits],
        ['uuid', UUIDS],
      ] as const) {
        await using ledger = await openLedger('memory:')
        assert.deepEqual((await importInto(ledger, old, { keyFormat })).breaches, [])
        const found = await balancesOf(
          ledger,
          names.map((name) => `user:${name}`),
        )
        assert.deepEqual(found, ['credit 93/7/0', 'credit 100/0/0'])
        const [chosen, unknown] = [names[1]!, 'nobody']
        const one = await importInto(ledger, old, { keyFormat }, { chosen: [chosen, unknown], dryRun: true })
        assert.deepEqual([one.summary.usersCount, one.breaches], [1, ['nobody unknown_user']])
      }
    })

    test("the bytes of MySQL's uuid_to_bin(…, 1) are put back in order", async () => {
      await using old = await server.create()
      await createTables(old, { key: bytes })
      for (const hex of SWAPPED) await old.query(`INSERT INTO users VALUES (${literal(hex)}, 100, 0)`)
      await using ledger = await openLedger('memory:')
      await importInto(ledger, old, { keyFormat: 'uuid-swapped' })
      const found = await balancesOf(
        ledger,
        UUIDS.map((uuid) => `user:${uuid}`),
      )
      assert.deepEqual(found, ['credit 100/0/0', 'credit 100/0/0'])
    })

    test('many binary keys are read page by page, each once', async () => {
      await using old = await server.create()
      await createTables(old, { key: bytes })
      const rows = Array.from(
        { length: 2_500 },
        (_, index) => `(${literal(`ff${String(index).padStart(30, '0')}`)}, 100, 0)`,
      )
      await old.query(`INSERT INTO users VALUES ${rows.join(', ')}`)
      await using ledger = await openLedger('memory:')
      const { summary } = await importInto(ledger, old, { keyFormat: 'uuid' }, { verify: false })
      assert.deepEqual([summary.users.imported, summary.assets['credit']!.coins], [2_500, 250_000n])
    })

    test('types that cannot be read exactly are refused with the column', async () => {
      for (const [key, amount, says] of [
        ['DOUBLE PRECISION', 'BIGINT', /users\.id is double.*: only whole numbers, texts and UUIDs/],
        ['DECIMAL(20,6)', 'BIGINT', /users\.id is (decimal|numeric)\(20,6\).*: only whole numbers/],
        ['DATE', 'BIGINT', /users\.id is date.*: only whole numbers/],
        ['BIGINT', 'DOUBLE PRECISION', /users\.balance is double.*: floating-point amounts are not exact/],
        ['BIGINT', 'REAL', /users\.balance is (real|double|float).*: floating-point/],
      ] as const) {
        // SQLite stores whole numbers and texts in columns of these types.
        if (isFile && !/DOUBLE|REAL/.test(key + amount)) continue
        await using old = await server.create()
        await createTables(old, { key, amount })
        await refused(old, says)
      }
      await using old = await server.create()
      await createTables(old, { key: 'BIGINT' })
      await refused(old, /There is no column users\.coins; the columns are id, balance, frozen_balance/, {
        users: { ...MAPPING_DEFAULT.users, balance: 'coins' },
      })
      await refused(old, /users\.id is (bigint|bigint.*), but --key-format is for binary columns/, {
        keyFormat: 'uuid',
      })
    })

    test('keys of other spelling in the freezes are nobody, and two tables may have keys of different types', async () => {
      await using old = await server.create()
      await old.query('CREATE TABLE users (id BIGINT PRIMARY KEY, balance BIGINT, frozen_balance BIGINT)')
      await old.query(`CREATE TABLE ${FREEZES} VARCHAR(64), amount BIGINT, status VARCHAR(16))`)
      const big = '9007199254740993'
      await insertOldRows(old, 'users', [
        [8, 100, 7],
        [big, 100, 3],
        ['9007199254740992', 100, 0],
      ])
      await insertOldRows(old, 'compute_freeze_logs', [
        [1, 'call-1', '8', 7, 'frozen'],
        [2, 'call-2', big, 3, 'frozen'],
        [3, 'call-3', '008', 5, 'frozen'],
        [4, 'call-4', 'ada', 5, 'frozen'],
        [5, 'call-5', null, 5, 'frozen'],
        [6, 'call-6', '8', 5, 'settled'],
      ])
      await using ledger = await openLedger('memory:')
      const { breaches } = await importInto(ledger, old)
      assert.deepEqual(breaches, ['3 freeze_of_nobody', '4 freeze_of_nobody', '5 freeze_of_nobody'])
      const found = await balancesOf(ledger, ['user:8', `user:${big}`, 'user:9007199254740992'])
      assert.deepEqual(found, ['credit 93/7/0', 'credit 97/3/0', 'credit 100/0/0'])
    })

    test('one row per user and kind of coins becomes one balance per asset', async () => {
      await using old = await server.create()
      const key = 'uid BIGINT, kind VARCHAR(8), coins BIGINT, locked BIGINT'
      await old.query(`CREATE TABLE wallets (${key}, PRIMARY KEY (uid, kind))`)
      await old.query(`CREATE TABLE ${FREEZES} BIGINT, amount BIGINT, status VARCHAR(16), kind VARCHAR(8))`)
      await insertOldRows(old, 'wallets', [
        [8, 'gem', '5', '1'],
        [8, 'gold', 100, 30],
        [8, 'old', 9, 0],
        [9, 'gold', 40, 0],
      ])
      await insertOldRows(old, 'compute_freeze_logs', [
        [1, 'call-1', 8, 30, 'frozen', 'gold'],
        [2, 'call-2', 8, 1, 'frozen', 'gem'],
        [3, 'call-3', 9, 1, 'frozen', 'gem'],
      ])
      await using ledger = await openLedger('memory:')
      await ledger.declare({ asset: 'gem', decimals: 2 })
      const byKind = new Map([
        ['gold', { asset: 'credit', scale: 0 }],
        ['gem', { asset: 'gem', scale: 2 }],
      ])
      const mapping = {
        users: { table: 'wallets', key: 'uid', balance: 'coins', frozen: 'locked' },
        coins: { userColumn: 'kind', freezeColumn: 'kind', byKind },
      }
      const planned = await importInto(ledger, old, mapping, { dryRun: true })
      const { summary, breaches } = await importInto(ledger, old, mapping)
      assert.deepEqual(breaches, ['3 freeze_of_nobody', '8 unknown_kind'])
      assert.deepEqual(planned.summary, summary)
      assert.deepEqual(summary.assets, {
        credit: { coins: 140n, held: 30n, holdsCount: 1 },
        gem: { coins: 500n, held: 100n, holdsCount: 1 },
      })
      assert.deepEqual(await balancesOf(ledger, ['user:8', 'user:9']), [
        'credit 70/30/0, gem 400/100/0',
        'credit 40/0/0',
      ])
      const filtered = await importInto(ledger, old, { ...mapping, where: "kind <> 'old' -- not these" })
      assert.deepEqual([filtered.breaches, filtered.summary.users.unchanged], [[], 3])
      const undeclared = new Map([['gold', { asset: 'star', scale: 0 }]])
      const wrong = { ...mapping, coins: { ...mapping.coins, byKind: undeclared } }
      for (const dryRun of [true, false]) {
        await assert.rejects(importInto(ledger, old, wrong, { dryRun }), { code: 'unknown_asset' })
      }
    })

    test('many kinds of coins of many users are read page by page, each once', async () => {
      await using old = await server.create()
      const key = 'uid VARCHAR(20), kind INT, coins BIGINT, locked BIGINT'
      await old.query(`CREATE TABLE wallets (${key}, PRIMARY KEY (uid, kind))`)
      await old.query(`CREATE TABLE ${FREEZES} VARCHAR(20), amount BIGINT, status VARCHAR(16), kind INT)`)
      const rows = Array.from({ length: 2_600 }, (_, index) => [`u${index % 7}`, Math.floor(index / 7), 1, 0] as const)
      await insertOldRows(old, 'wallets', rows)
      await using ledger = await openLedger('memory:')
      const byKind = new Map([['0', { asset: 'credit', scale: 0 }]])
      const mapping = {
        users: { table: 'wallets', key: 'uid', balance: 'coins', frozen: 'locked' },
        coins: { userColumn: 'kind', freezeColumn: 'kind', byKind },
      }
      const { summary } = await importInto(ledger, old, mapping, { dryRun: true })
      assert.deepEqual([summary.usersCount, summary.users.imported, summary.breachesCount], [2_600, 7, 2_593])
    })

    test('users in debt get a floor at their balance, if it is allowed, and are followed', async () => {
      await using old = await server.create()
      await createTables(old, { key: 'BIGINT' })
      await insertOldRows(old, 'users', [
        [1, -99, 0],
        [2, -1, 5],
        [3, 50, 0],
      ])
      await insertOldRows(old, 'compute_freeze_logs', [[1, 'call-1', 2, 5, 'frozen']])
      await using ledger = await openLedger('memory:')
      const mapping = { allowNegative: true }
      const planned = await importInto(ledger, old, mapping, { dryRun: true })
      const { summary, breaches } = await importInto(ledger, old, mapping)
      assert.deepEqual([breaches, summary.users.imported, summary.users.different], [[], 3, 0])
      assert.deepEqual(planned.summary, summary)
      const accounts = ['user:1', 'user:2', 'user:3']
      assert.deepEqual(await balancesOf(ledger, accounts), ['credit -99/0/-99', 'credit -6/5/-6', 'credit 50/0/0'])
      assert.equal((await importInto(ledger, old, mapping)).summary.users.unchanged, 3)
      await old.query('UPDATE users SET balance = -120 WHERE id IN (1, 3)')
      await old.query('UPDATE users SET balance = 10 WHERE id = 2')
      const foreseen = await importInto(ledger, old, mapping, { dryRun: true, follow: true })
      const followed = await importInto(ledger, old, mapping, { follow: true })
      assert.equal(followed.summary.users.corrected, 3)
      assert.deepEqual(foreseen.summary, followed.summary)
      assert.deepEqual(await balancesOf(ledger, accounts), [
        'credit -120/0/-120',
        'credit 5/5/-6',
        'credit -120/0/-120',
      ])
    })

    test('columns of open freezes become metadata, and a later change of them is no difference', async () => {
      await using old = await server.create()
      await createTables(old, {
        key: 'BIGINT',
        more: ', model_id INT, conversation_id VARCHAR(64), remark VARCHAR(600)',
      })
      await insertOldRows(old, 'users', [[8, 100, 12]])
      await insertOldRows(old, 'compute_freeze_logs', [
        [1, 'call-1', 8, 7, 'frozen', 70, 'c-9', '李 said "hi"'],
        [2, 'call-2', 8, 5, 'frozen', null, null, null],
      ])
      await using ledger = await openLedger('memory:')
      const metadataColumns = [
        { column: 'model_id', key: 'model_id' },
        { column: 'conversation_id', key: 'conversation_id' },
        { column: 'remark', key: 'note' },
      ]
      await importInto(ledger, old, { metadataColumns })
      assert.deepEqual((await ledger.hold('call-1')).metadata, {
        importedBy: 'import',
        model_id: '70',
        conversation_id: 'c-9',
        note: '李 said "hi"',
      })
      assert.deepEqual((await ledger.hold('call-2')).metadata, { importedBy: 'import' })
      await old.query("UPDATE compute_freeze_logs SET remark = 'other' WHERE id = 1")
      await insertOldRows(old, 'compute_freeze_logs', [[3, 'call-3', 8, 1, 'frozen', 1, 'c', 'x'.repeat(512)]])
      await old.query('UPDATE users SET frozen_balance = 13')
      const again = await importInto(ledger, old, { metadataColumns })
      assert.deepEqual([again.summary.users.imported, again.messages], [1, []])
      await old.query(`UPDATE compute_freeze_logs SET remark = '${'x'.repeat(513)}' WHERE id = 3`)
      assert.deepEqual((await importInto(ledger, old, { metadataColumns })).breaches, ['3 metadata_too_long'])
    })

    test('a dry run counts as the run does, whatever is there already', async () => {
      await using old = await server.create()
      await createTables(old, { key: 'BIGINT' })
      await insertOldRows(
        old,
        'users',
        [1, 2, 3, 4, 5, 6, 7].map((user) => [user, 100, user % 2 === 0 ? 10 : 0]),
      )
      const freezes = [2, 4, 6].map((user) => [user, `call-${user}`, user, 10, 'frozen'] as const)
      await insertOldRows(old, 'compute_freeze_logs', freezes)
      await using ledger = await openLedger('memory:')
      await importInto(ledger, old, { where: 'id < 6' })
      await ledger.deposit({ account: 'user:7', amount: 1n })
      await ledger.charge({ account: 'user:1', amount: 1n })
      await ledger.settle('call-4', { amount: 1n })
      await ledger.deposit({ requestId: 'call-6', account: 'user:99', amount: 1n })
      await old.query('UPDATE users SET balance = 50 WHERE id = 3')
      await old.query('UPDATE users SET frozen_balance = 15 WHERE id = 2')
      await insertOldRows(old, 'users', [
        [8, 0, 0],
        [9, -5, 0],
        [10, 100, 0],
      ])
      await insertOldRows(old, 'compute_freeze_logs', [[12, 'call-12', 2, 5, 'frozen']])
      for (const follow of [false, true]) {
        const planned = await importInto(ledger, old, {}, { dryRun: true, follow })
        const ran = await importInto(ledger, old, {}, { follow })
        assert.deepEqual(planned.summary, ran.summary)
        const expected = follow
          ? { imported: 0, unchanged: 4, corrected: 1, different: 4, broken: 1 }
          : { imported: 2, unchanged: 2, corrected: 0, different: 5, broken: 1 }
        assert.deepEqual(ran.summary.users, expected)
      }
    })

    test('a condition that is no condition is an error, and cannot end the transaction', async () => {
      await using old = await server.create()
      await createTables(old, { key: 'BIGINT' })
      await insertOldRows(old, 'users', [[1, 100, 0]])
      await using ledger = await openLedger('memory:')
      for (const where of ['id = 1); COMMIT; DELETE FROM users; SELECT (1', 'nothing = 1', 'id = 1)) OR ((1 = 1 --']) {
        await assert.rejects(importInto(ledger, old, { where }), { name: 'SourceError' }, where)
      }
      assert.equal((await old.query('SELECT * FROM users')).length, 1)
      assert.deepEqual(await balancesOf(ledger, ['user:1']), ['none'])
    })

    test('keys that are one for the database, and two for the ledger, are refused', async () => {
      const collations = isMysql
        ? ['CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci']
        : isPostgres
          ? ['COLLATE blind']
          : ['COLLATE NOCASE']
      for (const collation of collations) {
        await using old = await server.create()
        if (isPostgres) {
          await old.query(`CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`)
        }
        const text = `VARCHAR(40) ${collation}`
        await old.query(`CREATE TABLE users (id ${text}, balance BIGINT, frozen_balance BIGINT)`)
        await old.query(`CREATE TABLE ${FREEZES} ${text}, amount BIGINT, status VARCHAR(16))`)
        await insertOldRows(old, 'users', [
          ['Ada', 100, 5],
          ['bob', 100, 0],
        ])
        await insertOldRows(old, 'compute_freeze_logs', [
          [1, 'call-1', 'Ada', 5, 'frozen'],
          [2, 'call-2', 'BOB', 5, 'frozen'],
        ])
        await using ledger = await openLedger('memory:')
        const { breaches } = await importInto(ledger, old)
        assert.deepEqual(breaches, ['2 freeze_of_nobody'])
        assert.deepEqual(await balancesOf(ledger, ['user:Ada', 'user:bob']), ['credit 95/5/0', 'credit 100/0/0'])
        await insertOldRows(old, 'users', [['ADA', 1, 0]])
        await refused(old, /users\.id is (varchar|character varying).*for which "ADA" and "Ada" are equal/)
        await old.query('DELETE FROM users WHERE balance = 1')
        if (isMysql) {
          await insertOldRows(old, 'users', [['bob ', 1, 0]])
          await refused(old, /for which "bob" and "bob " are equal/)
        }
      }
    })
  })

  if (isMysql) {
    test(
      `tables on ${server.name} that cannot be read as of one instant are refused until it is allowed`,
      { skip: server.skip },
      async () => {
        for (const engine of server.name === 'mariadb' ? ['MyISAM', 'Aria', 'MEMORY'] : ['MyISAM', 'MEMORY']) {
          await using old = await server.create()
          await createTables(old, { key: 'BIGINT' })
          await old.query(`ALTER TABLE users ENGINE = ${engine}`)
          await insertOldRows(old, 'users', [[1, 100, 0]])
          await refused(
            old,
            new RegExp(`users has the engine ${engine}, so it cannot be read as of one instant.*--without-snapshot`),
          )
          await using ledger = await openLedger('memory:')
          await importInto(ledger, old, { allowUnsteady: true })
          assert.deepEqual(await balancesOf(ledger, ['user:1']), ['credit 100/0/0'])
        }
        await using old = await server.create()
        await createTables(old, { key: 'BIGINT' })
        await old.query('CREATE VIEW people AS SELECT * FROM users')
        await refused(old, /people is a view/, { users: { ...MAPPING_DEFAULT.users, table: 'people' } })
      },
    )
  }

  if (isFile) {
    test('a key that is a number in one row and a text in another is refused', async () => {
      await using old = await server.create()
      await old.query('CREATE TABLE users (id, balance, frozen_balance)')
      await old.query(`CREATE TABLE compute_freeze_logs (id INT, request_id TEXT, user_id, amount, status TEXT)`)
      await old.query("INSERT INTO users VALUES (1, 100, 0), ('1', '50', 0)")
      await refused(old, /users\.id is of any type \(integer, text\): only whole numbers/)
      await old.query("DELETE FROM users WHERE balance = '50'")
      await old.query('INSERT INTO users VALUES (2, 1.5, 0)')
      await refused(old, /users\.balance is of any type \(integer, real\): floating-point/)
    })
  }
}
