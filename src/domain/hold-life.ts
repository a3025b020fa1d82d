/** The lifetime of a hold. */
import type { FreezeCommand } from './command.ts'
import type { Moment } from './decision.ts'
import { INSTANT_MAX } from './ids.ts'

/** The lifetime that a command asks for, counted from now, in milliseconds; null if it names no expiry. */
export function ttlMsOf(
  { expiresInMs, expiresAt }: Pick<FreezeCommand, 'expiresInMs' | 'expiresAt'>,
  { now }: Moment,
): number | null {
  if (expiresInMs !== null) return expiresInMs
  return expiresAt === null ? null : expiresAt - now
}

export function isLife(ttlMs: number, moment: Moment): boolean {
  return ttlMs > 0 && ttlMs <= lifeMsMax(moment)
}

/** The longest lifetime of a hold that begins now: its expiry must not exceed the largest instant. */
export function lifeMsMax({ now, holdTtlMsMax }: Moment): number {
  return Math.max(0, Math.min(holdTtlMsMax, INSTANT_MAX - now))
}
