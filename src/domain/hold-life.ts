/** How long a hold may live. */
import type { FreezeCommand } from './command.ts'
import type { Moment } from './decision.ts'
import { INSTANT_MAX } from './ids.ts'

/** The life that a command asks for, from now on, in milliseconds; null when it names no expiry. */
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

/** The longest life that a hold can be given now: it ends within the instants that can be written down. */
export function lifeMsMax({ now, holdTtlMsMax }: Moment): number {
  return Math.max(0, Math.min(holdTtlMsMax, INSTANT_MAX - now))
}
