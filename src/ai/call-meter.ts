/**
 * Meters one call to a model, however it ends: opens its hold, raises it while the answer streams, marks what was delivered, and settles
 * once. Whatever ends the call first decides.
 */
import { LedgerError } from '../api/error.ts'
import type { Metadata } from '../domain/metadata.ts'
import { modelName } from '../prices/price-table.ts'
import { tariffOf, type Tariff } from '../prices/bill.ts'
import { isCount, type Usage } from '../prices/usage.ts'
import type { CallIds } from './call-ids.ts'
import { CreditsError } from './credits-error.ts'
import type { CallOptions, Ending, EndingPolicy, Metering, SettledCall } from './credits-options.ts'
import { MeteredHold } from './metered-hold.ts'
import { DeliveredText, type PromptTokens } from './token-estimate.ts'

export interface CallPlan {
  readonly provider: string
  readonly model: string
  readonly options: CallOptions
  readonly ids: CallIds
  /** A fingerprint of what is asked, if a repeat with the same object of options is to be noticed. */
  readonly contents?: number
  /** What is set aside for what is asked: a prompt, estimated so that it is not too little; images. */
  readonly input: Usage
  /** What is charged for it if the provider does not tell: estimated so that it is not too much. */
  readonly inputCharged: Usage
  /** The most output tokens of the call, if it has output that is counted in tokens. */
  readonly outputTokensMax?: number
  readonly isStream: boolean
}

/** What is told of a call's usage: what a provider leaves out is estimated. */
export interface ToldUsage {
  readonly input: Usage | null
  readonly output: Usage | null
}

const NOTHING_TOLD: ToldUsage = { input: null, output: null }

/** Each raise of a hold is this part of what was delivered, at least; so a long answer needs few raises. */
const RAISE_SHARE = 2

interface Begun {
  readonly tariff: Tariff
  readonly hold: MeteredHold
  readonly wanted: bigint
  readonly outputTokensMax: number
  readonly over: (mayRepeat: boolean) => void
}

export class CallMeter {
  readonly tariff: Tariff
  readonly #plan: CallPlan
  readonly #metering: Metering
  readonly #hold: MeteredHold
  readonly #delivered: DeliveredText
  readonly #wanted: bigint
  readonly #over: (mayRepeat: boolean) => void
  readonly #outputTokensMax: number
  #hasDelivered = false
  #ended: Promise<SettledCall | null> | null = null
  #timer: ReturnType<typeof setInterval> | null = null
  readonly #beganAt = performance.now()
  /** Called with each mark; true if the call has to end as aborted. */
  #isStalled: () => boolean = () => false
  #onStall: () => void = () => undefined

  private constructor(plan: CallPlan, metering: Metering, { tariff, hold, wanted, outputTokensMax, over }: Begun) {
    this.#plan = plan
    this.#metering = metering
    this.tariff = tariff
    this.#hold = hold
    this.#wanted = wanted
    this.#over = over
    this.#outputTokensMax = outputTokensMax
    this.#delivered = new DeliveredText(metering.countTokens)
    this.#timer = setInterval(() => void this.#tick(), metering.limits.markMs)
    // A program may end while a call is open: the hold expires.
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  /**
   * Opens the hold.
   *
   * @throws CreditsError if the call cannot be paid, or was made before; LedgerError `invalid_request` for a model without a price
   */
  static async begin(plan: CallPlan, metering: Metering): Promise<CallMeter> {
    const begun = plan.contents === undefined ? () => undefined : plan.ids.begin(plan.contents)
    if (typeof begun === 'string') throw CreditsError.replayed(plan.options.account, plan.ids.requestId, begun)
    try {
      return await CallMeter.#open(plan, metering, begun)
    } catch (error) {
      begun(true)
      throw error
    }
  }

  static async #open(plan: CallPlan, metering: Metering, over: (mayRepeat: boolean) => void): Promise<CallMeter> {
    const { provider = plan.provider, limits, learned, ledger, onTrouble } = metering
    const tariff = tariffOf(metering.prices, { provider, model: plan.model })
    const outputTokensMax = plan.outputTokensMax ?? tariff.prices.outputTokensMax ?? limits.outputTokensMax
    const hasOutput = tariff.prices.output !== undefined
    const costOf = (outputTokens: number): bigint => {
      const cost = tariff.cost({ ...plan.input, ...(hasOutput ? { outputTokens } : {}), requests: 1 })
      // A hold is at least 1; what costs nothing is released.
      return cost > 0n ? cost : 1n
    }
    const usual = learned.estimate(modelName(tariff.prices)) ?? (plan.isStream ? limits.streamTokens : outputTokensMax)
    const wantedTokens = metering.hold === 'full' ? outputTokensMax : Math.min(outputTokensMax, usual)
    const wanted = costOf(wantedTokens)
    const hold = await MeteredHold.open(
      {
        account: plan.options.account,
        asset: tariff.version.table.asset,
        ...(metering.payee === undefined ? {} : { payee: metering.payee }),
        wanted,
        least: costOf(Math.min(wantedTokens, limits.leastTokens)),
        metadata: { ...plan.options.metadata, ...tariff.metadata() },
      },
      { ledger, ids: plan.ids, limits, onTrouble },
    )
    return new CallMeter(plan, metering, { tariff, hold, wanted, outputTokensMax, over })
  }

  get holdId(): string {
    return this.#hold.id
  }

  get hasDelivered(): boolean {
    return this.#hasDelivered
  }

  /** The output tokens that the hold pays for: fewer than the maximum if the account could not pay for all of them. */
  get payableTokens(): number {
    let [low, high] = [0, this.#outputTokensMax]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.#costOf(middle) <= this.#hold.covered) low = middle
      else high = middle - 1
    }
    return Math.max(low, 1)
  }

  /** Whether less was set aside than was wanted, because no more was available. */
  get isBoundByCoins(): boolean {
    return this.#hold.covered < this.#wanted
  }

  /** Counts an answer that was delivered in one piece, in case the provider does not tell its usage. */
  note(text: string): void {
    this.#hasDelivered = true
    this.#delivered.add(text)
  }

  /**
   * Counts what was delivered, before the reader gets it. Waits if the hold has to be raised for it.
   *
   * @throws CreditsError if that cannot be paid; the call has ended as `stopped` then
   */
  async deliver(text: string): Promise<void> {
    this.#hasDelivered = true
    this.#delivered.add(text)
    const { tokens } = this.#delivered
    const cost = this.#costOf(tokens)
    if (cost <= this.#hold.covered || this.#ended !== null) return
    const more = Math.max(Math.ceil(tokens / RAISE_SHARE), this.#metering.limits.streamTokens)
    const wanted = this.#costOf(Math.max(tokens, Math.min(tokens + more, this.#outputTokensMax)))
    if (await this.#hold.cover(cost, wanted, this.#toMark())) return
    // The reader does not get this piece.
    this.#delivered.remove(text)
    await this.end('stopped')
    const { account } = this.#plan.options
    const missing = cost - this.#hold.covered
    const message = `"${account}" has no coins left for the rest of the answer; ${missing} more were needed to go on.`
    const data = {
      code: 'insufficient_funds' as const,
      account,
      asset: this.tariff.version.table.asset,
      available: '0',
      required: `${missing}`,
      missing: `${missing}`,
      hold: this.holdId,
    }
    throw new CreditsError(message, { statusCode: 402, isRetryable: false }, data)
  }

  /** For a stream: ends it as aborted if `isStalled` at a mark, or when it has lasted for `lifeMs`; then `onStall` is called. */
  watch(isStalled: () => boolean, onStall: () => void): void {
    this.#isStalled = isStalled
    this.#onStall = onStall
  }

  /**
   * Settles what the call cost. The first ending counts; later ones return its result.
   *
   * @returns null if it could not be settled, which `onTrouble` was told
   */
  async end(ending: Ending, told: ToldUsage = NOTHING_TOLD): Promise<SettledCall | null> {
    this.#ended ??= this.#settle(ending, told)
    return await this.#ended
  }

  async #settle(ending: Ending, told: ToldUsage): Promise<SettledCall | null> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#over(ending === 'failed' || ending === 'cut')
    const { usage, exact } = this.#usageAt(ending, told)
    const cost = this.#costAt(ending, usage)
    const hold = await this.#hold.settle(cost, this.#bill(ending, usage, exact))
    if (hold === null) return null
    const { provider, model } = this.tariff.prices
    if (ending === 'done' && told.output !== null) {
      const { outputTokens = 0, reasoningTokens = 0 } = told.output
      this.#metering.learned.learn(modelName(this.tariff.prices), outputTokens + reasoningTokens)
    }
    const { account } = this.#plan.options
    const settled: SettledCall = { hold: hold.id, account, provider, model, ending, usage, exact, cost }
    this.#metering.onBill(settled)
    return settled
  }

  #bill(ending: Ending, usage: Usage, exact: boolean): Metadata {
    const { provider, model } = this.tariff.prices
    // What was agreed is no sum of prices.
    if (this.#policyOf(ending) === 'everything') return { provider, model, ending, charged: 'everything' }
    return { ...this.tariff.bill(usage), ending, exact }
  }

  #policyOf(ending: Ending): EndingPolicy {
    const policies: Readonly<Record<Ending, EndingPolicy>> = {
      done: 'delivered',
      stopped: 'delivered',
      aborted: this.#metering.onAbort,
      cut: this.#metering.onCut,
      failed: 'nothing',
    }
    return policies[ending]
  }

  #usageAt(ending: Ending, told: ToldUsage): { readonly usage: Usage; readonly exact: boolean } {
    if (ending === 'failed') return { usage: {}, exact: true }
    const input = told.input ?? this.#plan.inputCharged
    const output = told.output ?? this.#deliveredUsage()
    const exact = told.input !== null && told.output !== null
    const usage = { ...input, ...output, requests: 1 }
    return this.#isPriced(usage)
      ? { usage, exact }
      : { usage: { ...this.#plan.inputCharged, ...this.#deliveredUsage(), requests: 1 }, exact: false }
  }

  /** A provider may tell a usage that the prices do not know or that no command can move. The work is done, so it is not refused. */
  #isPriced(usage: Usage): boolean {
    try {
      this.tariff.cost(usage)
      return true
    } catch (error) {
      if (error instanceof LedgerError) return false
      throw error
    }
  }

  #costAt(ending: Ending, usage: Usage): bigint {
    const policy = this.#policyOf(ending)
    if (policy === 'everything') return this.#hold.covered
    // Before the first piece of an answer, nothing was delivered, and a provider may not even have begun.
    const isNothing = policy === 'nothing' || (ending === 'aborted' && !this.#hasDelivered)
    return isNothing ? 0n : this.tariff.cost(usage)
  }

  #deliveredUsage(): Usage {
    return this.tariff.prices.output === undefined ? {} : { outputTokens: this.#delivered.tokens }
  }

  #costOf(outputTokens: number): bigint {
    const hasOutput = this.tariff.prices.output !== undefined
    return this.tariff.cost({ ...this.#plan.input, ...(hasOutput ? { outputTokens } : {}), requests: 1 })
  }

  #toMark(): bigint {
    if (this.#metering.onExpiry === 'nothing' || !this.#hasDelivered) return 0n
    const cost = this.tariff.cost({ ...this.#plan.inputCharged, ...this.#deliveredUsage(), requests: 1 })
    return cost < this.#hold.covered ? cost : this.#hold.covered
  }

  async #tick(): Promise<void> {
    if (this.#ended !== null) return
    const isOld = performance.now() - this.#beganAt > this.#metering.limits.lifeMs
    // Work without a stream has to be waited for; its hold may expire, and is settled late then.
    if (isOld && !this.#plan.isStream) return
    if (isOld || this.#isStalled()) {
      this.#onStall()
      await this.end('aborted')
      return
    }
    await this.#hold.mark(this.#toMark())
  }
}

/** A prompt as the input of a plan. */
export function inputOf({ held, charged }: PromptTokens): Pick<CallPlan, 'input' | 'inputCharged'> {
  return { input: { inputTokens: held }, inputCharged: { inputTokens: charged } }
}

/** Whole numbers of tokens, or null: what a provider tells is not trusted to be a count. */
export function countOf(value: unknown): number | null {
  return isCount(value) ? value : null
}
