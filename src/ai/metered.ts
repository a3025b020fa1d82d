/** `metered`: any work that costs coins, with one hold. */
import { DEFAULT_ASSET, type AccountName, type AssetCode, type RequestId } from '../domain/ids.ts'
import type { Metadata } from '../domain/metadata.ts'
import type { Tariff } from '../prices/bill.ts'
import type { Usage } from '../prices/usage.ts'
import { CallIds } from './call-ids.ts'
import { CreditsError } from './credits-error.ts'
import { quietly, warn } from './credits-options.ts'
import { limitsOf, type MeteringLimits } from './limits.ts'
import { MeteredHold, type MeteringLedger, type MeteringTrouble } from './metered-hold.ts'

interface EstimateTerms {
  readonly account: AccountName
  /** As for `credits`. Default: a new one. */
  readonly requestId?: RequestId
  readonly payee?: AccountName
  readonly metadata?: Metadata
  readonly onTrouble?: (trouble: MeteringTrouble) => void
  readonly limits?: Partial<MeteringLimits>
}

/** What the work costs at most, as far as it is known: in minor units, or as a usage at a tariff. */
export type Estimate = EstimateTerms &
  (
    | {
        readonly amount: bigint
        /** The least with which the work may begin, in minor units. Default: all of `amount`. */
        readonly least?: bigint
        readonly asset?: AssetCode
      }
    | { readonly tariff: Tariff; readonly usage: Usage }
  )

/** What work can do with its hold. */
export interface Meter {
  readonly hold: RequestId
  /** What is set aside in total, in minor units. */
  readonly covered: bigint
  /**
   * Says what the work has cost so far, in minor units: it is settled if the work throws, and from the next mark on if this process dies.
   * Raises the hold if it does not cover the cost.
   *
   * @throws CreditsError `insufficient_funds` if the account cannot pay it
   */
  spend(cost: bigint): Promise<void>
}

/** What the work came to: its value, and its cost in minor units, or its usage at the tariff of the estimate. */
export type Outcome<Value> =
  | { readonly value: Value; readonly cost: bigint; readonly metadata?: Metadata }
  | { readonly value: Value; readonly usage: Usage }

/**
 * Does work that costs coins: sets its estimate aside, does it, settles what it did cost, and returns its value. Work that throws costs
 * what it has spent by then, by default nothing. If the cost cannot be settled, the value is returned all the same, and `onTrouble` is told.
 *
 * @throws CreditsError if the estimate cannot be paid or the request was made before; whatever the work throws
 */
export async function metered<Value>(
  ledger: MeteringLedger,
  estimate: Estimate,
  work: (meter: Meter) => Promise<Outcome<Value>>,
): Promise<Value> {
  const limits = limitsOf(estimate.limits)
  const { account, payee, metadata = {} } = estimate
  const tariff = 'tariff' in estimate ? estimate.tariff : null
  const wanted = atLeastOne('tariff' in estimate ? estimate.tariff.cost(estimate.usage) : estimate.amount)
  const least = 'tariff' in estimate ? wanted : (estimate.least ?? wanted)
  const asset = tariff?.version.table.asset ?? ('asset' in estimate ? estimate.asset : undefined) ?? DEFAULT_ASSET
  const hold = await MeteredHold.open(
    {
      account,
      asset,
      wanted,
      least,
      metadata: { ...metadata, ...tariff?.metadata() },
      ...(payee === undefined ? {} : { payee }),
    },
    {
      ledger,
      ids: new CallIds(estimate.requestId, limits.holdsMax),
      limits,
      onTrouble: quietly(estimate.onTrouble ?? warn),
    },
  )
  const spending = new Spending(hold, account, limits)
  try {
    const outcome = await work(spending)
    if ('usage' in outcome) {
      if (tariff === null) throw new TypeError('A usage needs the tariff of the estimate.')
      await spending.end(tariff.cost(outcome.usage), tariff.bill(outcome.usage))
    } else await spending.end(outcome.cost, outcome.metadata ?? null)
    return outcome.value
  } catch (error) {
    await spending.end(null, { ending: 'failed' })
    throw error
  }
}

class Spending implements Meter {
  readonly #hold: MeteredHold
  readonly #account: AccountName
  readonly #timer: ReturnType<typeof setInterval>
  #spent = 0n
  #isOver = false

  constructor(hold: MeteredHold, account: AccountName, { markMs, lifeMs }: MeteringLimits) {
    this.#hold = hold
    this.#account = account
    const beganAt = performance.now()
    this.#timer = setInterval(() => {
      if (performance.now() - beganAt <= lifeMs) void hold.mark(this.#spent)
    }, markMs)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  get hold(): RequestId {
    return this.#hold.id
  }

  get covered(): bigint {
    return this.#hold.covered
  }

  async spend(cost: bigint): Promise<void> {
    if (!(await this.#hold.cover(cost, cost, this.#spent))) {
      const missing = `${cost - this.#hold.covered}`
      const message = `"${this.#account}" has no coins left for the rest of the work; ${missing} more were needed to go on.`
      const data = {
        code: 'insufficient_funds',
        account: this.#account,
        available: '0',
        required: missing,
        missing,
      } as const
      throw new CreditsError(message, { statusCode: 402, isRetryable: false }, { ...data, hold: this.hold })
    }
    this.#spent = cost
  }

  /** @param cost null: what was spent */
  async end(cost: bigint | null, bill: Metadata | null): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    clearInterval(this.#timer)
    await this.#hold.settle(cost ?? this.#spent, bill)
  }
}

function atLeastOne(amount: bigint): bigint {
  return amount > 0n ? amount : 1n
}
