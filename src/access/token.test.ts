import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { hashOf, newSecret } from './key-format.ts'
import { claimsIn, isTokenInTime, isTokenOf, keyIdOf, signToken, TOKEN_LENGTH_MAX, TOKEN_MS_MAX } from './token.ts'

const AT = 1_900_000_000_000

test('a token says for which account and until when it is, and which secret made it', async () => {
  const secret = newSecret()
  const hash = await hashOf(secret)
  for (const account of ['user:8', '@revenue', `"\\' ~`, 'x'.repeat(128), '"'.repeat(128)]) {
    const token = await signToken(secret, account, AT)
    assert.deepEqual(claimsIn(token), { keyId: keyIdOf(hash), account, expiresAt: AT })
    assert.match(token, /^hft_[\w-]+\.[\w-]{43}$/)
    assert.ok(token.length <= TOKEN_LENGTH_MAX)
    assert.ok(await isTokenOf(token, hash))
    assert.ok(!(await isTokenOf(token, await hashOf(newSecret()))))
  }
})

test('it is an HMAC of what it says with the hash of the key, in a domain of its own', async () => {
  const secret = newSecret()
  const token = await signToken(secret, 'user:8', AT)
  const [, payload, mac] = /^hft_([^.]+)\.(.+)$/.exec(token)!
  const sign = (text: string): Promise<string> =>
    hashOf(secret).then((hash) => createHmac('sha256', Buffer.from(hash, 'hex')).update(text).digest('base64url'))
  assert.equal(mac, await sign(`holdfast token 1\n${payload!}`))
  assert.notEqual(mac, await sign(payload!))
})

test('a token with any other character, or with what another one says, is refused', async () => {
  const secret = newSecret()
  const hash = await hashOf(secret)
  const token = await signToken(secret, 'user:8', AT)
  const other = await signToken(secret, 'user:9', AT + 1)
  assert.ok(!(await isTokenOf(`${other.split('.')[0]}.${token.split('.')[1]}`, hash)))
  const places = fc.nat(token.length - 2)
  await fc.assert(
    fc.asyncProperty(places, fc.constantFrom(...'AZaz09-_.'.split('')), async (at, character) => {
      fc.pre(token[at] !== character)
      const wrong = token.slice(0, at) + character + token.slice(at + 1)
      assert.ok(claimsIn(wrong) === null || !(await isTokenOf(wrong, hash)))
    }),
    { numRuns: 500 },
  )
})

test('what is malformed says nothing', () => {
  const payload = (value: unknown): string =>
    `hft_${Buffer.from(JSON.stringify(value)).toString('base64url')}.${'A'.repeat(43)}`
  const keyId = 'a'.repeat(16)
  assert.notEqual(claimsIn(payload([keyId, 'user:8', AT])), null)
  const malformed = [
    '',
    'hft_',
    'hft_.',
    `hft_e30.${'A'.repeat(43)}`,
    payload([keyId, 'user:8', AT, 1]),
    payload([keyId, 'user:8']),
    payload([keyId, '', AT]),
    payload([keyId, '..', AT]),
    payload(['A'.repeat(16), 'user:8', AT]),
    payload(['a'.repeat(64), 'user:8', AT]),
    payload([keyId, 'user:8', '1900000000000']),
    payload([keyId, 'user:8', 0]),
    payload([keyId, 'user:8', 1.5]),
    payload([keyId, 'user:8', 1e300]),
    payload({ length: 3, 0: keyId, 1: 'user:8', 2: AT }),
    payload(null),
    `hft_${'A'.repeat(100_000)}.${'A'.repeat(43)}`,
  ]
  for (const token of malformed) assert.equal(claimsIn(token), null, token.slice(0, 200))
})

test('a token is valid before its end, and for a day at most however it was made', () => {
  const claims = { keyId: '', account: 'user:8', expiresAt: AT }
  assert.ok(isTokenInTime(claims, AT - 1))
  assert.ok(!isTokenInTime(claims, AT))
  assert.ok(isTokenInTime(claims, AT - TOKEN_MS_MAX))
  assert.ok(!isTokenInTime(claims, AT - TOKEN_MS_MAX - 3_600_000))
})
