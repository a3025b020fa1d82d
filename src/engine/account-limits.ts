/**
 * The limits of each account, in front of the queue: commands a second that take coins from it, and holds that it may have open at once.
 * Whatever ends a hold or pays in is never limited. The limits are those of this process.
 */
import { commandsOf, type Command, type Work } from '../domain/command.ts'
import type { AccountName, RequestId } from '../domain/ids.ts'
import type { Outcome } from '../domain/outcome.ts'
import { payersOf } from '../domain/rules.ts'
import type { Clock } from './clock.ts'
import { Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import { OpenHolds, type OpenHoldsOptions } from './open-holds.ts'
import type { Promised, WorkOutcome } from './ticket.ts'
import { TokenBuckets, type Rate } from './token-buckets.ts'

/** The pause that is recommended to whoever has too many holds open. */
const RETRY_AFTER_MS = 1_000

export class AccountLimits {
  readonly #clock: Clock
  readonly #limits: EngineLimits
  readonly #rate: Rate | null
  readonly #buckets: TokenBuckets
  readonly #holds: OpenHolds | null

  /** Null without a limit. */
  static of(clock: Clock, limits: EngineLimits, stillOpen: OpenHoldsOptions['stillOpen']): AccountLimits | null {
    const hasLimit = limits.accountCommandsPerSecondMax > 0 || limits.accountHoldsMax > 0
    return hasLimit ? new AccountLimits(clock, limits, stillOpen) : null
  }

  private constructor(clock: Clock, limits: EngineLimits, stillOpen: OpenHoldsOptions['stillOpen']) {
    const { accountCommandsPerSecondMax: perSecond, accountBurstMax, accountHoldsMax, accountsLimitedMax } = limits
    this.#clock = clock
    this.#limits = limits
    this.#rate = perSecond > 0 ? { perSecond, burst: Math.max(1, accountBurstMax) } : null
    this.#buckets = new TokenBuckets(accountsLimitedMax)
    const options = { holdsMax: accountHoldsMax, accountsMax: accountsLimitedMax, stillOpen }
    this.#holds = accountHoldsMax > 0 ? new OpenHolds(options) : null
  }

  /**
   * Counts `work`, and returns the promise through which it has to be answered.
   *
   * @throws Fault `rate_limited`: nothing was counted
   */
  admit(work: Work, promise: Promised): Promised {
    const { spends, freezes } = countsOf(work)
    const refusal = this.#rateRefusal(spends) ?? this.#holdsRefusal(freezes)
    if (refusal !== null) throw refusal
    const now = this.#clock.elapsed()
    if (this.#rate !== null) for (const [account, count] of spends) this.#buckets.take(account, count, this.#rate, now)
    if (this.#holds === null) return promise
    for (const [account, holds] of freezes) for (const hold of holds) this.#holds.begin(account, hold)
    return {
      resolve: (outcome) => {
        this.#answered(work, outcome)
        promise.resolve(outcome)
      },
      reject: (fault) => {
        this.#failed(work, fault)
        promise.reject(fault)
      },
    }
  }

  #answered(work: Work, outcome: WorkOutcome): void {
    const outcomes = 'status' in outcome ? [outcome] : outcome
    for (const [index, command] of commandsOf(work).entries()) this.#follow(command, outcomes[index]!)
  }

  #failed(work: Work, fault: Fault): void {
    for (const command of commandsOf(work)) {
      if (command.kind !== 'freeze') continue
      const { account, requestId } = command
      if (fault.applied === 'no') this.#holds?.ended(account, requestId)
      // It may have been opened: a look finds that out.
      else this.#holds?.opened(account, requestId, this.#clock.now() + this.#limits.holdTtlMsMax)
    }
  }

  #rateRefusal(spends: ReadonlyMap<AccountName, number>): Fault | null {
    if (this.#rate === null) return null
    const now = this.#clock.elapsed()
    let retryAfterMs = 0
    for (const account of spends.keys()) {
      retryAfterMs = Math.max(retryAfterMs, this.#buckets.waitMs(account, this.#rate, now))
    }
    if (retryAfterMs === 0) return null
    const { perSecond, burst } = this.#rate
    const message = `An account may spend by ${perSecond} commands a second, and by ${burst} at once.`
    return new Fault('rate_limited', message, { retryAfterMs })
  }

  #holdsRefusal(freezes: ReadonlyMap<AccountName, readonly RequestId[]>): Fault | null {
    const time = { now: this.#clock.now(), elapsed: this.#clock.elapsed() }
    for (const [account, holds] of freezes) {
      if (this.#holds === null || this.#holds.hasRoom(account, holds, time)) continue
      const message = `An account may have ${this.#limits.accountHoldsMax} holds open at once.`
      return new Fault('rate_limited', message, { retryAfterMs: RETRY_AFTER_MS })
    }
    return null
  }

  #follow(command: Command, outcome: Outcome): void {
    if (outcome.status === 'rejected') {
      if (command.kind === 'freeze') this.#holds!.ended(command.account, command.requestId)
      return
    }
    const hold = outcome.current ?? outcome.answer
    if (!('state' in hold) || !('held' in hold)) return
    if (hold.state === 'open') this.#holds!.opened(hold.account, hold.id, hold.expiresAt)
    else this.#holds!.ended(hold.account, hold.id)
  }
}

interface Counts {
  /** Commands that take coins from an account. */
  readonly spends: ReadonlyMap<AccountName, number>
  readonly freezes: ReadonlyMap<AccountName, readonly RequestId[]>
}

/** Work that no rule understands counts nothing. It ends with an error when its batch is decided. */
const NOTHING: Counts = { spends: new Map(), freezes: new Map() }

function countsOf(work: Work): Counts {
  try {
    return countAll(work)
  } catch {
    return NOTHING
  }
}

function countAll(work: Work): Counts {
  const spends = new Map<AccountName, number>()
  const freezes = new Map<AccountName, RequestId[]>()
  for (const command of commandsOf(work)) {
    for (const account of payersOf(command)) spends.set(account, (spends.get(account) ?? 0) + 1)
    if (command.kind !== 'freeze') continue
    const holds = freezes.get(command.account)
    if (holds === undefined) freezes.set(command.account, [command.requestId])
    else holds.push(command.requestId)
  }
  return { spends, freezes }
}
