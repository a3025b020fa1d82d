/**
 * Token buckets: each name may take so many tokens a second, and as many at once as it has saved, up to the burst.
 *
 * Something that takes several tokens is let through when there is one, and the others are owed: so nothing is too large ever to pass,
 * and the rate holds.
 */
import { Recent } from './recent.ts'

export interface Rate {
  /** More than 0. */
  readonly perSecond: number
  /** Tokens that a name has when it was not seen for long; 1 or more. */
  readonly burst: number
}

interface Bucket {
  tokens: number
  /** When `tokens` was right, in milliseconds of the caller's clock. */
  at: number
}

export class TokenBuckets {
  readonly #buckets: Recent<Bucket>

  /** @param namesMax names that are remembered; the others have full buckets */
  constructor(namesMax: number) {
    this.#buckets = new Recent(namesMax)
  }

  /** How long `name` has to wait until it may take something, in milliseconds; 0: it may now. */
  waitMs(name: string, { perSecond, burst }: Rate, now: number): number {
    const tokens = this.#fill(name, { perSecond, burst }, now).tokens
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1_000)
  }

  take(name: string, count: number, rate: Rate, now: number): void {
    this.#fill(name, rate, now).tokens -= count
  }

  #fill(name: string, { perSecond, burst }: Rate, now: number): Bucket {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined) {
      const full = { tokens: burst, at: now }
      this.#buckets.set(name, full)
      return full
    }
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1_000) * perSecond)
    bucket.at = now
    return bucket
  }
}
