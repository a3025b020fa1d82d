import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAccountName, isAssetCode, isHouse, isRequestId, ISSUER, REVENUE } from './ids.ts'
import { endOfHold } from './journal.ts'

const ODD = [
  '',
  ' ',
  'a b',
  'a\n',
  '\na',
  'a~b',
  'é',
  '用户',
  'a\u0000',
  'a,b',
  'a;b',
  "a'b",
  '"',
  '\\',
  '💎',
  null,
  7,
  ['a'],
  undefined,
]

test('an account is 1 to 64 characters of its alphabet', () => {
  for (const name of ['a', 'user:8', 'A.z_0-9/x@y', '@issuer', 'x'.repeat(64)]) assert.ok(isAccountName(name), name)
  for (const name of [...ODD, 'x'.repeat(65), 'a+b', 'a=b']) assert.ok(!isAccountName(name), String(name))
})

test('an asset is 1 to 16 characters, a lower-case letter first', () => {
  for (const code of ['a', 'credit', 'usd_2', 'x'.repeat(16)]) assert.ok(isAssetCode(code), code)
  for (const code of [...ODD, 'x'.repeat(17), 'Usd', '2usd', '_usd', 'us-d', 'us.d'])
    assert.ok(!isAssetCode(code), String(code))
})

test('a request id is 1 to 128 characters of its alphabet', () => {
  for (const id of ['a', '019a4c3e-0000-7000-8000-000000000000', 'aGk+/w==', 'order:8@shop/x', 'x'.repeat(128)]) {
    assert.ok(isRequestId(id), id)
  }
  for (const id of [...ODD, 'x'.repeat(129)]) assert.ok(!isRequestId(id), String(id))
})

test('house accounts begin with @', () => {
  assert.ok(isHouse(ISSUER) && isHouse(REVENUE) && isHouse('@'))
  assert.ok(!isHouse('user@issuer') && !isHouse('issuer') && !isHouse(''))
})

test('no caller can take the name of the entry that ended a hold', () => {
  assert.ok(!isRequestId(endOfHold('h', 'settle')))
  assert.ok(!isRequestId(endOfHold('h', 'release')))
})
