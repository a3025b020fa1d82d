/** Readers for command line arguments. Ranges are checked by the ledger, whose messages are better. */
import { InvalidArgumentError } from 'commander'
import { LedgerError } from '../api/error.ts'
import { parseJsonText } from '../api/json.ts'
import { parseInt64 } from '../domain/amount.ts'
import { decimalFlaw } from '../domain/decimal.ts'
import type { Instant } from '../domain/ids.ts'
import type { Metadata } from '../domain/metadata.ts'

/** An amount on the command line, before its asset is known. */
export type AmountText = string

/** Checks what can be checked before the asset is known; `Scales` reads the amount. */
export function readAmountText(text: string): AmountText {
  const flaw = decimalFlaw(text)
  if (flaw === null) return text
  throw new InvalidArgumentError(flaw)
}

export function readWholeNumber(text: string): number {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Write a whole number.')
}

/** The textfile collector reads no other files, without saying so. */
export function readMetricsFile(text: string): string {
  if (/[^/]\.prom$/.test(text)) return text
  throw new InvalidArgumentError('Write the path of a file whose name ends with .prom.')
}

/** 0 to 100, with up to 3 decimal places. */
export function readPercent(text: string): number {
  const percent = /^[0-9]{1,3}(\.[0-9]{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (percent <= 100) return percent
  throw new InvalidArgumentError('Write a number of percent, from 0 to 100: 5, or 12.5.')
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** No clock shows an instant that is further away. */
const DURATION_MS_MAX = 3_650_000 * 86_400_000

/** `90s`, `10m`, `2h`, `1d`, `500ms`. */
export function readDurationMs(text: string): number {
  const [, count, unit] = /^([0-9]{1,12})(ms|s|m|h|d)$/.exec(text) ?? []
  if (count === undefined || unit === undefined) {
    throw new InvalidArgumentError('Write a duration as a number with a unit: 90s, 10m, 2h, 1d.')
  }
  const ms = Number(count) * UNIT_MS[unit]!
  if (ms > 0 && ms <= DURATION_MS_MAX) return ms
  throw new InvalidArgumentError(`A duration is longer than 0 and at most ${DURATION_MS_MAX / UNIT_MS['d']!}d.`)
}

const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$/

/** `2030-01-31T12:00:00Z`, with any offset; or a day, which means its beginning in UTC. */
export function readInstant(text: string): Instant {
  const instant = INSTANT.test(text) ? Date.parse(text) : Number.NaN
  // Date.parse accepts February 30 as March 2.
  const day = text.slice(0, 10)
  if (instant > 0 && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)) return instant
  throw new InvalidArgumentError('Write an instant such as 2030-01-31T12:00:00Z, or a day such as 2030-01-31.')
}

/** A JSON object. The ledger checks its keys and values. */
export function readMetadata(text: string): Metadata {
  try {
    const value = parseJsonText(text, 'It')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Metadata
  } catch (error) {
    if (error instanceof LedgerError && error.pointer !== '') throw new InvalidArgumentError(error.message)
    // Invalid JSON gets the same message as other values.
  }
  throw new InvalidArgumentError(`Write a JSON object, in quotes: '{"model":"llama-70b"}'.`)
}

/** A term of a rate: minor units, because it is a ratio and no amount. */
function readTerm(text: string): bigint {
  const term = parseInt64(text)
  if (term !== null) return term
  throw new InvalidArgumentError('The terms of a rate are whole numbers of minor units, in digits only: 1:10.')
}

/** `1:10`: numerator 1, denominator 10. */
export function readFraction(text: string): { readonly numerator: bigint; readonly denominator: bigint } {
  const [numerator, denominator, ...rest] = text.split(':')
  if (numerator === undefined || denominator === undefined || rest.length > 0) {
    throw new InvalidArgumentError('Write the rate as NUMERATOR:DENOMINATOR, such as 1:10.')
  }
  return { numerator: readTerm(numerator), denominator: readTerm(denominator) }
}

export interface Share {
  readonly to: string
  readonly amount: AmountText
  /** The amount that the receiver gets, if it was given. */
  readonly toAmount: AmountText | undefined
}

/** One receiver of a transfer: `user:9=20`, or `user:9=20:2` if the receiver gets 2. The name can contain `=`, the amounts cannot. */
export function readShare(text: string, before: readonly Share[] | undefined): readonly Share[] {
  const end = text.lastIndexOf('=')
  const [to, digits] = [text.slice(0, Math.max(end, 0)), text.slice(end + 1)]
  if (to === '') {
    const name = end === 0 || text === '' ? 'user:9' : text
    throw new InvalidArgumentError(`Write each receiver with its amount: ${name}=20.`)
  }
  const [leaving = '', arriving, ...others] = digits.split(':')
  if (others.length > 0)
    throw new InvalidArgumentError(`Write the amount, then the amount that the receiver gets: ${to}=20:2.`)
  const toAmount = arriving === undefined ? undefined : readAmountText(arriving)
  return [...(before ?? []), { to, amount: readAmountText(leaving), toAmount }]
}

/** Removes undefined fields. Commander sets options that were not given to undefined, which the inputs of the ledger do not allow. */
export function given<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }
}
