/**
 * Whether an old row keeps the laws that the ledger will hold it to. What breaks one is told with its row, and its user is not
 * imported: what the right amount would be is not for a program to guess.
 */
import { AMOUNT_MAX } from '../domain/amount.ts'
import { isRequestId, type AccountName, type RequestId } from '../domain/ids.ts'
import { accountOf, type Mapping } from './mapping.ts'
import type { Cell, OldFreeze, OldUser } from './old-rows.ts'

export type BreakCode =
  | 'missing'
  | 'not_a_number'
  | 'decimals'
  | 'negative'
  | 'out_of_range'
  | 'frozen_above_balance'
  | 'freezes_unlike_frozen'
  | 'freeze_of_nothing'
  | 'freeze_of_nobody'
  | 'too_many_freezes'
  | 'invalid_name'
  | 'duplicate'

/** A row of the old database that breaks a law. */
export interface Breach {
  readonly code: BreakCode
  readonly table: string
  /** The row's key; null where it has none. */
  readonly row: string | null
  readonly message: string
}

export interface OpeningHold {
  readonly requestId: RequestId
  readonly amount: bigint
}

/** What a user must have in the ledger. */
export interface Opening {
  readonly account: AccountName
  /** The user's key in the old system. */
  readonly user: string
  readonly total: bigint
  readonly held: bigint
  readonly holds: readonly OpeningHold[]
}

/** Keys and request ids that are not unique. */
export interface Duplicates {
  readonly users: ReadonlySet<string>
  readonly requestIds: ReadonlySet<string>
}

export interface Examination {
  /** Null when the user cannot be imported. */
  readonly opening: Opening | null
  readonly breaches: readonly Breach[]
}

export interface Limits {
  readonly freezesMax: number
}

type Refuse = (code: BreakCode, message: string) => void

export function examineUser(
  {
    user,
    freezes,
    duplicates,
  }: { readonly user: OldUser; readonly freezes: readonly OldFreeze[]; readonly duplicates: Duplicates },
  mapping: Mapping,
  { freezesMax }: Limits,
): Examination {
  const breaches: Breach[] = []
  const refuse: Refuse = (code, message) => {
    breaches.push({ code, table: mapping.users.table, row: user.key, message })
  }
  const account = accountOf(mapping, user.key)
  if (account === null) refuse('invalid_name', `"${mapping.account}" with this key is no name of an account.`)
  if (duplicates.users.has(user.key)) refuse('duplicate', 'Several users have this key.')
  const balance = readAmount(user.balance, mapping.users.balance, { mapping, refuse })
  const frozen = readAmount(user.frozen, mapping.users.frozen, { mapping, refuse })
  const holds: OpeningHold[] = []
  for (const freeze of freezes) {
    const { hold, breaches: found } = examineFreeze(freeze, duplicates, mapping)
    if (hold !== null) holds.push(hold)
    breaches.push(...found)
  }
  if (freezes.length > freezesMax) refuse('too_many_freezes', `The user has more than ${freezesMax} open freezes.`)
  else if (frozen !== null && holds.length === freezes.length) compareSums(frozen, holds, { mapping, refuse })
  if (balance === null || frozen === null) return { opening: null, breaches }
  const total = mapping.balanceMeans === 'total' ? balance : balance + frozen
  if (frozen > total)
    refuse('frozen_above_balance', `${mapping.users.frozen} ${frozen} is above ${mapping.users.balance} ${balance}.`)
  if (total > AMOUNT_MAX) refuse('out_of_range', `${balance} and ${frozen} together are ${BEYOND}.`)
  if (account === null || breaches.length > 0) return { opening: null, breaches }
  return { opening: { account, user: user.key, total, held: frozen, holds }, breaches }
}

function compareSums(frozen: bigint, holds: readonly OpeningHold[], { mapping, refuse }: Reading): void {
  const sum = holds.reduce((before, { amount }) => before + amount, 0n)
  if (sum === frozen) return
  refuse(
    'freezes_unlike_frozen',
    `${mapping.users.frozen} is ${frozen}, but ${holds.length} open freezes sum to ${sum}.`,
  )
}

function examineFreeze(
  freeze: OldFreeze,
  duplicates: Duplicates,
  mapping: Mapping,
): { readonly hold: OpeningHold | null; readonly breaches: readonly Breach[] } {
  const { freezes } = mapping
  const breaches: Breach[] = []
  const refuse: Refuse = (code, message) => {
    breaches.push({ code, table: freezes.table, row: freeze.key, message })
  }
  const { requestId } = freeze
  if (requestId === null) refuse('missing', `${freezes.requestId} is NULL.`)
  else if (!isRequestId(requestId)) refuse('invalid_name', `${freezes.requestId} ${shown(requestId)} is no request id.`)
  else if (duplicates.requestIds.has(requestId)) {
    refuse('duplicate', `Several open freezes have the ${freezes.requestId} ${shown(requestId)}.`)
  }
  const amount = readAmount(freeze.amount, freezes.amount, { mapping, refuse })
  if (amount === 0n) refuse('freeze_of_nothing', `${freezes.amount} is 0.`)
  if (breaches.length > 0) return { hold: null, breaches }
  return { hold: { requestId: requestId!, amount: amount! }, breaches }
}

/** An open freeze whose user is not there. */
export function orphanBreach({ key, user }: OldFreeze, { freezes }: Mapping): Breach {
  const message = user === null ? `${freezes.user} is NULL.` : `There is no user ${shown(user)}.`
  return { code: 'freeze_of_nobody', table: freezes.table, row: key, message }
}

interface Reading {
  readonly mapping: Mapping
  readonly refuse: Refuse
}

/** An opening balance is one deposit. */
const BEYOND = `above the ${AMOUNT_MAX} minor units that one command moves`

/** Sign, whole digits, and digits behind a point. */
const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?$/

/** 0 or more minor units, exactly. Null when it is something else, which `refuse` is told. */
function readAmount(cell: Cell, column: string, { mapping, refuse }: Reading): bigint | null {
  if (cell === null) return refused(refuse, 'missing', `${column} is NULL.`)
  const [, sign, whole, fraction = ''] = NUMBER.exec(cell) ?? []
  if (whole === undefined) return refused(refuse, 'not_a_number', `${column} is ${shown(cell)}.`)
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > mapping.scale) {
    const allowed = mapping.scale === 0 ? 'none is' : `${mapping.scale} are`
    return refused(refuse, 'decimals', `${column} is ${cell}: ${digits.length} decimals, ${allowed} imported.`)
  }
  const amount = BigInt(whole + digits.padEnd(mapping.scale, '0'))
  if (sign === '-' && amount > 0n) return refused(refuse, 'negative', `${column} is ${cell}.`)
  if (amount > AMOUNT_MAX) return refused(refuse, 'out_of_range', `${column} is ${cell}, ${BEYOND}.`)
  return amount
}

function refused(refuse: Refuse, code: BreakCode, message: string): null {
  refuse(code, message)
  return null
}

const SHOWN_MAX = 80

/** Somebody else's text, safe to print. */
function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text)
}
