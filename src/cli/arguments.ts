/** Readers for command line arguments. Ranges are checked by the ledger, whose messages are better. */
import { InvalidArgumentError } from 'commander'
import { LedgerError } from '../api/error.ts'
import { parseJsonText } from '../api/json.ts'
import type { LegInput } from '../api/ledger.ts'
import { AMOUNT_MAX, parseInt64 } from '../domain/amount.ts'
import type { Instant } from '../domain/ids.ts'
import type { Metadata } from '../domain/metadata.ts'

export function readAmount(text: string): bigint {
  const amount = parseInt64(text)
  if (amount !== null) return amount
  if (/^[+-]?[0-9]+[.,][0-9]+$/.test(text)) {
    throw new InvalidArgumentError(
      'Amounts are whole minor units: for an asset with 2 decimal places, write 1.50 as 150.',
    )
  }
  throw new InvalidArgumentError(
    `An amount is a whole number of at most ${AMOUNT_MAX}, written with digits only: 10000.`,
  )
}

export function readWholeNumber(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Write a whole number.')
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `10m`, `2h`, `1d`, `500ms`. */
export function readDurationMs(text: string): number {
  const [, count, unit] = /^([0-9]{1,12})(ms|s|m|h|d)$/.exec(text) ?? []
  if (count === undefined || unit === undefined) {
    throw new InvalidArgumentError('Write a duration as a number with a unit: 90s, 10m, 2h, 1d.')
  }
  return Number(count) * UNIT_MS[unit]!
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

/** `1:10`: numerator 1, denominator 10. */
export function readFraction(text: string): { readonly numerator: bigint; readonly denominator: bigint } {
  const [numerator, denominator, ...rest] = text.split(':')
  if (numerator === undefined || denominator === undefined || rest.length > 0) {
    throw new InvalidArgumentError('Write the rate as NUMERATOR:DENOMINATOR, such as 1:10.')
  }
  return { numerator: readAmount(numerator), denominator: readAmount(denominator) }
}

export interface Share {
  readonly to: string
  readonly amount: bigint
  /** The amount that the receiver gets, if it was given. */
  readonly toAmount: bigint | undefined
}

/** One receiver of a transfer: `user:9=20`, or `user:9=20:2` if the receiver gets 2. Account names contain no `=`. */
export function readShare(text: string, before: readonly Share[] | undefined): readonly Share[] {
  const [to, digits, ...rest] = text.split('=')
  if (to === undefined || to === '' || digits === undefined || rest.length > 0) {
    throw new InvalidArgumentError(
      `Write each receiver with its amount: ${to === undefined || to === '' ? 'user:9' : to}=20.`,
    )
  }
  const [leaving = '', arriving, ...others] = digits.split(':')
  if (others.length > 0)
    throw new InvalidArgumentError(`Write the amount, then the amount that the receiver gets: ${to}=20:2.`)
  const toAmount = arriving === undefined ? undefined : readAmount(arriving)
  return [...(before ?? []), { to, amount: readAmount(leaving), toAmount }]
}

export function legsOf(
  from: string,
  shares: readonly Share[],
  assets: { readonly asset: string | undefined; readonly toAsset: string | undefined },
): LegInput[] {
  return shares.map(({ to, amount, toAmount }) => ({ from, to, amount, ...given({ ...assets, toAmount }) }))
}

/** Removes undefined fields. Commander sets options that were not given to undefined, which the inputs of the ledger do not allow. */
export function given<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }
}
