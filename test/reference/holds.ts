/** The life of a hold, derived from the glossary and law 5 alone: the hold after a command, and the coins that move. */
import type { ChargeCommand, Command, FreezeCommand, Overage, Precondition } from '../../src/domain/command.ts'
import type { Rejection } from '../../src/domain/outcome.ts'
import type { Circumstances, HoldBook } from './books.ts'

/** A command about a hold that exists. */
export type HoldCommand = Extract<Command, { readonly hold: string }>

/** The other inputs to a change of a hold. */
export interface HoldSurroundings {
  readonly now: number
  /** What the holder can spend. */
  readonly spendable: bigint
  /** The number of changes so far. */
  readonly changeCount: number
  readonly wasSettledLate: boolean
  /** What the end of the hold settled; 0 while it is open. */
  readonly settledByEnd: bigint
}

export interface HoldChange {
  readonly after: HoldBook
  readonly entryId: string
  readonly kind: 'settle' | 'release' | 'amend' | 'refund'
  readonly moves: readonly { account: string; asset: string; available: bigint; held: bigint }[]
  /** Whether the change ends the hold. */
  readonly isEnd: boolean
  /** Whether the change is a step: every change except an end that is the first one and keeps the payee. */
  readonly isStep: boolean
}

/** The change, or its rejection. Funds are not checked here. */
export function changeHold(hold: HoldBook, command: HoldCommand, around: HoldSurroundings): HoldChange | Rejection {
  if (isChanged(command.ifSteps, hold.steps, true)) {
    const { id, steps, state, held, settled } = hold
    if (!paysHolder(command, hold)) return { code: 'changed_meanwhile', hold: id, steps, state, held, settled }
  }
  const notOpen = { code: 'hold_not_open', hold: hold.id, state: hold.state, settled: hold.settled } as const
  switch (command.kind) {
    case 'release':
      if (hold.state !== 'open') return notOpen
      if (command.cause === 'caller') return end(hold, NOTHING, { state: 'released', payee: hold.payee, ...around })
      if (around.now < hold.expiresAt) return { code: 'hold_not_due', hold: hold.id, expiresAt: hold.expiresAt }
      return end(
        hold,
        { ...NOTHING, ofHeld: least(hold.onExpiry?.settle ?? 0n, hold.held) },
        {
          state: 'expired',
          payee: hold.payee,
          ...around,
        },
      )
    case 'settle':
    case 'settle-part': {
      const payee = command.payee ?? hold.payee
      if (payee === hold.account) return { code: 'same_account', account: payee }
      const isLate = command.kind === 'settle' && command.late && hold.state === 'expired'
      if (isLate ? around.wasSettledLate : hold.state !== 'open') return notOpen
      if (payee !== hold.payee && hold.settled > 0n) return { code: 'payee_fixed', hold: hold.id, payee: hold.payee }
      if (isLate) return settleLate(hold, command, { payee, ...around })
      const payment = pay(command, hold.held, around.spendable)
      if (payment === null) return { code: 'settle_above_hold', hold: hold.id, held: hold.held }
      if (command.kind === 'settle') return end(hold, payment, { state: 'settled', payee, ...around })
      const after = paid(hold, payment, payee)
      return step(hold, after, { entryId: command.requestId, kind: 'settle' })
    }
    case 'amend': {
      if (hold.state !== 'open') return notOpen
      const amount = command.by === null ? (command.amount ?? hold.amount) : hold.amount + command.by
      const held = hold.held + amount - hold.amount
      const [least, most] = [largest(1n, hold.amount - hold.held), 10n ** 16n]
      if (amount !== hold.amount && (amount < least || amount > most)) {
        return { code: 'amend_out_of_range', hold: hold.id, minimum: least, maximum: most }
      }
      const expiresAt = expiryOf(command, around.now) ?? hold.expiresAt
      const onExpiry = command.onExpiry === undefined ? hold.onExpiry : command.onExpiry
      const after = { ...hold, amount, held, expiresAt, onExpiry }
      return step(hold, after, { entryId: command.requestId, kind: 'amend' })
    }
    case 'refund': {
      const { id, settled, refunded } = hold
      const upTo = command.toTotal ?? 0n
      const total = command.amount === null ? (upTo > refunded ? upTo : refunded) : refunded + command.amount
      const after = { ...hold, refunded: total }
      if (after.refunded > settled) return { code: 'refund_above_settled', hold: id, settled, refunded }
      return step(hold, after, { entryId: command.requestId, kind: 'refund' })
    }
  }
}

/** A settle to the holder itself is refused whatever has changed. */
function paysHolder(command: HoldCommand, hold: HoldBook): boolean {
  return 'payee' in command && (command.payee ?? hold.payee) === hold.account
}

/** Whether a balance or a hold is not as the caller requires. */
export function isChanged(required: Precondition | undefined, now: number, exists: boolean): boolean {
  if (required === undefined) return false
  if (typeof required === 'object') throw new Error('The reference ledger knows no tags.')
  return required === '*' ? !exists : required !== now
}

/** The requested expiry; null when the command does not set one. */
export function expiryOf(
  { expiresInMs, expiresAt }: { readonly expiresInMs: number | null; readonly expiresAt: number | null },
  now: number,
): number | null {
  return expiresInMs === null ? expiresAt : now + expiresInMs
}

/** Whether every amount fits the range of amounts. */
export function fits({ amount, drawn, shortfall }: HoldBook): boolean {
  return amount + drawn < 2n ** 63n && shortfall < 2n ** 63n
}

/** The sources of a settle's coins, and the part that is missing. */
interface Payment {
  readonly ofHeld: bigint
  readonly ofAvailable: bigint
  readonly missed: bigint
}

const NOTHING: Payment = { ofHeld: 0n, ofAvailable: 0n, missed: 0n }

/** Held coins first, then spendable ones if the settle may draw. Null when the amount is refused outright. */
function pay(
  { amount, overage }: { readonly amount: bigint; readonly overage: Overage },
  held: bigint,
  spendable: bigint,
): Payment | null {
  if (amount > held && overage === 'reject') return null
  const ofHeld = least(amount, held)
  const ofAvailable = overage === 'draw' ? least(amount - ofHeld, spendable) : 0n
  return { ofHeld, ofAvailable, missed: amount - ofHeld - ofAvailable }
}

function paid(hold: HoldBook, { ofHeld, ofAvailable, missed }: Payment, payee: string): HoldBook {
  return {
    ...hold,
    payee,
    held: hold.held - ofHeld,
    settled: hold.settled + ofHeld + ofAvailable,
    drawn: hold.drawn + ofAvailable,
    shortfall: hold.shortfall + missed,
  }
}

function end(
  hold: HoldBook,
  payment: Payment,
  { state, payee, now, changeCount }: { state: HoldBook['state']; payee: string } & HoldSurroundings,
): HoldChange {
  const rest = paid(hold, payment, payee)
  const after = { ...rest, state, held: 0n, released: rest.held, endedAt: now }
  const isSettled = state === 'settled' || (state === 'expired' && after.settled > hold.settled)
  const kind = isSettled ? 'settle' : 'release'
  const isStep = changeCount > 0 || payee !== hold.payee
  const ended = { ...after, steps: hold.steps + 1 }
  return { after: ended, entryId: `${hold.id}~${kind}`, kind, moves: movesOf(hold, after), isEnd: true, isStep }
}

/**
 * After the expiry the coins are the holder's again: a late settle takes what can be spent. It costs what it would have cost in time, so what
 * the expiry has settled counts, and the limit is what was held then. Nothing returns if the expiry has settled more.
 */
function settleLate(
  hold: HoldBook,
  { amount, overage }: { readonly amount: bigint; readonly overage: Overage },
  { payee, spendable, settledByEnd }: { payee: string } & HoldSurroundings,
): HoldChange | Rejection {
  const wasHeld = hold.released + settledByEnd
  if (amount > wasHeld && overage === 'reject') return { code: 'settle_above_hold', hold: hold.id, held: wasHeld }
  const cost = overage === 'draw' ? amount : least(amount, wasHeld)
  const ofAvailable = least(above(cost, settledByEnd), spendable)
  const missed = above(amount, settledByEnd) - ofAvailable
  const after = paid(hold, { ofHeld: 0n, ofAvailable, missed }, payee)
  return step(hold, { ...after, settledLate: ofAvailable }, { entryId: `${hold.id}~late`, kind: 'settle' })
}

/** What `amount` has above `already`. */
function above(amount: bigint, already: bigint): bigint {
  return amount > already ? amount - already : 0n
}

function step(hold: HoldBook, after: HoldBook, entry: Pick<HoldChange, 'entryId' | 'kind'>): HoldChange {
  return {
    ...entry,
    after: { ...after, steps: hold.steps + 1 },
    moves: movesOf(hold, after),
    isEnd: false,
    isStep: true,
  }
}

/** A decrease of `held` returns to the holder, except for what the payee received; a refund flows back from the payee. */
function movesOf(before: HoldBook, after: HoldBook): HoldChange['moves'] {
  const { account, asset, payee } = after
  const gained = after.settled - before.settled - (after.refunded - before.refunded)
  const held = after.held - before.held
  const holder = { account, asset, available: -gained - held, held }
  if (gained === 0n) return [holder]
  const other = { account: payee, asset, available: gained, held: 0n }
  return gained > 0n ? [holder, other] : [other, holder]
}

function largest(left: bigint, right: bigint): bigint {
  return left > right ? left : right
}

function least(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}

/** A hold as a freeze opens it, or as a charge makes it. */
export function newHold(
  { requestId: id, account, asset, payee, amount, metadata }: FreezeCommand | ChargeCommand,
  { now }: Circumstances,
  made: Pick<HoldBook, 'state' | 'held' | 'settled' | 'onExpiry' | 'expiresAt' | 'endedAt'>,
): HoldBook {
  const nothing = { released: 0n, drawn: 0n, shortfall: 0n, refunded: 0n, settledLate: 0n, steps: 0 }
  return { id, account, asset, payee, amount, ...nothing, ...made, createdAt: now, metadata }
}
