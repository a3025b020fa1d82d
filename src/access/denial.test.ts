import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  amend,
  block,
  charge,
  deposit,
  freeze,
  merge,
  open,
  refund,
  release,
  settle,
  transfer,
} from '../../test/support/commands.ts'
import type { Command } from '../domain/command.ts'
import type { Confinement } from '../domain/confinement.ts'
import { callerOfToken, type CallerKey } from './caller-key.ts'
import { denialOfCommand, denialOfEverything, denialOfPrefix, denialOfRead, denialOfScopes } from './denial.ts'
import { SCOPES } from './scope.ts'

const ANY: Confinement = { accounts: null, assets: null, amountMax: null }

function keyWithin(within: Partial<Confinement> | null): CallerKey {
  const bounds = within === null ? null : { ...ANY, ...within }
  const rest = { account: null, commandsPerSecond: null, burst: null, expiresAt: null }
  return { number: 1, name: 'shop', scopes: new Set(SCOPES), within: bounds, ...rest }
}

function isAllowed(within: Partial<Confinement> | null, command: Command): boolean {
  return denialOfCommand(keyWithin(within), command) === null
}

const leg = (from: string, to: string, amount: bigint, more: object = {}) => ({
  from,
  to,
  asset: 'credit',
  amount,
  ...more,
})

test('every account that a command names must be within the key', () => {
  const within = { accounts: ['user:', '@revenue'] }
  const allowed = [
    deposit('d', 'user:8', 1n),
    freeze('f', 'user:8', 1n),
    charge('c', 'user:8', 1n),
    transfer('t', [leg('user:8', 'user:9', 1n)]),
    open('o', 'user:8', null),
    block('b', 'user:8'),
    merge('m', 'user:8', 'user:9'),
    settle('f', 1n),
    release('f'),
  ]
  for (const command of allowed) assert.ok(isAllowed(within, command), command.kind)
  const denied = [
    deposit('d', 'shop:8', 1n),
    // A prefix is one only at the beginning.
    deposit('d', 'my-user:8', 1n),
    deposit('d', 'user', 1n),
    freeze('f', 'shop:8', 1n),
    freeze('f', 'user:8', 1n, { payee: 'shop:1' }),
    charge('c', 'user:8', 1n, { payee: '@promo' }),
    transfer('t', [leg('user:8', 'user:9', 1n), leg('user:8', 'shop:1', 1n)]),
    transfer('t', [leg('shop:1', 'user:8', 1n)]),
    open('o', 'shop:8', null),
    block('b', 'shop:8'),
    merge('m', 'user:8', 'shop:8'),
    merge('m', 'shop:8', 'user:8'),
    { ...settle('f', 1n), payee: 'shop:1' },
  ]
  for (const command of denied) assert.ok(!isAllowed(within, command), command.kind)
  for (const command of denied) assert.ok(isAllowed(null, command), command.kind)
  // The payee that a command has by default is named all the same.
  assert.ok(!isAllowed({ accounts: ['user:'] }, freeze('f', 'user:8', 1n)))
})

test('every asset must be within the key, and what concerns all of an account is not', () => {
  const within = { assets: ['credit'] }
  assert.ok(isAllowed(within, deposit('d', 'user:8', 1n)))
  const denied = [
    deposit('d', 'user:8', 1n, { asset: 'gem' }),
    transfer('t', [leg('user:8', 'user:9', 1n, { toAsset: 'gem' })]),
    block('b', 'user:8'),
    merge('m', 'user:8', 'user:9'),
  ]
  for (const command of denied) assert.ok(!isAllowed(within, command), command.kind)
})

test('an amount counts per command, and the legs of one asset count together', () => {
  const within = { amountMax: 100n }
  const allowed = [
    deposit('d', 'user:8', 100n),
    settle('f', 100n),
    amend('a', 'f', { amount: 100n }),
    amend('a', 'f', { by: -1_000n }),
    refund('r', 'f', 100n),
    open('o', 'user:8', -100n),
    open('o', 'user:8', 1_000n),
    transfer('t', [leg('user:8', 'user:9', 50n), leg('user:8', 'user:10', 50n)]),
    transfer('t', [leg('user:8', 'user:9', 100n), leg('user:8', 'user:10', 100n, { asset: 'gem' })]),
  ]
  for (const command of allowed) assert.ok(isAllowed(within, command), JSON.stringify(command.kind))
  const denied = [
    deposit('d', 'user:8', 101n),
    freeze('f', 'user:8', 101n),
    charge('c', 'user:8', 101n),
    settle('f', 101n),
    amend('a', 'f', { amount: 101n }),
    amend('a', 'f', { by: 101n }),
    refund('r', 'f', 101n),
    // A floor lends coins.
    open('o', 'user:8', -101n),
    transfer('t', [leg('user:8', 'user:9', 50n), leg('user:8', 'user:10', 51n)]),
    transfer('t', [leg('user:8', 'user:9', 1n, { toAsset: 'gem', toAmount: 101n })]),
  ]
  for (const command of denied) assert.ok(!isAllowed(within, command), command.kind)
})

test('a read must name what is within the key', () => {
  const key = keyWithin({ accounts: ['user:'], assets: ['credit'] })
  assert.equal(denialOfRead(key, { account: 'user:8', asset: 'credit' }), null)
  assert.equal(denialOfRead(key, { account: 'user:8', asset: null }), null)
  assert.notEqual(denialOfRead(key, { account: 'shop:8', asset: null }), null)
  assert.notEqual(denialOfRead(key, { account: 'user:8', asset: 'gem' }), null)
  assert.notEqual(denialOfRead(key, { account: null, asset: null }), null)
  assert.equal(denialOfPrefix(key, 'user:8', 'credit'), null)
  for (const prefix of ['', 'use', 'shop:']) assert.notEqual(denialOfPrefix(key, prefix, 'credit'), null, prefix)
  assert.notEqual(denialOfPrefix(key, 'user:', null), null)
  assert.notEqual(denialOfPrefix(key, 'user:', 'gem'), null)
  for (const within of [{ accounts: ['user:'] }, { assets: ['credit'] }]) {
    assert.notEqual(denialOfEverything(keyWithin(within)), null)
  }
  // How much one command moves says nothing about what may be seen.
  assert.equal(denialOfEverything(keyWithin({ amountMax: 1n })), null)
})

test('a token reads its account, as far as its key may, and has no scope that the key lacks', () => {
  const token = callerOfToken(keyWithin({ accounts: ['user:'] }), { account: 'user:8', expiresAt: 1 })
  assert.equal(denialOfRead(token, { account: 'user:8', asset: null }), null)
  for (const account of ['user:80', 'user:9', 'user:', null]) {
    assert.notEqual(denialOfRead(token, { account, asset: null }), null, String(account))
  }
  assert.notEqual(denialOfPrefix(token, 'user:8', 'credit'), null)
  assert.notEqual(denialOfEverything(token), null)
  assert.notEqual(
    denialOfRead(callerOfToken(keyWithin({ accounts: ['shop:'] }), { account: 'user:8', expiresAt: 1 }), {
      account: 'user:8',
      asset: null,
    }),
    null,
  )
  assert.deepEqual([...token.scopes], ['accounts:read', 'statements:read'])
  const writer = { ...keyWithin(null), scopes: new Set(['holds:write'] as const) }
  assert.notEqual(denialOfScopes(callerOfToken(writer, { account: 'user:8', expiresAt: 1 }), ['accounts:read']), null)
})
