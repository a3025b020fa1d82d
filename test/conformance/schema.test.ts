/** The schema.sql files match the result of the migrations. If they do not, `npm run generate` updates them. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { migrateStorage, openStorage } from '../../src/stores/open.ts'
import { dumpIn, schemaSnapshots, type SchemaSnapshot } from '../../harness/schema-snapshots.ts'

const MYSQL_CHANGES = [
  'ALTER TABLE accounts ADD COLUMN extra INT',
  'ALTER TABLE accounts MODIFY extra BIGINT',
  'ALTER TABLE accounts MODIFY extra BIGINT NOT NULL',
  'ALTER TABLE accounts ALTER extra SET DEFAULT 3',
  'ALTER TABLE accounts CONVERT TO CHARACTER SET utf8mb4',
  'ALTER TABLE accounts DROP PRIMARY KEY',
  'ALTER TABLE accounts ROW_FORMAT = COMPACT',
  'ALTER TABLE balances DROP CONSTRAINT balances_held',
  'ALTER TABLE balances DROP KEY balances_name',
  'CREATE INDEX extra_index ON balances (held)',
  'CREATE TABLE extra (id INT)',
  'ALTER SQL SECURITY DEFINER VIEW holds AS SELECT id FROM requests',
  'DROP VIEW holds',
]

/** Each statement changes the tables. */
const CHANGES: Readonly<Record<SchemaSnapshot['store'], readonly string[]>> = {
  sqlite: [
    'ALTER TABLE accounts ADD COLUMN extra INTEGER',
    'ALTER TABLE accounts RENAME COLUMN extra TO more',
    'CREATE INDEX extra_index ON balances (held)',
    'CREATE TABLE extra (id INTEGER)',
    'CREATE TRIGGER extra_trigger AFTER INSERT ON assets BEGIN SELECT 1; END',
    'DROP VIEW holds',
  ],
  mysql: MYSQL_CHANGES,
  mariadb: MYSQL_CHANGES,
  postgres: [
    'ALTER TABLE accounts ADD COLUMN extra integer',
    'ALTER TABLE accounts ALTER extra TYPE bigint',
    'ALTER TABLE accounts ALTER extra SET NOT NULL',
    'ALTER TABLE accounts ALTER extra SET DEFAULT 3',
    'ALTER TABLE accounts ALTER metadata SET STORAGE EXTERNAL',
    'ALTER TABLE accounts ALTER account TYPE text',
    'ALTER TABLE accounts SET UNLOGGED',
    'ALTER TABLE accounts SET (toast.autovacuum_enabled = off)',
    'ALTER INDEX accounts_pkey SET (fillfactor = 80)',
    'ALTER TABLE balances SET (fillfactor = 80)',
    'ALTER TABLE balances DROP CONSTRAINT balances_held',
    'ALTER TABLE balances DROP CONSTRAINT balances_name',
    'CREATE INDEX extra_index ON balances (held) WHERE held > 0',
    'CREATE TABLE extra (id integer)',
    'ALTER VIEW holds SET (security_barrier = on)',
    'DROP VIEW holds',
  ],
}

/** Objects that a schema.sql file cannot contain. */
const MYSQL_OTHERS = ['CREATE TRIGGER other BEFORE INSERT ON assets FOR EACH ROW SET NEW.decimals = 0']
const OTHERS: Readonly<Record<SchemaSnapshot['store'], readonly string[]>> = {
  sqlite: [],
  mysql: MYSQL_OTHERS,
  mariadb: MYSQL_OTHERS,
  postgres: [
    'CREATE SEQUENCE other',
    "CREATE TYPE other AS ENUM ('a')",
    'CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
  ],
}

/** Undoes every migration but the first. */
const TO_THE_FIRST_VERSION = [
  'DROP VIEW authors',
  'DROP TABLE actors',
  'ALTER TABLE requests DROP COLUMN actor',
  'ALTER TABLE requests DROP COLUMN trace',
  'ALTER TABLE hold_changes DROP COLUMN actor',
  'ALTER TABLE hold_changes DROP COLUMN trace',
  'DROP TABLE api_keys',
  'DELETE FROM migrations WHERE number > 1',
]

for (const snapshot of schemaSnapshots()) {
  const { store, path, missing } = snapshot
  describe(path, { skip: missing ?? false }, () => {
    const shown = async (): Promise<string> => dumpIn(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8'))

    test('shows a database that was just migrated', async () => {
      await using database = await snapshot.create()
      await migrateStorage(database.url)
      assert.equal(await database.dump(), await shown())
    })

    test('a ledger of the first version gets the tables of this one, and keeps its rows', async () => {
      await using database = await snapshot.create()
      await migrateStorage(database.url)
      for (const statement of TO_THE_FIRST_VERSION) await database.execute(statement)
      await database.execute(`INSERT INTO accounts (account, metadata) VALUES ('user:8', '{}')`)
      await assert.rejects(openStorage(database.url, { migrate: false }), {
        name: 'MigrationError',
        message: /lacks 0002_api_keys, 0003_authors\. Run "holdfast migrate/,
      })
      assert.deepEqual((await migrateStorage(database.url)).applied, ['0002_api_keys', '0003_authors'])
      assert.equal(await database.dump(), await shown())
      await using storage = await openStorage(database.url)
      assert.deepEqual(await storage.keys.live(1), { required: false, keys: [] })
      // The account is still there, so the same row is refused.
      await assert.rejects(database.execute(`INSERT INTO accounts (account, metadata) VALUES ('user:8', '{}')`))
    })

    test('makes what it shows', async () => {
      await using database = await snapshot.create()
      await database.execute(await shown())
      assert.equal(await database.dump(), await shown())
    })

    test('whatever differs would show, or be refused', async () => {
      await using database = await snapshot.create()
      await migrateStorage(database.url)
      const seen = new Set([await database.dump()])
      for (const change of CHANGES[store]) {
        await database.execute(change)
        const dump = await database.dump()
        assert.ok(!seen.has(dump), change)
        seen.add(dump)
      }
      for (const other of OTHERS[store]) {
        await using empty = await snapshot.create()
        await migrateStorage(empty.url)
        await empty.execute(other)
        await assert.rejects(empty.dump(), /omits .* other/, other)
      }
    })
  })
}
