/** The end of a hold: what settle, release and expiry have in common. */
import type { BalanceRecord } from './balance.ts'
import { reject, type Decision, type Moment, type State } from './decision.ts'
import { notOpen, enterStep } from './hold-step.ts'
import { kindOfEnd, showHold, showHoldAsEnded, type Hold, type HoldRecord } from './hold.ts'
import type { AccountName } from './ids.ts'
import { endOfHold } from './journal.ts'
import type { Payment } from './payment.ts'
import { post, type Move } from './post.ts'

export interface Ending {
  readonly state: 'settled' | 'released' | 'expired'
  readonly payee: AccountName
  /** Of the command that ends it. */
  readonly fingerprint: number
}

/** Pays, and gives back the rest of what is held. After steps, or in favour of another payee, the end is a step itself. */
export function end(hold: HoldRecord, payment: Payment, ending: Ending, state: State, moment: Moment): Decision<Hold> {
  const { settled, drawn, shortfall } = payment
  const released = hold.held - (settled - drawn)
  const holder = state.balance(hold.account, hold.asset)
  const moves: Move[] = [{ balance: holder, available: released - drawn, held: -hold.held }]
  let payee: BalanceRecord | null = null
  if (settled > 0n) {
    payee = state.balance(ending.payee, hold.asset)
    moves.push({ balance: payee, available: settled, held: 0n })
  }
  const { fingerprint } = ending
  const ended: HoldRecord = {
    ...hold,
    payee: ending.payee,
    state: ending.state,
    held: 0n,
    settled: plus(hold.settled, settled),
    released,
    drawn: plus(hold.drawn, drawn),
    shortfall: plus(hold.shortfall, shortfall),
    end: {
      at: moment.now,
      fingerprint,
      version: holder.version + 1,
      payee: payee === null ? null : { balanceId: payee.id, version: payee.version + 1 },
    },
  }
  const kind = kindOfEnd(ended)
  const id = endOfHold(hold.id, kind)
  if (hold.steps > 0 || ending.payee !== hold.payee) {
    const entry = { id, kind, fingerprint, memo: null, metadata: null }
    return enterStep({ entry, before: hold, after: ended, moves }, moment)
  }
  const posted = post(id, kind, moment.now, moves)
  if ('code' in posted) return reject(posted)
  const { postings, balances } = posted
  return { verdict: 'apply', effect: { request: ended, postings, balances }, answer: showHold(ended) }
}

/** The command that ended the hold gets its answer again; any other comes too late. */
export function answerEnded(hold: HoldRecord, fingerprint: number): Decision<Hold> {
  if (hold.end?.fingerprint === fingerprint) return { verdict: 'replay', answer: showHoldAsEnded(hold) }
  return notOpen(hold)
}

/** Without steps there is nothing to add to, and one bigint less to make. */
function plus(sum: bigint, more: bigint): bigint {
  return sum === 0n ? more : sum + more
}
