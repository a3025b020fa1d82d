/** What metering of model calls can be told. */
import type { RequestId } from '../domain/ids.ts'
import type { PriceBook } from '../prices/price-book.ts'
import type { Usage } from '../prices/usage.ts'
import { CallIdsByOptions } from './call-ids.ts'
import { LearnedOutput } from './learned-output.ts'
import { limitsOf, type MeteringLimits } from './limits.ts'
import type { MeteringLedger, MeteringTrouble } from './metered-hold.ts'
import type { CountTokens } from './token-estimate.ts'

/** What a call costs that does not come to its end: what was delivered, nothing, or all that its hold covers. */
export type EndingPolicy = 'delivered' | 'nothing' | 'everything'

/**
 * How a call ended. `done`: the provider said so. `aborted`: by the user, or nobody read the stream any more. `stopped`: by metering, because
 * the coins were used up. `cut`: by the provider, after something was delivered. `failed`: before anything was delivered; it costs nothing.
 */
export type Ending = 'done' | 'aborted' | 'stopped' | 'cut' | 'failed'

/** A call that has ended, as `onBill` is told of it. */
export interface SettledCall {
  readonly hold: RequestId
  readonly account: string
  readonly provider: string
  readonly model: string
  readonly ending: Ending
  readonly usage: Usage
  /** Whether the provider told all of the usage. Otherwise the rest is an estimate. */
  readonly exact: boolean
  /** What was asked for, in minor units. Less was paid if there was a shortfall. */
  readonly cost: bigint
}

export interface CreditsOptions {
  /** `openLedger` or `connect`. A key needs the scopes `holds:write` and `accounts:read`. */
  readonly ledger: MeteringLedger
  /** See `priceBook`. A model without a price is refused. */
  readonly prices: PriceBook
  /** Receives what is settled. Default `@revenue`. */
  readonly payee?: string
  /** The provider's name in the prices. Default: as the model names it. */
  readonly provider?: string
  /** What a call costs that the user ends. Default `delivered`. */
  readonly onAbort?: EndingPolicy
  /** What a call costs that the provider breaks off after it delivered something. Default `delivered`. */
  readonly onCut?: EndingPolicy
  /** What the hold settles if this process dies. Default `delivered`: what was delivered by the last mark. */
  readonly onExpiry?: 'delivered' | 'nothing'
  /** Default: an estimate by bytes. */
  readonly countTokens?: CountTokens
  /** How much is set aside at first: as much as answers of the model usually need (default), or as much as the answer can need. */
  readonly hold?: 'learned' | 'full'
  /** Called when a call was settled or released. Errors that it throws are ignored. */
  readonly onBill?: (call: SettledCall) => void
  /** Called for trouble that does not stop a call. Default: a warning on the console. Errors that it throws are ignored. */
  readonly onTrouble?: (trouble: MeteringTrouble) => void
  readonly limits?: Partial<MeteringLimits>
}

/** Who pays for a call: `providerOptions.holdfast`. */
export interface CallOptions {
  readonly account: string
  /**
   * What the user sent once, at most 100 characters: a repeat of it is refused as `request_replayed`. Never the user's id. Default: a new one,
   * with which every call is a request of its own.
   */
  readonly requestId?: string
  /** Added to the metadata of the hold. */
  readonly metadata?: Readonly<Record<string, string | number | boolean | null>>
}

/** The options with their defaults, and what calls share. */
export interface Metering extends Omit<CreditsOptions, 'limits'> {
  readonly onAbort: EndingPolicy
  readonly onCut: EndingPolicy
  readonly onExpiry: 'delivered' | 'nothing'
  readonly hold: 'learned' | 'full'
  readonly onBill: (call: SettledCall) => void
  readonly onTrouble: (trouble: MeteringTrouble) => void
  readonly limits: MeteringLimits
  readonly learned: LearnedOutput
  readonly ids: CallIdsByOptions
}

/** @throws RangeError for a limit out of range */
export function meteringOf(options: CreditsOptions): Metering {
  const limits = limitsOf(options.limits)
  return {
    onAbort: 'delivered',
    onCut: 'delivered',
    onExpiry: 'delivered',
    hold: 'learned',
    ...options,
    onBill: quietly(options.onBill ?? (() => undefined)),
    onTrouble: quietly(options.onTrouble ?? warn),
    limits,
    learned: new LearnedOutput(),
    ids: new CallIdsByOptions(limits.holdsMax),
  }
}

export function warn({ kind, hold, cost, owed, error }: MeteringTrouble): void {
  const about = owed === undefined ? `cost ${cost}` : `cost ${cost}, owed ${owed}`
  console.warn(`holdfast: ${kind} hold ${hold} (${about})`, ...(error === undefined ? [] : [error]))
}

export function quietly<Told>(tell: (told: Told) => void): (told: Told) => void {
  return (told) => {
    try {
      tell(told)
    } catch {
      // Whoever is told must not change what a call costs.
    }
  }
}
