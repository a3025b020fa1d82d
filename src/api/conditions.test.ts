import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leg, release, transfer } from '../../test/support/commands.ts'
import { relay } from '../client/relay.ts'
import { openLedger } from '../ledger.ts'
import { commandToWire } from './contracts.ts'
import { LedgerError } from './error.ts'

const RELEASE = release('h')
const TRANSFER = transfer('r', [leg('user:8', 'user:9', 1n)])

test('a number as a condition is sent, and no condition is no field', () => {
  assert.deepEqual(commandToWire({ ...RELEASE, ifSteps: 0 }), { kind: 'release', hold: 'h', ifSteps: 0 })
  assert.deepEqual(commandToWire(RELEASE), { kind: 'release', hold: 'h' })
})

test('a condition that a body cannot express is refused, and the command is not sent without it', async () => {
  for (const [command, pointer, said] of [
    [{ ...RELEASE, ifSteps: '*' }, '/ifSteps', /If-Match: \* cannot be sent in a body/],
    [{ ...RELEASE, ifSteps: ['a', 'b'] }, '/ifSteps', /If-Match: "a", "b" cannot be sent/],
    [
      { ...TRANSFER, legs: [{ ...TRANSFER.legs[0]!, ifVersion: [] }] },
      '/ifVersion',
      /which has only a number as ifVersion/,
    ],
  ] as const) {
    assert.throws(
      () => commandToWire(command),
      (error) => {
        assert.ok(error instanceof LedgerError)
        assert.deepEqual([error.code, error.pointer], ['invalid_request', pointer])
        assert.match(error.message, said)
        return true
      },
    )
  }
  await using ledger = await openLedger('memory:')
  await ledger.deposit({ account: 'user:8', amount: 10n })
  await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 5n })
  const [outcome] = await relay(ledger, [{ ...RELEASE, ifSteps: '*' }])
  assert.ok(outcome?.status === 'faulted')
  assert.equal(outcome.error.code, 'invalid_request')
  assert.equal((await ledger.hold('h')).state, 'open')
})
