import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAccountName, isAssetCode, isHouse, isRequestId, ISSUER, REVENUE } from './ids.ts'
import { endOfHold } from './journal.ts'

/** Names as other systems give them out. */
const ACCOUNTS = [
  'a',
  'user:8',
  'jo+x@example.org',
  'auth0|5f7c8ec7c33c6c004bbafe82',
  "o'brien@example.ie",
  'user 1',
  'did:example:123?a=b&c=d#key-1',
  'CN=Jo "J" Doe,OU=a\\b;c',
  'aGk+/w==',
]

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

test('an account is 1 to 128 printable ASCII characters, no space first or last', () => {
  for (const name of [...ACCOUNTS, '@issuer', 'x'.repeat(128)]) assert.ok(isAccountName(name), name)
  for (let code = 0x21; code <= 0x7e; code++) {
    const letter = String.fromCharCode(code)
    assert.equal(isAccountName(letter), letter !== '.', letter)
    for (const name of [`a${letter}`, `${letter}a`, `a${letter}b`]) assert.ok(isAccountName(name), name)
  }
  for (const name of ['...', '.a', 'a.', './', '%2e', '%2e%2e', 'a b', 'a  b']) assert.ok(isAccountName(name), name)
  const others = ['', ' ', '  ', ' a', 'a ', ' a b', 'a b ', '.', '..', '.\n', 'x'.repeat(129), `${'x'.repeat(127)} `]
  const unprintable = [
    'a\n',
    '\na',
    'a\tb',
    'a\u0000',
    'a\u007f',
    'é',
    'a\u00a0b',
    '用户',
    '💎',
    null,
    7,
    ['a'],
    undefined,
  ]
  for (const name of [...others, ...unprintable]) assert.ok(!isAccountName(name), String(name))
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
