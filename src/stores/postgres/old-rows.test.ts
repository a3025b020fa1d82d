import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OldRows } from './old-rows.ts'

const WHOLE = { sql: '"id"', isWhole: true, type: 'bigint', collation: null }
const USERS = { table: '"shop"."users"', key: WHOLE, kind: null, before: 'user:', after: '' }

function keysOf(rows: OldRows, ...names: readonly (readonly [account: string, asset: string])[]): unknown {
  return rows.lockOf(names.map(([account, asset]) => ({ account, asset })))?.parameters ?? null
}

test('old rows are locked once each, in the order of numbers, and their keys are parameters', () => {
  const rows = new OldRows(JSON.stringify({ ...USERS, kinds: [['credit', null]] }))
  const names = ['user:10', 'user:9', '@issuer', 'user:10', 'user:123456789012345678', 'user:123456789012345677']
  assert.deepEqual(keysOf(rows, ...names.map((name) => [name, 'credit'] as const)), [
    ['9', '10', '123456789012345677', '123456789012345678'],
  ])
  const [statement] = rows.lock([{ account: 'user:9', asset: 'credit' }])
  assert.match(
    statement!.text,
    /unnest\(\$1::bigint\[\]\).*FROM "shop"\."users" u WHERE u\."id" = k\.k0 FOR NO KEY UPDATE/s,
  )
})

test('accounts and assets without an old row, and texts that are no value of the column, lock nothing', () => {
  const rows = new OldRows(JSON.stringify({ ...USERS, kinds: [['credit', null]] }))
  const names = ['user:', 'user:8x', 'user:08', 'user:9223372036854775808', 'shop:8', '@revenue'] as const
  assert.equal(keysOf(rows, ...names.map((name) => [name, 'credit'] as const)), null)
  assert.equal(keysOf(rows, ['user:8', 'gem']), null)
  const uuid = { sql: '"id"', isWhole: false, type: 'uuid', collation: null }
  const byUuid = new OldRows(JSON.stringify({ ...USERS, key: uuid, kinds: [['credit', null]] }))
  const [id, upper] = ['0190a5b0-7e2b-7cc1-8b1e-3b9df2a0c111', '0190A5B0-7E2B-7CC1-8B1E-3B9DF2A0C111']
  assert.deepEqual(keysOf(byUuid, [`user:${id}`, 'credit'], [`user:${upper}`, 'credit'], ['user:8', 'credit']), [[id]])
})

test('a row is found by its key and its kind of coins, and another bridge has another statement', () => {
  const text = { sql: '"uid"', isWhole: false, type: 'text', collation: 'pg_catalog."C"' }
  const kind = { sql: '"kind"', isWhole: true, type: 'bigint', collation: null }
  const kinds = [
    ['credit', '1'],
    ['gem', '10'],
  ]
  const rows = new OldRows(JSON.stringify({ ...USERS, key: text, kind, after: '/w', kinds }))
  const names = [[`user:o'neil/w`, 'gem'] as const, ['user:ada/w', 'gem'] as const, ['user:ada/w', 'credit'] as const]
  assert.deepEqual(keysOf(rows, ...names), [
    ['ada', 'ada', "o'neil"],
    ['1', '10', '10'],
  ])
  const [balance] = names.map(([account, asset]) => ({ account, asset }))
  const other = new OldRows(JSON.stringify({ ...USERS, key: text, kind: null, after: '/w', kinds }))
  assert.notEqual(rows.lockOf([balance!])!.name, other.lockOf([balance!])!.name)
})
