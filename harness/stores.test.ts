import assert from 'node:assert/strict'
import { test } from 'node:test'
import { discoverStores, isAskedFor, STORES, type StoreRow } from './stores.ts'

const ROWS: readonly StoreRow[] = [
  { name: 'sqlite', variable: null },
  { name: 'postgres', variable: 'HOLDFAST_TEST_POSTGRES_URL' },
]
const SERVER = 'postgres://127.0.0.1:5432'

test('an embedded store is always found, a server only by its variable', () => {
  assert.deepEqual(discoverStores({}, ROWS), {
    found: [{ name: 'sqlite', server: null }],
    missing: [{ name: 'postgres', variable: 'HOLDFAST_TEST_POSTGRES_URL' }],
  })
  assert.deepEqual(discoverStores({ HOLDFAST_TEST_POSTGRES_URL: SERVER }, ROWS), {
    found: [
      { name: 'sqlite', server: null },
      { name: 'postgres', server: SERVER },
    ],
    missing: [],
  })
})

test('a variable that is set to nothing counts as not set', () => {
  const { missing } = discoverStores({ HOLDFAST_TEST_POSTGRES_URL: '' }, ROWS)
  assert.deepEqual(
    missing.map(({ name }) => name),
    ['postgres'],
  )
})

test('only the stores that are asked for run', () => {
  const { found, missing } = discoverStores(
    { HOLDFAST_TEST_STORES: ' postgres,', HOLDFAST_TEST_POSTGRES_URL: SERVER },
    ROWS,
  )
  assert.deepEqual(found, [{ name: 'postgres', server: SERVER }])
  assert.deepEqual(missing, [])
})

test('a store that is asked for and missing is an error that says how to bring it', () => {
  assert.throws(() => discoverStores({ HOLDFAST_TEST_STORES: 'sqlite,postgres' }, ROWS), /HOLDFAST_TEST_POSTGRES_URL/)
})

test('a store that nobody knows is an error that lists the known ones', () => {
  assert.throws(
    () => discoverStores({ HOLDFAST_TEST_STORES: 'oracle' }, ROWS),
    /oracle; the stores are sqlite, postgres/,
  )
})

test('a fresh machine tests the embedded stores', () => {
  const { found } = discoverStores({}, STORES)
  assert.deepEqual(
    found.map(({ name }) => name),
    ['memory', 'sqlite'],
  )
})

test('a store is asked for by its name, and by nothing when there is no list', () => {
  const list = { HOLDFAST_TEST_STORES: 'sqlite,postgres' }
  assert.equal(isAskedFor('postgres', list), true)
  assert.equal(isAskedFor('mysql', list), false)
  assert.equal(isAskedFor('mysql', {}), null)
})
