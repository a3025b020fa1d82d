/** A small ledger for tests of the audit, and the rows of it that they damage. */
import type { Violation } from '../../src/engine/auditor.ts'
import { AUDIT_CHECKS, type AuditCheckId } from '../../src/stores/audit-checks.ts'
import {
  across,
  amend,
  declare,
  deposit,
  freeze,
  leg,
  open,
  rate,
  refund,
  release,
  settle,
  settlePart,
  transfer,
} from './commands.ts'
import { TwinLedger } from './twin-ledger.ts'

/** A ledger of two accounts. The runs of user:8: d; open, h, h~settle; gone, gone~release; t. */
export async function smallLedger(): Promise<TwinLedger> {
  const ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d', 'user:8', 1_000n))
  await ledger.apply(0, freeze('open', 'user:8', 100n), freeze('h', 'user:8', 200n), settle('h', 150n))
  await ledger.apply(0, freeze('gone', 'user:8', 5n), release('gone'))
  await ledger.apply(0, transfer('t', [leg('user:8', 'user:9', 10n)]), open('o', 'user:9', -50n))
  // A separate asset and separate accounts, so that the rows above stay as they are.
  await ledger.apply(0, declare('gem'), rate('credit', 'gem', [1n, 3n]), deposit('d2', 'user:1', 10n))
  await ledger.apply(0, transfer('x', [across('user:1', 'user:2', [10n, 'credit'], ['gem'])]))
  // A freeze with steps in its own batch and in later ones.
  await ledger.apply(0, deposit('d3', 'user:4', 100n), freeze('life', 'user:4', 50n), settlePart('part', 'life', 20n))
  await ledger.apply(7, amend('more', 'life', { amount: 60n }), settle('life', 45n, 'draw'))
  await ledger.apply(1, refund('back', 'life', 3n))
  await ledger.apply(0, deposit(LONG_ID, 'user:5', 1n))
  // Ends by steps, a step without coins, and a late settle.
  await ledger.apply(0, deposit('d4', 'user:6', 100n), freeze('twice', 'user:6', 20n), freeze('rest', 'user:6', 20n))
  await ledger.apply(
    0,
    settlePart('p1', 'twice', 5n),
    settlePart('p2', 'rest', 0n),
    settle('twice', 5n),
    release('rest'),
  )
  await ledger.apply(0, freeze('late', 'user:6', 20n, { expiresInMs: 1 }))
  await ledger.apply(0, release('late', 'expiry'), settle('late', 15n, 'draw', { late: true }))
  return ledger
}

export const LONG_ID = 'an-id-that-is-longer-than-32-characters'

/** The balance of user:8. */
export const HOLDER = `(SELECT id FROM balances WHERE account = 'user:8')`

/** The number of a request. */
export function seqOf(id: string): string {
  return `(SELECT seq FROM request_ids WHERE id = '${id}')`
}

/** Sets a field of a line of the journal: 0 is the number of its request, 1 its kind, 2 and 3 are its deltas. */
export function lineSet(account: string, firstVersion: number, { line = 0, field, value }: Field): string {
  return `UPDATE journal SET packed = json_set(packed, '$[${line}][${field}]', ${value})
    WHERE balance_id = (SELECT MIN(id) FROM balances WHERE account = '${account}') AND first_version = ${firstVersion}`
}

interface Field {
  readonly line?: number
  readonly field: number
  readonly value: string | number
}

/** A run of user:8. */
export function whereRun(firstVersion: number): string {
  return `WHERE balance_id = ${HOLDER} AND first_version = ${firstVersion}`
}

export function whereRequest(id: string): string {
  return `WHERE seq = ${seqOf(id)}`
}

export function whereChange(hold: string, number: number): string {
  return `WHERE hold_seq = ${seqOf(hold)} AND number = ${number}`
}

/** The violations of one check. */
export async function violationsOf(ledger: TwinLedger, id: AuditCheckId): Promise<readonly Violation[]> {
  return await ledger.auditor.run(
    AUDIT_CHECKS.find((check) => check.id === id)!,
    10_000,
  )
}
