/**
 * Validates old rows. A row that violates a rule is reported as a breach, and its user is not imported, because a program cannot know
 * the right amount.
 */
import { AMOUNT_MAX } from '../domain/amount.ts'
import { isRequestId, type RequestId } from '../domain/ids.ts'
import { METADATA_VALUE_LENGTH_MAX } from '../domain/metadata.ts'
import type { MappedColumns } from './columns.ts'
import { accountOf, coinOf, type Mapping, type Place } from './mapping.ts'
import { coinsKey, type Cell, type OldFreeze, type OldUser } from './old-rows.ts'

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
  | 'metadata_too_long'
  | 'unknown_kind'
  | 'unknown_user'
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
  /** From the columns of the mapping. */
  readonly metadata: Readonly<Record<string, string>>
}

/** The opening position of a user in one asset of the ledger. */
export interface Opening extends Place {
  /** The key of the user in the old system. */
  readonly user: string
  /** Below 0 for a user in debt. */
  readonly total: bigint
  readonly held: bigint
  /** What `available` needs: 0, or below 0 for a user in debt. */
  readonly floor: bigint
  readonly holds: readonly OpeningHold[]
}

/** Keys and request ids that are not unique. */
export interface Duplicates {
  /** As `coinsKey` has them. */
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

/** Everything that does not change from user to user. */
export interface Rules {
  readonly mapping: Mapping
  /** Shown with values that are no numbers. */
  readonly columns: Pick<MappedColumns, 'balance' | 'frozen' | 'amount'>
  readonly duplicates: Duplicates
}

export function examineUser(
  { user, freezes }: { readonly user: OldUser; readonly freezes: readonly OldFreeze[] },
  rules: Rules,
  { freezesMax }: Limits,
): Examination {
  const { mapping, columns, duplicates } = rules
  const breaches: Breach[] = []
  const refuse: Refuse = (code, message) => {
    breaches.push({ code, table: mapping.users.table, row: user.key, message })
  }
  const account = accountOf(mapping, user.key)
  if (account === null) refuse('invalid_name', `"${mapping.account}" with this key is not a valid account name.`)
  if (duplicates.users.has(coinsKey(user.key, user.kind))) {
    refuse(
      'duplicate',
      user.kind === null ? 'Several users have the same key.' : `Several rows of ${shown(user.kind)}.`,
    )
  }
  const coin = coinOf(mapping, user.kind)
  if (coin === null) {
    refuse('unknown_kind', `There is no asset for ${mapping.coins!.userColumn} ${shown(user.kind ?? 'NULL')}.`)
    return { opening: null, breaches }
  }
  const reading = { scale: coin.scale, refuse }
  const balance = readAmount(user.balance, columns.balance, { ...reading, isSigned: mapping.allowNegative })
  const frozen = readAmount(user.frozen, columns.frozen, reading)
  const holds: OpeningHold[] = []
  for (const freeze of freezes) {
    const { hold, breaches: found } = examineFreeze(freeze, coin.scale, rules)
    if (hold !== null) holds.push(hold)
    breaches.push(...found)
  }
  if (freezes.length > freezesMax) refuse('too_many_freezes', `The user has more than ${freezesMax} open freezes.`)
  else if (frozen !== null && holds.length === freezes.length) compareSums(frozen, holds, { mapping, refuse })
  if (balance === null || frozen === null) return { opening: null, breaches }
  const total = mapping.balanceMeans === 'total' ? balance : balance + frozen
  if (frozen > total && balance >= 0n)
    refuse('frozen_above_balance', `${mapping.users.frozen} ${frozen} is above ${mapping.users.balance} ${balance}.`)
  if (total > AMOUNT_MAX) refuse('out_of_range', `${balance} and ${frozen} together are ${BEYOND}.`)
  if (account === null || breaches.length > 0) return { opening: null, breaches }
  const available = total - frozen
  const floor = available < 0n ? available : 0n
  return { opening: { account, asset: coin.asset, user: user.key, total, held: frozen, floor, holds }, breaches }
}

function compareSums(
  frozen: bigint,
  holds: readonly OpeningHold[],
  { mapping, refuse }: { readonly mapping: Mapping; readonly refuse: Refuse },
): void {
  const sum = holds.reduce((before, { amount }) => before + amount, 0n)
  if (sum === frozen) return
  refuse(
    'freezes_unlike_frozen',
    `${mapping.users.frozen} is ${frozen}, but ${holds.length} open freezes sum to ${sum}.`,
  )
}

function examineFreeze(
  freeze: OldFreeze,
  scale: number,
  { mapping, columns, duplicates }: Rules,
): { readonly hold: OpeningHold | null; readonly breaches: readonly Breach[] } {
  const { freezes } = mapping
  const breaches: Breach[] = []
  const refuse: Refuse = (code, message) => {
    breaches.push({ code, table: freezes.table, row: freeze.key, message })
  }
  const { requestId, metadata } = freeze
  if (requestId === null) refuse('missing', `${freezes.requestId} is NULL.`)
  else if (!isRequestId(requestId))
    refuse('invalid_name', `${freezes.requestId} ${shown(requestId)} is not a valid request id.`)
  else if (duplicates.requestIds.has(requestId)) {
    refuse('duplicate', `Several open freezes have the ${freezes.requestId} ${shown(requestId)}.`)
  }
  const amount = readAmount(freeze.amount, columns.amount, { scale, refuse })
  if (amount === 0n) refuse('freeze_of_nothing', `${freezes.amount} is 0.`)
  for (const [key, text] of Object.entries(metadata)) {
    if ([...text].length <= METADATA_VALUE_LENGTH_MAX) continue
    refuse('metadata_too_long', `${key} has more than ${METADATA_VALUE_LENGTH_MAX} characters.`)
  }
  if (breaches.length > 0) return { hold: null, breaches }
  return { hold: { requestId: requestId!, amount: amount!, metadata }, breaches }
}

/** The breach of an open freeze whose user does not exist. */
export function orphanBreach({ key, user, kind }: OldFreeze, { freezes }: Mapping): Breach {
  const coins = kind === null ? '' : ` with coins of the kind ${shown(kind)}`
  const message = user === null ? `${freezes.user} is NULL.` : `There is no user ${shown(user)}${coins}.`
  return { code: 'freeze_of_nobody', table: freezes.table, row: key, message }
}

interface Reading {
  readonly scale: number
  readonly refuse: Refuse
  /** Whether an amount may be below 0. */
  readonly isSigned?: boolean
}

/** An opening balance is one deposit, so it is limited like an amount. */
const BEYOND = `above the ${AMOUNT_MAX} minor units that one command can move`

/** Sign, whole digits, and decimal digits. */
const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?$/

/** Reads 0 or more minor units, exactly; if it is signed, also less. Other values are refused, and the result is null. */
function readAmount(
  cell: Cell,
  { name, declared }: { readonly name: string; readonly declared: string },
  { scale, refuse, isSigned = false }: Reading,
): bigint | null {
  if (cell === null) return refused(refuse, 'missing', `${name} is NULL.`)
  const [, sign, whole, fraction = ''] = NUMBER.exec(cell) ?? []
  if (whole === undefined) return refused(refuse, 'not_a_number', `${name} (${declared}) is ${shown(cell)}.`)
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > scale) {
    const allowed = `--scale ${scale} allows ${scale === 0 ? 'none' : scale}`
    return refused(refuse, 'decimals', `${name} is ${cell}: it has ${digits.length} decimal places, ${allowed}.`)
  }
  const amount = BigInt(whole + digits.padEnd(scale, '0'))
  if (sign === '-' && amount > 0n && !isSigned) {
    return refused(refuse, 'negative', `${name} is ${cell}. To import users in debt, add --allow-negative.`)
  }
  if (amount > AMOUNT_MAX) return refused(refuse, 'out_of_range', `${name} is ${cell}, ${BEYOND}.`)
  return sign === '-' ? -amount : amount
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
