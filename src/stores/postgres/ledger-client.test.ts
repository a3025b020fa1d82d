import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../../harness/postgres-database.ts'
import { connect } from './connection.ts'
import { parsePostgresUrl } from './url.ts'

test('a COMMIT that found no transaction is not taken for one that committed', { skip: WITHOUT_POSTGRES }, async () => {
  await using database = await PostgresDatabase.create()
  // Holdfast receives the message whatever the database's default is.
  await database.client.query(`ALTER DATABASE ${database.name} SET client_min_messages = error`)
  const client = await connect(parsePostgresUrl(database.url()), 'write')
  await client.query('BEGIN')
  assert.equal((await client.query('COMMIT')).command, 'COMMIT')
  assert.equal(client.unprovenCount, 0)
  assert.equal((await client.query('COMMIT')).command, 'COMMIT')
  assert.equal(client.unprovenCount, 1)
  await client.end()
})

test(
  'a connection knows whether its server takes reads only, also when that changes',
  { skip: WITHOUT_POSTGRES },
  async () => {
    await using database = await PostgresDatabase.create()
    const client = await connect(parsePostgresUrl(database.url()), 'read')
    assert.equal(client.takesReadsOnly, false)
    await client.query('SET default_transaction_read_only = on')
    assert.equal(client.takesReadsOnly, true)
    await client.query('SET default_transaction_read_only = off')
    assert.equal(client.takesReadsOnly, false)
    await client.end()
  },
)
