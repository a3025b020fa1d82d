import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLedger } from '../ledger.ts'
import { Scales } from './scales.ts'
import { quoted, spoken } from './speech.ts'
import { troubleOf } from './trouble.ts'

test('a message speaks of options, commands and decimal amounts, and a hint of the things by their names', async () => {
  await using ledger = await openLedger('memory:', { sweep: false })
  await ledger.declare({ asset: 'gold', decimals: 2 })
  await ledger.declare({ asset: 'gem', decimals: 3 })
  await ledger.deposit({ account: 'user:8', amount: 1_000n, asset: 'gold', requestId: 'd' })
  await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 600n, asset: 'gold' })
  await ledger.freeze({ requestId: 'ended', account: 'user:8', amount: 100n, asset: 'gold' })
  await ledger.settle('ended', { amount: 50n })
  await ledger.rate({ from: 'gold', to: 'gem', numerator: 1n, denominator: 1_000n })
  const gold = { account: 'user:8', asset: 'gold' }
  const leg = { from: 'user:8', to: 'user:9', amount: 5n, asset: 'gold' }
  const cases: readonly (readonly [call: () => Promise<unknown>, message: string, hint: RegExp])[] = [
    [
      () => ledger.charge({ ...gold, amount: 901n }),
      'insufficient_funds: "user:8" has 3.50 gold available; 9.01 are needed. 6.00 more are held.',
      /open user:8 --asset gold --floor -N\nList the open holds: holdfast holds --account user:8 --asset gold --state open$/,
    ],
    [() => ledger.settle('h', { amount: 601n }), 'settle_above_hold: The hold "h" has only 6.00.', /--overage cap/],
    [
      () => ledger.settle('ended', { amount: 1n }),
      'hold_not_open: The hold "ended" was already settled with 0.50.',
      /^Show what happened to it: holdfast history ended$/,
    ],
    [
      () => ledger.refund('ended', { amount: 51n }),
      'refund_above_settled: 0.50 were settled under "ended"; 0.00 of them were already refunded.',
      /holdfast hold ended$/,
    ],
    [
      () => ledger.open({ ...gold, floor: 5_000n }),
      'floor_above_available: "user:8" has only 3.50 gold available.',
      /floor/,
    ],
    [
      () => ledger.freeze({ ...gold, amount: 1n, expiresInMs: 90 * 86_400_000 }),
      'expiry_out_of_range: A hold must expire in the future, at most 30d from now.',
      /--expires-in/,
    ],
    [
      () => ledger.freeze({ requestId: 'h', account: 'user:8', amount: 600n, asset: 'gold', expiresInMs: 5 }),
      'request_id_reused: The request id "h" was already used with a different --expires-in.',
      /another --request-id/,
    ],
    [
      () => ledger.deposit({ ...gold, amount: 2n, requestId: 'd', memo: 'x' }),
      'request_id_reused: The request id "d" was already used with a different amount and --memo.',
      /another --request-id/,
    ],
    [
      () => ledger.transfer({ legs: [{ ...leg, toAsset: 'gem' }] }),
      'rounds_to_nothing: 0.05 gold convert to less than 0.001 gem.',
      /larger amount/,
    ],
    [
      () => ledger.transfer({ legs: [{ ...leg, toAsset: 'credit' }] }),
      'unknown_rate: No rate from "gold" to "credit" has been declared.',
      /holdfast rate put gold credit NUMERATOR:DENOMINATOR/,
    ],
    [() => ledger.charge({ ...gold, amount: 1n, memo: 'x'.repeat(2_000) }), '--memo must be', /^null$/],
  ]
  const refused = async (call: () => Promise<unknown>): Promise<unknown> =>
    await call().then(
      () => null,
      (error: unknown) => error,
    )
  for (const [call, said, advice] of cases) {
    const { message, hint, error } = troubleOf(await spoken(await refused(call), ledger, () => Scales.of(ledger)))
    assert.equal(message.slice(0, said.length), said)
    assert.match(String(hint), advice, said)
    assert.ok(error !== null)
    assert.doesNotMatch(`${message}${hint}`, / \/v1|GET |PUT |`| ms /)
  }
})

test('a name is quoted where a shell would not take it as it is', () => {
  assert.equal(quoted('user:8'), 'user:8')
  assert.equal(quoted('auth0|abc'), "'auth0|abc'")
  assert.equal(quoted("o'neil x"), String.raw`'o'\''neil x'`)
})
