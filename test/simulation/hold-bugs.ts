/** Deliberate bugs in the life of a hold, and in the sweeper. */
import { bug, type DeliberateBug } from './deliberate-bug.ts'

const AMEND = 'src/domain/commands/amend.ts'
const HOLD_STEP = 'src/domain/hold-step.ts'
const PAYMENT = 'src/domain/payment.ts'
const REFUND = 'src/domain/commands/refund.ts'
const RELEASE = 'src/domain/commands/release.ts'
const SETTLE = 'src/domain/commands/settle.ts'
const SETTLE_PART = 'src/domain/commands/settle-part.ts'
const SWEEPER = 'src/engine/sweeper.ts'
const EXPIRY_WALK = 'src/engine/expiry-walk.ts'
const WRITES = 'src/stores/memory/write-orders.ts'

export const HOLD_BUGS: readonly DeliberateBug[] = [
  bug(
    'sweeper-with-a-key-of-its-own',
    'src/domain/hold-ending.ts',
    'const id = endOfHold(hold.id, kind)',
    "const id = ending.state === 'expired' ? `${hold.id}~expiry` : endOfHold(hold.id, kind)",
  ),
  bug('extension-ignored', RELEASE, 'if (moment.now < expiresAt)', 'if (moment.now < hold.createdAt)'),
  bug('amend-keeps-the-expiry', AMEND, 'ttlMs === null ? hold.expiresAt : moment.now + ttlMs', 'hold.expiresAt'),
  bug('expiry-draws', RELEASE, "amount: onExpiry.settle, overage: 'cap'", "amount: onExpiry.settle, overage: 'draw'"),
  bug('refund-above-what-was-settled', REFUND, 'if (refunded + amount > settled)', 'if (amount > settled)'),
  bug(
    'part-ends-the-hold',
    SETTLE_PART,
    'const after = paid(hold, payment, payee)\n',
    'const end = { number: hold.changes + 1, at: moment.now, fingerprint, version: 1, payee: null }\n' +
      "const after: HoldRecord = { ...paid(hold, payment, payee), state: 'settled', end }\n",
  ),
  bug('first-answer-lost-after-a-step', HOLD_STEP, 'freeze: showHoldAsFrozen(before)', 'freeze: showHold(before)'),
  bug(
    'first-end-lost-after-a-refund',
    HOLD_STEP,
    "end: before.state === 'open' || isCharge(before) ? null : showHoldAsEnded(before)",
    'end: null',
  ),
  bug(
    'late-settle-twice',
    SETTLE,
    'const id = lateOfHold(hold.id)',
    'const id = `${lateOfHold(hold.id)}${hold.changes}`',
  ),
  bug(
    'late-settle-below-the-floor',
    PAYMENT,
    'const drawn = smaller(wanted, spendable(state.balance(hold.account, hold.asset)))',
    'const drawn = wanted',
  ),
  bug('late-settle-beyond-what-was-released', PAYMENT, "isAbove && overage === 'cap' ? limit : amount", 'amount'),
  bug('late-settle-without-what-the-expiry-took', PAYMENT, 'whole > paid ? whole - paid : 0n', 'whole'),
  bug(
    'payee-changed-after-a-part',
    SETTLE_PART,
    "if (isFixed(hold, payee)) return reject({ code: 'payee_fixed', hold: hold.id, payee: hold.payee })\n    const payment",
    'const payment',
  ),
  bug(
    'end-under-another-number',
    'src/domain/hold-ending.ts',
    'post({ entryId: id, seq: hold.seq, kind }, moment.now, moves)',
    'post({ entryId: id, seq: moment.nextSeq(), kind }, moment.now, moves)',
  ),
  bug(
    'end-takes-the-number-of-the-change-before',
    'src/domain/hold-ending.ts',
    'number: hold.changes + 1,',
    'number: hold.changes,',
  ),
  bug(
    'step-of-a-group-that-was-taken-back',
    'src/domain/batch.ts',
    'this.#holdChanges.length = holdChanges',
    'void holdChanges',
  ),
  bug('amend-forgets-what-parts-took', AMEND, 'held: hold.held + more', 'held: hold.amount + more'),
  bug(
    'refund-from-the-house',
    REFUND,
    'balance: state.balance(hold.payee, hold.asset), available: -amount',
    "balance: state.balance('@revenue', hold.asset), available: -amount",
  ),
  {
    name: 'step-on-a-hold-that-moved',
    caughtBy: 'simulation',
    replacements: [
      { path: WRITES, find: 'changed(hasChange(tables, seq, number - 1), null)', put: "'good' as Verdict" },
      {
        path: WRITES,
        find: 'inserted(tables.holdChanges.has(changeKey(seq, changes)), ',
        put: 'inserted(false, ',
      },
      { path: WRITES, find: 'changed(isAsBefore(tables, change), ', put: 'changed(true, ' },
    ],
  },
  bug(
    'sweeper-ends-with-its-first-fault',
    SWEEPER,
    'this.#pause(limits.expiryIntervalMs * (0.75',
    'if (fault === null) this.#pause(limits.expiryIntervalMs * (0.75',
  ),
  bug(
    'places-behind-the-front-forgotten',
    EXPIRY_WALK,
    'const walks = [this.front, this.#trail, this.#patrol]',
    'const walks = [this.front]',
  ),
  bug(
    'patrol-ends-for-good',
    EXPIRY_WALK,
    'return this.#looks === 0 ? null : this.#rest()',
    'return this.#looks === 0 || this.#turns > 0 ? null : this.#rest()',
  ),
]
