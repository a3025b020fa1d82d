import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CursorError } from '../engine/reader.ts'
import { decodeCursor, encodeCursor, type CursorList } from './cursor.ts'

function forge(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

test('a cursor brings its key back', () => {
  assert.deepEqual(decodeCursor('postings', encodeCursor('postings', [3, 17])), [3, 17])
  assert.deepEqual(decodeCursor('holdsOfAccount', encodeCursor('holdsOfAccount', [9])), [9])
  const expiry = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const
  assert.deepEqual(decodeCursor('holdsByExpiry', encodeCursor('holdsByExpiry', expiry)), expiry)
  assert.deepEqual(decodeCursor('holdsBySeq', encodeCursor('holdsBySeq', [616])), [616])
  assert.deepEqual(decodeCursor('assets', encodeCursor('assets', ['gem'])), ['gem'])
})

test('a cursor is one word that fits in a URL', () => {
  assert.match(encodeCursor('rates', ['credit', 'gem']), /^[A-Za-z0-9_-]+$/)
})

test('a cursor of one list is not taken for one of another', () => {
  const cursors: Readonly<Record<CursorList, string>> = {
    postings: encodeCursor('postings', [1, 2]),
    holdsOfAccount: encodeCursor('holdsOfAccount', [1]),
    holdsByExpiry: encodeCursor('holdsByExpiry', [1, 2]),
    holdsBySeq: encodeCursor('holdsBySeq', [1]),
    rates: encodeCursor('rates', ['credit', 'gem']),
    rateHistory: encodeCursor('rateHistory', [1]),
    assets: encodeCursor('assets', ['gem']),
    balances: encodeCursor('balances', ['gem']),
    feed: encodeCursor('feed', [1, 2, 3]),
    balancesByName: encodeCursor('balancesByName', ['user:8', 'gem']),
    balancesByAmount: encodeCursor('balancesByAmount', ['held', '-7', 'user:8']),
    holdHistory: encodeCursor('holdHistory', [1]),
  }
  const lists = Object.keys(cursors) as CursorList[]
  for (const made of lists) {
    for (const taken of lists.filter((list) => list !== made)) {
      assert.throws(() => decodeCursor(taken, cursors[made]), CursorError, `${taken} took a cursor of ${made}`)
    }
  }
})

const FORGED: readonly (readonly [title: string, value: unknown])[] = [
  ['another tag', ['x', 1, 2]],
  ['no tag', [1, 2]],
  ['too few parts', ['p', 1]],
  ['too many parts', ['p', 1, 2, 3]],
  ['a text for a number', ['p', '1', 2]],
  ['a fraction', ['p', 1.5, 2]],
  ['beyond a safe integer', ['p', 1, 2 ** 53]],
  ['null', ['p', 1, null]],
  ['no list', { 0: 'p', 1: 1, 2: 2, length: 3 }],
  ['nothing', null],
]

for (const [title, value] of FORGED) {
  test(`a forged cursor is refused: ${title}`, () => {
    assert.throws(() => decodeCursor('postings', forge(value)), CursorError)
  })
}

test('a forged cursor is refused: a code that is none', () => {
  for (const code of ['', 'a b', 'é', 'x'.repeat(129), 7]) {
    assert.throws(() => decodeCursor('assets', forge(['c', code])), CursorError, String(code))
  }
})

test('a forged cursor is refused: an amount or an order that is none', () => {
  for (const key of [
    ['held', '07', 'a'],
    ['held', 7, 'a'],
    ['held', '1'.repeat(40), 'a'],
    ['by', '7', 'a'],
    ['held', '7', ''],
  ]) {
    assert.throws(() => decodeCursor('balancesByAmount', forge(['o', ...key])), CursorError, String(key))
  }
})

test('only the spelling that was given out is taken back', () => {
  const cursor = encodeCursor('postings', [1, 2])
  const spaced = Buffer.from('["p", 1, 2]').toString('base64url')
  for (const other of [spaced, `${cursor}=`, ` ${cursor}`, cursor.slice(0, -1), 'x'.repeat(10_000), '']) {
    assert.throws(() => decodeCursor('postings', other), CursorError, other.slice(0, 40))
  }
})
