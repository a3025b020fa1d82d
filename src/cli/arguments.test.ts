import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  given,
  readAmountText,
  readDurationMs,
  readInstant,
  readFraction,
  readMetadata,
  readShare,
  readWholeNumber,
} from './arguments.ts'

test('an amount is a decimal number, whose asset is not known yet', () => {
  for (const text of ['9223372036854775807', '-500', '1.50', '-1.50']) assert.equal(readAmountText(text), text)
  for (const text of ['', '1e3', '1_000', '1,000', '0x10', '+5', 'ten', '1,5', '.5', '1.000,50']) {
    assert.throws(() => readAmountText(text), { code: 'commander.invalidArgument' }, text)
  }
})

test('a duration has a unit', () => {
  const texts = ['500ms', '90s', '10m', '2h', '1d']
  assert.deepEqual(texts.map(readDurationMs), [500, 90_000, 600_000, 7_200_000, 86_400_000])
  for (const text of ['', '10', 'm', '-5m', '1.5h', '10 m', '1w']) {
    assert.throws(() => readDurationMs(text), /90s, 10m, 2h, 1d/, text)
  }
})

test('an instant has its offset, and a day begins in UTC', () => {
  const noon = Date.UTC(2030, 0, 31, 12)
  assert.equal(readInstant('2030-01-31T12:00:00Z'), noon)
  assert.equal(readInstant('2030-01-31T20:00:00.500+08:00'), noon + 500)
  assert.equal(readInstant('2030-01-31'), Date.UTC(2030, 0, 31))
  for (const text of ['', 'yesterday', '2030-01-31T12:00:00', '2030-02-30', '2030-13-01', '1900000000000', '30']) {
    assert.throws(() => readInstant(text), /2030-01-31T12:00:00Z/, text)
  }
})

test('metadata is a JSON object', () => {
  assert.deepEqual(readMetadata('{"model":"llama-70b","n":1}'), { model: 'llama-70b', n: 1 })
  for (const text of ['', 'model=x', '[]', 'null', '"text"', '{model:1}']) {
    assert.throws(() => readMetadata(text), /JSON object, in quotes/, text)
  }
})

test('a receiver is an account with its amount', () => {
  const shares = readShare('user:10=30.50:7', readShare('user:9=20', undefined))
  assert.deepEqual(shares, [
    { to: 'user:9', amount: '20', toAmount: undefined },
    { to: 'user:10', amount: '30.50', toAmount: '7' },
  ])
  for (const text of ['', 'user:9', '=20']) assert.throws(() => readShare(text, undefined), /=20\./, text)
  assert.deepEqual(readShare('aGk= a=b==20:3', undefined), [{ to: 'aGk= a=b=', amount: '20', toAmount: '3' }])
})

test('a rate is one number for another', () => {
  assert.deepEqual(readFraction('1:10'), { numerator: 1n, denominator: 10n })
  for (const text of ['', '1', '1:2:3', '0.1:1', ':'])
    assert.throws(() => readFraction(text), { code: 'commander.invalidArgument' }, text)
})

test('the amount to receive follows the amount once', () => {
  assert.throws(() => readShare('user:9=20:2:1', undefined), /user:9=20:2\./)
})

test('counts are whole numbers', () => {
  assert.equal(readWholeNumber('50'), 50)
  for (const text of ['', '-1', '1.5', 'x']) assert.throws(() => readWholeNumber(text), /whole number/, text)
})

test('options that were not given are left out', () => {
  assert.deepEqual(given({ asset: undefined, memo: 'hello' }), { memo: 'hello' })
})
