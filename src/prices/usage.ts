/** What a call to a model used: whole numbers of what a provider charges for. */
import { LedgerError } from '../api/error.ts'

/** The metered quantities. Each is counted once: input tokens from a cache are not in `inputTokens`, reasoning tokens not in `outputTokens`. */
export const QUANTITIES = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
  'characters',
  'images',
  'milliseconds',
  'requests',
] as const

export type Quantity = (typeof QUANTITIES)[number]

/** Counts from 0 to 2^53 − 1; what is left out is 0. `milliseconds` is the length of audio or video; it is priced per second. */
export type Usage = Readonly<Partial<Record<Quantity, number>>>

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** @throws LedgerError `invalid_request` for an unknown quantity and for anything that is not a count */
export function checkUsage(usage: Usage): void {
  for (const [name, count] of Object.entries(usage)) {
    if (!QUANTITIES.includes(name as Quantity)) {
      throw LedgerError.invalid(`/${name}`, `${name} is no quantity; they are ${QUANTITIES.join(', ')}.`)
    }
    if (count !== undefined && !isCount(count)) {
      throw LedgerError.invalid(`/${name}`, `${name} must be a whole number of at least 0.`)
    }
  }
}
