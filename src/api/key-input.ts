/** Reads the input of keys. A test compares the checks with the schemas. */
import {
  CONFINED_MAX,
  GRACE_MS_DEFAULT,
  GRACE_MS_MAX,
  isKeyName,
  KEY_NAME_RULE,
  RATE_MAX,
  type KeyTerms,
} from '../access/key.ts'
import { isScope, SCOPES, type Scope } from '../access/scope.ts'
import { AMOUNT_MAX, amountIn } from '../domain/amount.ts'
import { isAssetCode, type Instant } from '../domain/ids.ts'
import { LedgerError } from './error.ts'
import { readExpiry } from './fields.ts'
import { ASSET_RULE, fieldsIn, refuse, wholeNumber } from './input.ts'
import type { KeyInput, RotateInput } from './keys.ts'

/** Beginnings of names of accounts. */
export const ACCOUNT_PREFIX_PATTERN = '^[ -~]{1,128}$'
const PREFIX = new RegExp(ACCOUNT_PREFIX_PATTERN)
const CREATE: ReadonlySet<string> = new Set<keyof KeyInput>([
  'name',
  'scopes',
  'accounts',
  'assets',
  'amountMax',
  'commandsPerSecond',
  'burst',
  'expiresAt',
  'expiresInMs',
])
const ROTATE: ReadonlySet<string> = new Set<keyof RotateInput>(['graceMs'])

/** @throws LedgerError `invalid_request` */
export function keyTermsOf(input: unknown, now: Instant): KeyTerms {
  const fields = fieldsIn(input, CREATE)
  const { name, accounts, assets, amountMax, commandsPerSecond, burst } = fields
  if (!isKeyName(name)) throw refuse(name, '/name', KEY_NAME_RULE)
  const scopes = scopesIn(fields['scopes'])
  const bounds = {
    accounts: listIn(accounts, '/accounts', isPrefix, '1 to 128 printable ASCII characters'),
    assets: listIn(assets, '/assets', isAssetCode, `a code of ${ASSET_RULE}`),
    amountMax: amountMaxIn(amountMax),
  }
  const isConfined = Object.values(bounds).some((bound) => bound !== null)
  if (isConfined && scopes.includes('keys:admin')) {
    throw LedgerError.invalid('/scopes', 'A key with keys:admin cannot be confined: it could make one that is not.')
  }
  const rate = countIn(commandsPerSecond, '/commandsPerSecond')
  const atOnce = countIn(burst, '/burst')
  if (rate === null && atOnce !== null) {
    throw LedgerError.invalid('/burst', 'burst is only possible together with commandsPerSecond.')
  }
  const { expiresAt, expiresInMs } = readExpiry(fields)
  if (expiresAt !== null && expiresAt <= now) throw refuse(expiresAt, '/expiresAt', 'an instant in the future')
  return {
    name,
    scopes,
    within: isConfined ? bounds : null,
    commandsPerSecond: rate,
    burst: atOnce,
    expiresAt: expiresInMs === null ? expiresAt : now + expiresInMs,
  }
}

/** @returns the grace in milliseconds @throws LedgerError `invalid_request` */
export function graceMsOf(input: unknown): number {
  const { graceMs = GRACE_MS_DEFAULT } = input === undefined ? {} : fieldsIn(input, ROTATE)
  if (typeof graceMs === 'number' && Number.isSafeInteger(graceMs) && graceMs >= 0 && graceMs <= GRACE_MS_MAX) {
    return graceMs
  }
  throw refuse(graceMs, '/graceMs', `a whole number of milliseconds from 0 to ${GRACE_MS_MAX}`)
}

export function keyNameParameter(value: unknown): string {
  if (isKeyName(value)) return value
  throw LedgerError.invalidParameter('name', `name must be ${KEY_NAME_RULE}.`)
}

function scopesIn(value: unknown): readonly Scope[] {
  const rule = `a list of different scopes: ${SCOPES.join(', ')}`
  if (!Array.isArray(value) || value.length === 0 || value.length > SCOPES.length) throw refuse(value, '/scopes', rule)
  const unknown = value.findIndex((scope) => !isScope(scope))
  if (unknown !== -1) throw refuse(value[unknown], `/scopes/${unknown}`, `one of ${SCOPES.join(', ')}`)
  if (new Set(value).size !== value.length) throw refuse(value, '/scopes', rule)
  return SCOPES.filter((scope) => value.includes(scope))
}

function isPrefix(value: unknown): value is string {
  return typeof value === 'string' && PREFIX.test(value)
}

function listIn<Item>(
  value: unknown,
  pointer: string,
  isItem: (value: unknown) => value is Item,
  rule: string,
): readonly Item[] | null {
  if (value === undefined) return null
  if (!Array.isArray(value) || value.length === 0 || value.length > CONFINED_MAX) {
    throw refuse(value, pointer, `a list of 1 to ${CONFINED_MAX}`)
  }
  return value.map((item: unknown, index) => {
    if (isItem(item)) return item
    throw LedgerError.invalid(`${pointer}/${index}`, `Each of ${pointer.slice(1)} must be ${rule}.`)
  })
}

function amountMaxIn(value: unknown): bigint | null {
  if (value === undefined) return null
  const amount = amountIn(value)
  if (amount !== null && amount >= 1n) return amount
  throw refuse(value, '/amountMax', wholeNumber(1n, AMOUNT_MAX))
}

function countIn(value: unknown, pointer: string): number | null {
  if (value === undefined) return null
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= RATE_MAX) return value
  throw refuse(value, pointer, `a whole number from 1 to ${RATE_MAX}`)
}
