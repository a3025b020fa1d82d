/** From checked names to the commands of holds: freeze, settle whole or in part, amend, refund. The rest is in commands.ts. */
import type {
  AmendCommand,
  FreezeCommand,
  Overage,
  RefundCommand,
  SettleCommand,
  SettlePartCommand,
} from '../domain/command.ts'
import type { OnExpiry } from '../domain/hold.ts'
import { REVENUE, type AccountName, type Instant, type RequestId } from '../domain/ids.ts'
import { LedgerError } from './error.ts'
import {
  accountIn,
  amountIn,
  assetIn,
  durationMsIn,
  fieldsIn,
  flagIn,
  instantIn,
  memoIn,
  metadataIn,
  refuse,
  requestIdOf,
  type Fields,
} from './input.ts'
import type { NewRequestId } from './request-id.ts'

const ON_EXPIRY: ReadonlySet<string> = new Set(['settle'])
/** What a settle carries only as a step of its own. */
const OF_PARTS = ['requestId', 'memo', 'metadata'] as const

export function readFreeze(fields: Fields, newRequestId: NewRequestId): FreezeCommand {
  const expiry = expiryOf(fields)
  return {
    kind: 'freeze',
    requestId: requestIdOf(fields, newRequestId),
    account: accountIn(fields['account'], '/account'),
    payee: payeeIn(fields['payee']) ?? REVENUE,
    asset: assetIn(fields['asset'], '/asset'),
    amount: amountIn(fields['amount'], '/amount', 1n),
    ...expiry,
    onExpiry: fields['onExpiry'] === undefined ? null : onExpiryIn(fields['onExpiry']),
    metadata: metadataIn(fields['metadata'], '/metadata'),
  }
}

export function readSettle(
  hold: RequestId,
  fields: Fields,
  newRequestId: NewRequestId,
): SettleCommand | SettlePartCommand {
  const late = flagIn(fields['late'], '/late', false)
  if (flagIn(fields['final'], '/final', true)) return readFinalSettle(hold, fields, late)
  if (late) throw LedgerError.invalid('/late', 'late is for a settle that ends a hold, not for a part of one.')
  return {
    kind: 'settle-part',
    requestId: requestIdOf(fields, newRequestId),
    hold,
    amount: amountIn(fields['amount'], '/amount', 1n),
    overage: overageIn(fields['overage']),
    payee: payeeIn(fields['payee']),
    memo: memoIn(fields['memo'], '/memo'),
    metadata: metadataIn(fields['metadata'], '/metadata'),
  }
}

/** Taking what has no effect would let a caller believe in it. */
function readFinalSettle(hold: RequestId, fields: Fields, late: boolean): SettleCommand {
  for (const name of OF_PARTS) {
    if (fields[name] === undefined) continue
    throw LedgerError.invalid(
      `/${name}`,
      `${name} goes with final: false. A settle that ends a hold is idempotent by the hold's id and carries nothing else.`,
    )
  }
  return {
    kind: 'settle',
    hold,
    amount: amountIn(fields['amount'], '/amount', 0n),
    overage: overageIn(fields['overage']),
    payee: payeeIn(fields['payee']),
    late,
  }
}

export function readAmend(hold: RequestId, fields: Fields, newRequestId: NewRequestId): AmendCommand {
  const { amount, onExpiry } = fields
  const { expiresInMs, expiresAt } = expiryOf(fields)
  if (amount === undefined && onExpiry === undefined && expiresInMs === null && expiresAt === null) {
    throw LedgerError.invalid('', 'An amend changes something: give amount, expiresInMs, expiresAt or onExpiry.')
  }
  return {
    kind: 'amend',
    requestId: requestIdOf(fields, newRequestId),
    hold,
    amount: amount === undefined ? null : amountIn(amount, '/amount', 1n),
    expiresInMs,
    expiresAt,
    ...(onExpiry === undefined ? {} : { onExpiry: onExpiry === null ? null : onExpiryIn(onExpiry) }),
  }
}

export function readRefund(hold: RequestId, fields: Fields, newRequestId: NewRequestId): RefundCommand {
  return {
    kind: 'refund',
    requestId: requestIdOf(fields, newRequestId),
    hold,
    amount: amountIn(fields['amount'], '/amount', 1n),
    memo: memoIn(fields['memo'], '/memo'),
    metadata: metadataIn(fields['metadata'], '/metadata'),
  }
}

/** Null when there is none. */
export function payeeIn(value: unknown): AccountName | null {
  return value === undefined ? null : accountIn(value, '/payee')
}

function expiryOf(fields: Fields): { readonly expiresInMs: number | null; readonly expiresAt: Instant | null } {
  const expiresInMs = durationMsIn(fields['expiresInMs'], '/expiresInMs')
  const expiresAt = instantIn(fields['expiresAt'], '/expiresAt')
  if (expiresInMs !== null && expiresAt !== null) {
    throw LedgerError.invalid('/expiresAt', 'Give expiresInMs or expiresAt, not both.')
  }
  return { expiresInMs, expiresAt }
}

function onExpiryIn(value: unknown): OnExpiry {
  return { settle: amountIn(fieldsIn(value, ON_EXPIRY, '/onExpiry')['settle'], '/onExpiry/settle', 1n) }
}

function overageIn(value: unknown): Overage {
  if (value === undefined) return 'reject'
  if (value === 'reject' || value === 'cap' || value === 'draw') return value
  throw refuse(value, '/overage', 'reject, cap or draw')
}
