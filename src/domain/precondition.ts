/**
 * "Only if unchanged": a command can require that a balance or a hold is still as its caller saw it.
 *
 * The rules compare it with the state that the command sees, after the commands before it in its batch. The command changes the same
 * balance or hold, so the guards of the commit prove the comparison. It says when a command may be applied and not what it does, so it is
 * no part of the contents: a repeat gets the first answer whatever it requires.
 */
import type { Balance, BalanceRecord } from './balance.ts'
import type { Precondition } from './command.ts'
import { reject, type Refusal } from './decision.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Hold } from './hold.ts'
import { showHold, type HoldRecord } from './hold-record.ts'
import { canonicalMetadata } from './metadata.ts'
import type { Rejection } from './outcome.ts'

/** Refuses if the balance is not as required. */
export function requireBalance(required: Precondition | undefined, balance: BalanceRecord): Refusal | null {
  if (required === undefined) return null
  const { version } = balance
  const isSo = required === '*' ? version > 0 : isAmong(required, version, () => balanceTag(balance))
  return isSo ? null : reject(balanceChanged(balance))
}

/** Refuses if the hold is not as required. */
export function requireHold(required: Precondition | undefined, hold: HoldRecord): Refusal | null {
  if (required === undefined || required === '*') return null
  if (isAmong(required, hold.changes, () => holdTag(showHold(hold)))) return null
  return reject(holdChanged(showHold(hold)))
}

/** A balance that is not as required. That of a house account is in stripes, which no caller has seen: the edges refuse it. */
export function balanceChanged({
  account,
  asset,
  version,
  available,
  held,
  floor,
}: Pick<Balance, 'account' | 'asset' | 'version' | 'available' | 'held' | 'floor'>): Rejection {
  return { code: 'changed_meanwhile', account, asset, version, available, held, floor: floor ?? 0n }
}

/** A hold that is not as required. */
export function holdChanged({ id, steps, state, held, settled }: Hold): Rejection {
  return { code: 'changed_meanwhile', hold: id, steps, state, held, settled }
}

function isAmong(required: number | readonly string[], number: number, tag: () => string): boolean {
  return typeof required === 'number' ? required === number : required.length > 0 && required.includes(tag())
}

/**
 * The tag of a balance: its version, and a hash of everything else that its answers show. After a database has gone back in time, another
 * history can reach the same version; its tag differs.
 */
export function balanceTag({
  version,
  available,
  held,
  floor,
}: Pick<Balance, 'version' | 'available' | 'held' | 'floor'>): string {
  return tagOf(version, `${available} ${held} ${floor}`)
}

/** The tag of a hold: its `steps`, and a hash of everything else that its answers show. */
export function holdTag(hold: Hold): string {
  const { account, asset, payee, state, amount, held, settled, released, drawn, shortfall } = hold
  const amounts = `${amount} ${held} ${settled} ${released} ${drawn} ${shortfall} ${hold.refunded} ${hold.settledLate}`
  const times = `${hold.expiresAt} ${hold.createdAt} ${hold.endedAt} ${hold.onExpiry?.settle}`
  const text = `${account} ${asset} ${payee} ${state} ${amounts} ${times} ${canonicalMetadata(hold.metadata)}`
  return tagOf(hold.steps, text)
}

function tagOf(number: number, contents: string): string {
  return `${number}-${fingerprintOf(contents).toString(36)}`
}
