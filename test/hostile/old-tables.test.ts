/** Old systems' tables with hostile values and names: invalid rows are reported as breaches, and no value is executed as SQL. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createConnection } from 'mysql2/promise'
import { LedgerError } from '../../src/api/error.ts'
import { runImport, type ImportListener } from '../../src/import/import-run.ts'
import { checkMapping, MAPPING_DEFAULT, type Mapping } from '../../src/import/mapping.ts'
import { coinsKey } from '../../src/import/old-rows.ts'
import { openSource } from '../../src/import/open.ts'
import { openLedger } from '../../src/ledger.ts'
import { OLD_SYSTEM_SERVERS } from '../support/old-system.ts'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import { PrivateServer } from '../support/private-server.ts'
import { installationUnderTest } from '../../harness/server-installations.ts'
import { tell, tryInputs } from './budget.ts'
import { HOSTILE_TEXTS, hostileTexts } from './hostile-values.ts'

/** Collects the users whose balances in the ledger differ. */
function listenerOf(different: unknown[]): ImportListener {
  return {
    begin() {},
    breach() {},
    user: (opening, arrival) => void (arrival.kind === 'different' && different.push(opening, arrival)),
    progress() {},
  }
}

const OPTIONS = { dryRun: false, verify: true, follow: false }

/** Texts that a column can store: well-formed and short. PostgreSQL cannot store U+0000; MySQL ignores trailing spaces when it compares. */
const STORABLE = HOSTILE_TEXTS.filter(
  (text) => text.isWellFormed() && !text.includes('\0') && !text.endsWith(' ') && text.length <= 150,
)

test('a name of a table or a column that is no plain name is refused before anything is asked of the old database', async () => {
  const places = (['users', 'freezes'] as const).flatMap((table) =>
    Object.keys(MAPPING_DEFAULT[table]).map((column) => ({ table, column })),
  )
  await tryInputs(
    'names of old tables and columns',
    500,
    fc.record({ place: fc.constantFrom(...places), name: hostileTexts }),
    ({ place, name }) => {
      const mapping: Mapping = {
        ...MAPPING_DEFAULT,
        [place.table]: { ...MAPPING_DEFAULT[place.table], [place.column]: name },
      }
      try {
        checkMapping(mapping)
      } catch (error) {
        assert.ok(error instanceof LedgerError && error.code === 'invalid_request')
        return
      }
      // None of these characters ends a name within quotes of either kind.
      for (const part of name.split('.')) assert.match(part, /^[A-Za-z_][A-Za-z0-9_$]{0,63}$/)
    },
  )
})

const TABLES = (charset: string): readonly string[] => [
  `CREATE TABLE users (id VARCHAR(200)${charset} PRIMARY KEY, balance VARCHAR(200)${charset}, frozen_balance VARCHAR(200)${charset})`,
  `CREATE TABLE compute_freeze_logs (id INT PRIMARY KEY, request_id VARCHAR(200)${charset}, user_id VARCHAR(200)${charset},
    amount VARCHAR(200)${charset}, status VARCHAR(200)${charset})`,
]
const UTF8 = ' CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'

type Ask = (sql: string, values: readonly unknown[]) => Promise<readonly unknown[]>

/** Inserts every hostile text as a key with its own freeze, as a balance, as a request id, as an amount and as a status. */
async function fill(ask: Ask, placeholder: (index: number) => string): Promise<number> {
  const insert = async (table: string, values: readonly unknown[]): Promise<void> => {
    await ask(`INSERT INTO ${table} VALUES (${values.map((_, index) => placeholder(index)).join(', ')})`, values)
  }
  let number = 0
  for (const text of STORABLE) {
    await insert('users', [text, '10', '5'])
    await insert('compute_freeze_logs', [++number, `call-${number}`, text, '5', 'frozen'])
  }
  for (const [index, text] of STORABLE.entries()) {
    await insert('users', [`b${index}`, text, '0'])
    await insert('users', [`f${index}`, '10', text])
    await insert('users', [`r${index}`, '10', '5'])
    await insert('compute_freeze_logs', [++number, text, `r${index}`, '5', 'frozen'])
    await insert('users', [`a${index}`, '10', '5'])
    await insert('compute_freeze_logs', [++number, `amount-${index}`, `a${index}`, text, 'frozen'])
    await insert('compute_freeze_logs', [++number, `status-${index}`, `a${index}`, '1', text])
  }
  return number + STORABLE.length * 5
}

for (const server of OLD_SYSTEM_SERVERS) {
  const { name, skip } = server
  test(`hostile rows of an old system on ${name} are imported or reported, and the laws hold`, { skip }, async () => {
    await using old = await server.create()
    const isPostgres = name === 'postgres'
    for (const sql of TABLES(isPostgres ? ' COLLATE "C"' : UTF8)) await old.query(sql)
    const quoted = (value: unknown): string =>
      isPostgres
        ? `E'${String(value).replaceAll(/['\\]/g, '\\$&')}'`
        : `X'${Buffer.from(String(value)).toString('hex')}'`
    // Inserts the rows without the code under test: escaped here, or as bytes.
    const count = await fill(
      async (sql, values) => {
        let index = 0
        return await old.query(sql.replaceAll('?', () => quoted(values[index++])))
      },
      () => '?',
    )
    const before = await old.query('SELECT * FROM compute_freeze_logs ORDER BY id')
    const mapping = { ...MAPPING_DEFAULT, openStatuses: ['frozen', "x' OR '1'='1", '\\'] }
    await using ledger = await openLedger('memory:')
    const different: unknown[] = []
    for (let run = 0; run < 2; run++) {
      await using source = await openSource(old.url, mapping)
      const summary = await runImport({
        source,
        ledger,
        mapping,
        chosen: null,
        options: OPTIONS,
        listener: listenerOf(different),
      })
      assert.deepEqual(different, [])
      assert.ok(summary.breachesCount > 0)
      if (run === 0) assert.ok(summary.users.imported > 0)
      else assert.equal(summary.users.imported, 0)
    }
    for (const check of ledger.storage.auditor.checks)
      assert.deepEqual(await ledger.storage.auditor.run(check, 3), [], check.title)
    assert.deepEqual(await old.query('SELECT * FROM compute_freeze_logs ORDER BY id'), before)
    tell(`rows of an old system on ${name}`, count)
  })
}

for (const { name } of mysqlServers()) {
  const { installation, reason } = installationUnderTest(name)
  test(
    `the character set that an old ${name} server begins with does not change what a value means`,
    { skip: installation === null && reason },
    async () => {
      await using server = await PrivateServer.start(installation!)
      const url = await server.createDatabase()
      const database = new URL(url).pathname.slice(1)
      const admin = await createConnection({ uri: url.replace(/^[a-z]+/, 'mysql'), charset: 'utf8mb4_bin' })
      for (const sql of TABLES(UTF8)) await admin.query(sql)
      const count = await fill(
        async (sql, values) => (await admin.query(sql, [...values]))[0] as readonly unknown[],
        () => '?',
      )
      await admin.end()
      await server.execute(`SET GLOBAL init_connect = 'SET NAMES gbk'`)
      await server.execute(`CREATE USER plain@'%'`)
      await server.execute(`GRANT SELECT ON ${database}.* TO plain@'%'`)
      await using source = await openSource(url.replace('//root@', '//plain@'), MAPPING_DEFAULT)
      const freezes = await source.freezesOf(STORABLE)
      assert.deepEqual([...freezes.keys()].sort(), STORABLE.map((text) => coinsKey(text, null)).sort())
      tell(`rows of an old system on ${name} in gbk`, count)
    },
  )
}
