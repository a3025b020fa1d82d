import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Books, changesOf } from '../../../test/conformance/books.ts'
import { declare } from '../../../test/support/commands.ts'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../../harness/postgres-database.ts'
import { connect } from './connection.ts'
import { requireUsable, warningsOf, type ServerSettings } from './server.ts'
import { migratePostgres, openPostgresStorage } from './storage.ts'
import { parsePostgresUrl } from './url.ts'

const SOUND: ServerSettings = {
  fsync: 'on',
  full_page_writes: 'on',
  server_encoding: 'UTF8',
  server_version: '15.20',
  server_version_num: '150020',
  senders: '0',
  senders_shown: '0',
  senders_synchronous: '0',
  synchronous_commit: 'on',
  synchronous_standby_names: '',
  transaction_read_only: 'off',
  version: 'PostgreSQL 15.20 on x86_64-pc-linux-gnu',
}

test('a server with sound settings is used without a word', () => {
  requireUsable(SOUND)
  assert.deepEqual(warningsOf(SOUND), [])
  assert.deepEqual(warningsOf({ ...SOUND, synchronous_commit: 'remote_apply' }), [])
  const replicated = { senders: '3', senders_shown: '3', senders_synchronous: '2' }
  for (const synchronous_standby_names of ['*', 'a, b', 'FIRST 2 (a, b, c)', 'any 2(a,b,c)', '2 (*)']) {
    assert.deepEqual(warningsOf({ ...SOUND, ...replicated, synchronous_standby_names }), [], synchronous_standby_names)
  }
})

test('fewer standbys than commits wait for are warned of, and so is a user who cannot see them', () => {
  const missing: readonly (readonly [names: string, synchronous: string, told: RegExp])[] = [
    ['*', '0', /asks for 1, and 0 are connected/],
    ['a', '0', /asks for 1, and 0 are connected/],
    ['FIRST 3 (a, b, c)', '2', /asks for 3, and 2 are connected/],
    ['ANY 2 (a, b)', '1', /asks for 2, and 1 are connected/],
  ]
  for (const [synchronous_standby_names, senders_synchronous, told] of missing) {
    const seen = { senders: '3', senders_shown: '3', senders_synchronous }
    assert.match(warningsOf({ ...SOUND, ...seen, synchronous_standby_names }).join(), told)
  }
  const hidden = { senders_shown: '0', senders_synchronous: '0', synchronous_standby_names: 'FIRST 2 (a, b)' }
  assert.match(warningsOf({ ...SOUND, ...hidden, senders: '2' }).join(), /grant it the role pg_read_all_stats/)
  assert.match(warningsOf({ ...SOUND, ...hidden, senders: '1' }).join(), /asks for 2, and 1 are connected/)
})

test('every setting that weakens durability is warned of', () => {
  const weak = [
    { fsync: 'off' },
    { full_page_writes: 'off' },
    { synchronous_commit: 'off' },
    { synchronous_commit: 'local' },
    { synchronous_commit: 'remote_write' },
    { transaction_read_only: 'on' },
  ]
  for (const setting of weak) {
    const warnings = warningsOf({ ...SOUND, ...setting })
    assert.equal(warnings.length, 1, JSON.stringify(setting))
  }
})

test('a server that is too old, or does not store every letter, is refused', () => {
  const old = { server_version: '13.4', server_version_num: '130004' }
  const tooOld = { code: 'store_misconfigured', message: 'PostgreSQL 14 or later is needed; this is 13.4.' }
  assert.throws(() => requireUsable({ ...SOUND, ...old }), tooOld)
  const latin = { code: 'store_misconfigured', message: /UTF8/ }
  assert.throws(() => requireUsable({ ...SOUND, server_encoding: 'LATIN1' }), latin)
})

test('a database whose default loses commits is warned of, and overridden', { skip: WITHOUT_POSTGRES }, async () => {
  await using database = await PostgresDatabase.create()
  await migratePostgres(database.url())
  await database.client.query(`ALTER DATABASE ${database.name} SET synchronous_commit = off`)
  await database.client.query(`ALTER DATABASE ${database.name} SET default_transaction_isolation = serializable`)
  await using storage = await openPostgresStorage(database.url())
  assert.match(storage.warnings.join(), /synchronous_commit is off/)
  const settingsOf = `SELECT current_setting('synchronous_commit') || ' ' || current_setting('transaction_isolation') AS row`
  await database.client.query(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION '%', (${settingsOf}) USING ERRCODE = '23514'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON assets EXECUTE FUNCTION refuse()`,
  )
  const assets = [{ code: 'gem', decimals: 0, name: 'Gem', createdAt: 0 }]
  const changes = changesOf({ assets })
  const keys = new Books(storage.store).footprint(declare('gem'))
  await assert.rejects(storage.store.commit(changes), /on read committed/)
  await assert.rejects(
    storage.store.exclusive(keys, () => changes),
    /on read committed/,
  )
})

test('no connection follows a default that is changed later', { skip: WITHOUT_POSTGRES }, async () => {
  await using database = await PostgresDatabase.create()
  for (const sound of ['on', 'remote_apply']) {
    await database.client.query(`ALTER DATABASE ${database.name} SET synchronous_commit = ${sound}`)
    const client = await connect(parsePostgresUrl(database.url()), 'write')
    const { rows } = await client.query(`SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'`)
    await client.end()
    // The configuration of the server, and a reload of it, override everything except the session's own settings.
    assert.deepEqual(rows, [{ setting: sound, source: 'session' }])
  }
})
