import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { crc32 as crc32OfZlib } from 'node:zlib'
import fc from 'fast-check'
import { crc32, hashOf, isSecret, KEY_LENGTH, newSecret } from './key-format.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'.split('')
const secrets = fc.constant(null).map(newSecret)

test('new keys are well-formed, different, and use every character', () => {
  const made = Array.from({ length: 500 }, newSecret)
  assert.equal(new Set(made).size, 500)
  for (const secret of made) {
    assert.match(secret, /^hf_[0-9A-Za-z]{38}$/)
    assert.equal(secret.length, KEY_LENGTH)
    assert.ok(isSecret(secret))
  }
  const counts = new Map<string, number>()
  for (const character of made.flatMap((secret) => secret.slice(3, 35).split(''))) {
    counts.set(character, (counts.get(character) ?? 0) + 1)
  }
  // 258 of each are expected. A remainder of bytes without rejection would make the first eight a quarter more frequent.
  for (const character of ALPHABET) {
    const count = counts.get(character) ?? 0
    assert.ok(count > 160 && count < 360, `${character}: ${count}`)
  }
})

test('any one wrong character is refused', () => {
  const wrong = fc.record({
    secret: secrets,
    at: fc.nat(KEY_LENGTH - 1),
    character: fc.constantFrom(...ALPHABET, '-', '_', ' ', 'é'),
  })
  fc.assert(
    fc.property(wrong, ({ secret, at, character }) => {
      fc.pre(secret[at] !== character)
      assert.ok(!isSecret(secret.slice(0, at) + character + secret.slice(at + 1)))
    }),
    { numRuns: 2_000 },
  )
})

test('two neighbours that changed places, a missing and an additional character are refused', () => {
  fc.assert(
    fc.property(secrets, fc.nat(KEY_LENGTH - 2), fc.constantFrom(...ALPHABET), (secret, at, character) => {
      const swapped = secret.slice(0, at) + secret[at + 1]! + secret[at]! + secret.slice(at + 2)
      if (swapped !== secret) assert.ok(!isSecret(swapped))
      assert.ok(!isSecret(secret.slice(0, at) + secret.slice(at + 1)))
      assert.ok(!isSecret(secret.slice(0, at) + character + secret.slice(at)))
    }),
    { numRuns: 1_000 },
  )
})

test('texts that are no keys are refused', () => {
  for (const text of [
    '',
    'hf_',
    newSecret().toLowerCase().toUpperCase(),
    ` ${newSecret()}`,
    `${newSecret()}\n`,
    'x'.repeat(100_000),
  ]) {
    assert.ok(!isSecret(text))
  }
})

test('the checksum is that of zlib, and the hash SHA-256', async () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...ALPHABET, '_') }), (text) => crc32(text) === crc32OfZlib(text)),
  )
  const secret = newSecret()
  assert.equal(await hashOf(secret), createHash('sha256').update(secret).digest('hex'))
})
