import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OldRows } from './old-rows.ts'

const WHOLE = { sql: '`id`', isWhole: true }
const USERS = {
  table: '`shop`.`users`',
  index: '`PRIMARY`',
  beside: '`coins`',
  key: WHOLE,
  kind: null,
  before: 'user:',
  after: '',
}

function lockedBy(rows: OldRows, ...names: readonly (readonly [account: string, asset: string])[]): readonly string[] {
  return rows.lock(names.map(([account, asset]) => ({ account, asset }))).map((text) => text.replace(/^.* WHERE /, ''))
}

test('old rows are locked once each, in the order of numbers, by one statement', () => {
  const rows = new OldRows(JSON.stringify({ ...USERS, kinds: [['credit', null]] }))
  assert.deepEqual(rows.lock([{ account: 'user:10', asset: 'credit' }]), [
    'SELECT COUNT(`coins`) INTO @holdfast_locked FROM `shop`.`users` FORCE INDEX (`PRIMARY`) WHERE `id` IN (10) FOR UPDATE',
  ])
  const names = [
    ['user:10', 'credit'],
    ['user:9', 'credit'],
    ['@issuer', 'credit'],
    ['user:10', 'credit'],
    ['user:123456789012345678', 'credit'],
    ['user:123456789012345677', 'credit'],
  ] as const
  assert.deepEqual(lockedBy(rows, ...names), ['`id` IN (9,10,123456789012345677,123456789012345678) FOR UPDATE'])
})

test('accounts and assets without an old row lock nothing, and no text of a name becomes SQL', () => {
  const rows = new OldRows(JSON.stringify({ ...USERS, kinds: [['credit', null]] }))
  const names = ['user:', 'user:8x', 'user:08', 'user:1) OR (1=1', 'shop:8', '@revenue'] as const
  assert.deepEqual(lockedBy(rows, ...names.map((name) => [name, 'credit'] as const)), [])
  assert.deepEqual(lockedBy(rows, ['user:8', 'gem']), [])
  assert.deepEqual(rows.isOf({ account: 'user:8', asset: 'credit' }), true)
})

test('a row is found by its key and its kind of coins', () => {
  const text = { sql: '`uid`', isWhole: false }
  const wallets = { ...USERS, key: text, kind: { sql: '`kind`', isWhole: true }, after: '/w' }
  const kinds = [
    ['credit', '1'],
    ['gem', '10'],
  ]
  const rows = new OldRows(JSON.stringify({ ...wallets, kinds }))
  assert.deepEqual(lockedBy(rows, [`user:o'neil/w`, 'gem'], ['user:ada/w', 'gem'], ['user:ada/w', 'credit']), [
    `(\`uid\`, \`kind\`) IN (('ada',1),('ada',10),('o\\'neil',10)) FOR UPDATE`,
  ])
})
