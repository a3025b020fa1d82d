/**
 * Validates old rows. A row that violates a rule is reported as a breach, and its user is not imported, because a program cannot know
 * the right amount.
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

/** A row of the old database that violates a rule of the import. */
export interface Breach {
  readonly code: BreakCode
  readonly table: string
  /** The key of the row; null if it has none. */
  readonly row: string | null
  readonly message: string
}

export interface OpeningHold {
  readonly requestId: RequestId
  readonly amount: bigint
}

/** The opening position of a user in the ledger. */
export interface Opening {
  readonly account: AccountName
  /** The key of the user in the old system. */
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
  /** Null if the user cannot be imported. */
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
  if (account === null) refuse('invalid_name', `"${mapping.account}" with this key is not a valid account name.`)
  if (duplicates.users.has(user.key)) refuse('duplicate', 'Several users have the same key.')
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
  else if (!isRequestId(requestId))
    refuse('invalid_name', `${freezes.requestId} ${shown(requestId)} is not a valid request id.`)
  else if (duplicates.requestIds.has(requestId)) {
    refuse('duplicate', `Several open freezes have the ${freezes.requestId} ${shown(requestId)}.`)
  }
  const amount = readAmount(freeze.amount, freezes.amount, { mapping, refuse })
  if (amount === 0n) refuse('freeze_of_nothing', `${freezes.amount} is 0.`)
  if (breaches.length > 0) return { hold: null, breaches }
  return { hold: { requestId: requestId!, amount: amount! }, breaches }
}

/** The breach of an open freeze whose user does not exist. */
export function orphanBreach({ key, user }: OldFreeze, { freezes }: Mapping): Breach {
  const message = user === null ? `${freezes.user} is NULL.` : `There is no user ${shown(user)}.`
  return { code: 'freeze_of_nobody', table: freezes.table, row: key, message }
}

interface Reading {
  readonly mapping: Mapping
  readonly refuse: Refuse
}

/** An opening balance is one deposit, so it is limited like an amount. */
const BEYOND = `above the ${AMOUNT_MAX} minor units that one command can move`

/** Sign, whole digits, and decimal digits. */
const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?$/

/** Reads 0 or more minor units, exactly. Other values are refused, and the result is null. */
function readAmount(cell: Cell, column: string, { mapping, refuse }: Reading): bigint | null {
  if (cell === null) return refused(refuse, 'missing', `${column} is NULL.`)
  const [, sign, whole, fraction = ''] = NUMBER.exec(cell) ?? []
  if (whole === undefined) return refused(refuse, 'not_a_number', `${column} is ${shown(cell)}.`)
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > mapping.scale) {
    const allowed = `--scale ${mapping.scale} allows ${mapping.scale === 0 ? 'none' : mapping.scale}`
    return refused(refuse, 'decimals', `${column} is ${cell}: it has ${digits.length} decimal places, ${allowed}.`)
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

/** A text of the old system, shortened and quoted for messages. */
function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text)
}
