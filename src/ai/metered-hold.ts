/**
 * The hold of one piece of metered work: opened within what is available, raised while the work goes on, ended once.
 *
 * Commands on the hold follow one another. Every hold has a mark of its own in its metadata (`call`), by which an answer that was lost is
 * told from the hold of somebody else's call.
 */
import { LedgerError } from '../api/error.ts'
import type { BatchOutcome, Ledger } from '../api/ledger.ts'
import { newRequestId } from '../api/request-id.ts'
import type { AccountName, AssetCode, RequestId } from '../domain/ids.ts'
import type { Hold } from '../domain/hold.ts'
import type { Metadata } from '../domain/metadata.ts'
import { CreditsError } from './credits-error.ts'
import type { CallIds } from './call-ids.ts'
import type { MeteringLimits } from './limits.ts'

/** What metering needs of a ledger. */
export type MeteringLedger = Pick<Ledger, 'freeze' | 'amend' | 'settle' | 'release' | 'batch' | 'hold'>

export interface HoldTerms {
  readonly account: AccountName
  readonly asset: AssetCode
  readonly payee?: AccountName
  /** Set aside if it is available, in minor units; at least 1. */
  readonly wanted: bigint
  /** The least with which the work may begin. */
  readonly least: bigint
  readonly metadata: Metadata
}

/** Trouble that must not stop the work, because it is done or under way. */
export interface MeteringTrouble {
  /**
   * `unsettled`: the work is done and its cost could not be settled; the hold expires and settles what was marked. `unmarked`: a hold could
   * not be raised or extended. `shortfall`: the account could not pay all of the cost.
   */
  readonly kind: 'unsettled' | 'unmarked' | 'shortfall'
  readonly hold: RequestId
  /** What the work cost in minor units, as far as it is known. */
  readonly cost: bigint
  /** Of `shortfall`: what is owed, in minor units. */
  readonly owed?: bigint
  readonly error?: unknown
}

/** Attempts to freeze what is available: another call may take it in between. */
const SHRINKS_MAX = 3

export class MeteredHold {
  readonly id: RequestId
  readonly #ledger: MeteringLedger
  readonly #limits: MeteringLimits
  readonly #onTrouble: (trouble: MeteringTrouble) => void
  #amount: bigint
  #expiresAt: number
  #marked = 0n
  /** Not before this instant is the hold raised again, after a failure of the ledger. */
  #raiseAt = 0
  #tail: Promise<unknown> = Promise.resolve()

  private constructor(
    { id, amount }: Hold,
    { ledger, limits, onTrouble }: Pick<OpenOptions, 'ledger' | 'limits' | 'onTrouble'>,
  ) {
    this.id = id
    this.#ledger = ledger
    this.#limits = limits
    this.#onTrouble = onTrouble
    this.#amount = amount
    this.#expiresAt = performance.now() + limits.holdMs
  }

  /**
   * @throws CreditsError if the least cannot be paid, if the request was made before, and for any other refusal of the ledger
   */
  static async open(terms: HoldTerms, options: OpenOptions): Promise<MeteredHold> {
    try {
      for (;;) {
        const opened = await openUnder(options.ids.next(), terms, options)
        if (opened !== null) return new MeteredHold(opened, options)
      }
    } catch (error) {
      throw CreditsError.of(error, terms.account, terms.least)
    }
  }

  /** What the hold covers in total, in minor units. */
  get covered(): bigint {
    return this.#amount
  }

  /**
   * Raises the hold so that it covers a cost, to `wanted` if that is available. False if it certainly cannot: the coins are not there, or
   * the hold has ended. A failure of the ledger is trouble, and the work goes on: its cost is settled at the end, from the account.
   *
   * @param marked is settled if this process dies
   */
  async cover(cost: bigint, wanted: bigint, marked: bigint): Promise<boolean> {
    return await this.#inTurn(async () => {
      if (cost <= this.#amount || performance.now() < this.#raiseAt) return true
      let target = wanted > cost ? wanted : cost
      for (let attempt = 1; attempt <= SHRINKS_MAX; attempt++) {
        try {
          await this.#amend(target, marked)
          return true
        } catch (error) {
          if (!(error instanceof LedgerError) || error.status >= 500 || error.retryable) {
            // The reader does not wait for a ledger that is away at every piece.
            this.#raiseAt = performance.now() + this.#limits.markMs
            this.#trouble('unmarked', cost, error)
            return true
          }
          const room = error.code === 'insufficient_funds' ? roomIn(error) : 0n
          target = this.#amount + room
          if (target < cost) return false
        }
      }
      return false
    })
  }

  /** Extends the hold and writes down what the work has cost so far, if either is due. */
  async mark(marked: bigint): Promise<void> {
    await this.#inTurn(async () => {
      const isLate = this.#expiresAt - performance.now() < this.#limits.holdMs / 2
      if (marked === this.#marked && !isLate) return
      try {
        await this.#amend(null, marked)
      } catch (error) {
        this.#trouble('unmarked', marked, error)
      }
    })
  }

  /**
   * Ends the hold at a cost, in minor units, and writes the bill: metadata of its entry. 0 releases it. What the hold does not cover is
   * taken from the account; what is not there is a shortfall. An expired hold is settled late.
   *
   * @returns the hold as it is then; null if it could not be settled, which is trouble
   */
  async settle(cost: bigint, bill: Metadata | null): Promise<Hold | null> {
    return await this.#inTurn(async () => {
      try {
        const hold = cost === 0n ? await this.#release() : await this.#settle(cost, bill)
        if (hold.shortfall > 0n) this.#onTrouble({ kind: 'shortfall', hold: this.id, cost, owed: hold.shortfall })
        return hold
      } catch (error) {
        this.#trouble('unsettled', cost, error)
        return null
      }
    })
  }

  async #settle(cost: bigint, bill: Metadata | null): Promise<Hold> {
    const part = {
      kind: 'settle',
      hold: this.id,
      requestId: `${this.id}:bill`,
      amount: cost,
      final: false,
      overage: 'draw',
      ...(bill === null ? {} : { metadata: bill }),
    } as const
    const end = { kind: 'settle', hold: this.id, amount: 0n } as const
    const outcomes = await this.#ledger.batch([part, end], { atomic: true })
    const error = errorIn(outcomes)
    if (error === null) return (outcomes[1] as { readonly answer: Hold }).answer
    if (error.code !== 'hold_not_open') throw error
    return await this.#ledger.settle(this.id, { amount: cost, overage: 'draw', late: true })
  }

  async #release(): Promise<Hold> {
    try {
      return await this.#ledger.release(this.id)
    } catch (error) {
      // It has expired, and that released it too, unless something was marked.
      if (!(error instanceof LedgerError) || error.code !== 'hold_not_open') throw error
      return await this.#ledger.hold(this.id)
    }
  }

  async #amend(amount: bigint | null, marked: bigint): Promise<void> {
    const { holdMs } = this.#limits
    const now = performance.now()
    const hold = await this.#ledger.amend(this.id, {
      expiresInMs: holdMs,
      ...(amount === null ? {} : { amount }),
      ...(marked > 0n ? { onExpiry: { settle: marked } } : {}),
    })
    this.#amount = hold.amount
    this.#expiresAt = now + holdMs
    this.#marked = marked
  }

  #trouble(kind: 'unmarked' | 'unsettled', cost: bigint, error: unknown): void {
    this.#onTrouble({ kind, hold: this.id, cost, error })
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(action)
    this.#tail = result.catch(() => undefined)
    return result
  }
}

export interface OpenOptions {
  readonly ledger: MeteringLedger
  readonly ids: CallIds
  readonly limits: MeteringLimits
  readonly onTrouble: (trouble: MeteringTrouble) => void
}

/** Null if the id belongs to an attempt that failed and was released: the next id is tried. */
async function openUnder(id: RequestId, terms: HoldTerms, { ledger, limits }: OpenOptions): Promise<Hold | null> {
  const { account, asset, payee, wanted, least } = terms
  const call = newRequestId()
  let amount = wanted
  for (let attempt = 1; ; attempt++) {
    try {
      return await ledger.freeze({
        requestId: id,
        account,
        asset,
        amount,
        expiresInMs: limits.holdMs,
        metadata: { ...terms.metadata, call },
        ifReplayed: 'refuse',
        ...(payee === undefined ? {} : { payee }),
      })
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error
      if (error.code === 'request_replayed' || error.code === 'request_id_reused') {
        return await takenBy({ id, call, account }, error, ledger)
      }
      if (error.code !== 'insufficient_funds' || attempt >= SHRINKS_MAX) throw error
      const room = roomIn(error)
      if (room < least) throw error
      // Coins may have come since.
      if (room < amount) amount = room
    }
  }
}

/** Whose the hold is that has the id: this call's, if only the answer was lost. */
async function takenBy(
  { id, call, account }: { readonly id: RequestId; readonly call: string; readonly account: AccountName },
  error: LedgerError,
  ledger: MeteringLedger,
): Promise<Hold | null> {
  let hold: Hold
  try {
    hold = await ledger.hold(id)
  } catch (missing) {
    // The id is that of another command, such as a deposit.
    throw missing instanceof LedgerError && missing.code === 'hold_not_found' ? error : missing
  }
  if (hold.account !== account) throw error
  if (hold.state === 'open' && hold.metadata?.['call'] === call) return hold
  if (hold.state === 'released' || (hold.state === 'expired' && hold.settled === 0n)) return null
  throw CreditsError.replayed(account, id, hold.state, error)
}

/** What the account can spend, from a refusal for lack of coins. */
function roomIn({ details }: LedgerError): bigint {
  const { available, floor } = details as { readonly available: bigint; readonly floor: bigint }
  return available - floor
}

/** The refusal that the others of an atomic batch followed. */
function errorIn(outcomes: readonly BatchOutcome[]): LedgerError | null {
  const errors = outcomes.flatMap((each) => (each.status === 'applied' ? [] : [each.error]))
  return errors.find(({ code }) => code !== 'batch_aborted') ?? errors[0] ?? null
}
