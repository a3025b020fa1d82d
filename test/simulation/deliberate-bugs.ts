/**
 * Plausible mistakes, each as a replacement of text in the product. A test shows that each of them is caught. It also fails when a text is
 * no longer in the source, so a bug stays up to date when the code around it changes.
 */

import { bug, type DeliberateBug } from './deliberate-bug.ts'
import { HOLD_BUGS } from './hold-bugs.ts'
import { MEMORY_BUGS } from './memory-bugs.ts'

const HOLD_ENDING = 'src/domain/hold-ending.ts'
const PAYMENT = 'src/domain/payment.ts'
const TRANSFER = 'src/domain/commands/transfer.ts'
const DECISION = 'src/domain/decision.ts'
const EXCHANGE = 'src/domain/exchange.ts'
const POST = 'src/domain/post.ts'
const BATCH = 'src/domain/batch.ts'
const RATE = 'src/domain/rate.ts'
const CYCLE = 'src/engine/cycle.ts'
const RECOVERY = 'src/engine/recovery.ts'
const SUCCESSION = 'src/engine/succession.ts'
const TORN = 'src/engine/torn.ts'
const ENGINE = 'src/engine/engine.ts'
const TICKET = 'src/engine/ticket.ts'
const QUEUE = 'src/engine/queue.ts'
const MEMORY = 'src/stores/memory/store.ts'
const WRITES = 'src/stores/memory/write-orders.ts'

const RULES: readonly DeliberateBug[] = [
  bug(
    'overdraft',
    POST,
    'balance.floor !== null && balance.available + available < balance.floor',
    'balance.floor !== null && balance.available + available < balance.floor - 20n',
  ),
  bug('overflow', POST, '!isInt64(available) || !isInt64(held) || !isInt64(available + held)', 'false'),
  bug(
    'lost-version',
    POST,
    'const version = before.version + 1',
    'const version = before.version + (move.available === 0n ? 2 : 1)',
  ),
  {
    name: 'double-release',
    caughtBy: 'simulation',
    replacements: [
      {
        path: 'src/domain/commands/release.ts',
        find: "{ state: 'expired', payee",
        put: "{ state: 'released', payee",
      },
      {
        path: HOLD_ENDING,
        find: 'function answerEnded(hold: HoldRecord, fingerprint: number): Decision<Hold> {',
        put: "function answerEnded(hold: HoldRecord, fingerprint: number): Decision<Hold> {\n  if (hold.state === 'released') return { verdict: 'replay', answer: showHold(hold) }",
      },
    ],
  },
  bug('settle-pays-what-is-asked', PAYMENT, 'settled: amount - above + drawn, drawn,', 'settled: amount, drawn,'),
  bug('draw-below-the-floor', PAYMENT, 'return balance.available - balance.floor', 'return balance.available + 5n'),
  bug(
    'transfer-forgets-a-leg',
    TRANSFER,
    'available: (earlierMove?.available ?? 0n) + amount, held: 0n',
    'available: amount, held: 0n',
  ),
  bug(
    'freeze-repeated-as-it-is-now',
    'src/domain/commands/freeze.ts',
    'answer: showHoldAsFrozen(earlier)',
    'answer: showHold(earlier)',
  ),
  bug(
    'repeat-with-other-contents',
    DECISION,
    "if (earlier.kind === 'freeze' || earlier.fingerprint !== fingerprint) return reused(requestId)",
    "if (earlier.kind === 'freeze') return reused(requestId)",
  ),
  bug('group-half-rolled-back', BATCH, 'this.#postings.length = postings', 'void postings'),
]

const EXCHANGES: readonly DeliberateBug[] = [
  bug(
    'used-rate-not-proven',
    WRITES,
    'changed(rate.version === newestVersion(tables, rate), null)',
    'changed(rate.version > 0, null)',
  ),
  bug('rate-version-not-checked', WRITES, 'inserted(rate.version <= newestVersion(tables, rate), ', 'inserted(false, '),
  bug('remainder-dropped', EXCHANGE, 'const remainder = remainderOf(amount, toAmount, rate)', 'const remainder = 0n'),
  bug('rounding-the-other-way', RATE, "case 'down':\n      return whole\n", "case 'down':\n      return whole + 1n\n"),
  bug('half-to-odd', RATE, 'whole + (whole & 1n)', 'whole + 1n'),
  bug('tolerance-in-thousandths', RATE, 'off * 1_000_000n', 'off * 1_000n'),
  bug('exchange-not-balanced', EXCHANGE, 'add(balanceOf(EXCHANGE, toAsset), -toAmount)', ''),
  bug('named-amount-ignored', EXCHANGE, 'leg.toAmount ?? expected', 'expected'),
  bug(
    'exchange-with-itself',
    TRANSFER,
    'return leg.from === EXCHANGE || leg.to === EXCHANGE ? EXCHANGE : null',
    'return null',
  ),
  bug('same-rate-declared-anew', 'src/domain/commands/rate.ts', 'newest !== null && isSame(newest, command)', 'false'),
  bug('rate-of-a-group-that-was-taken-back', BATCH, 'this.#ratesDeclared.length = rates', 'void rates'),
  bug('asset-of-another-moment', WRITES, ' && stored.createdAt === asset.createdAt', ''),
]

const CYCLES: readonly DeliberateBug[] = [
  bug(
    'answer-before-commit',
    CYCLE,
    'beforeLocks(await sent.result)',
    "(void sent.result, 'committed' as CommitResult | Fault)",
  ),
  bug('cache-kept-after-failure', CYCLE, '    cache.forget(sent.keys)\n    for', '    for'),
  {
    name: 'phantom-asset',
    caughtBy: 'simulation',
    replacements: [
      { path: CYCLE, find: 'for (const { code } of plan.changes.assets) cache.assets.delete(code)', put: '' },
      { path: CYCLE, find: 'changes.assets.length + changes.rates.length > 0', put: 'false' },
    ],
  },
  bug(
    'hold-of-a-failed-batch',
    CYCLE,
    'if (this.#moving.size > 0 && touchesAnyOf(work, this.#moving)) await drained()\n      // A step after the end does not prove how the hold ended.\n      else if',
    'if',
  ),
  bug('rejection-on-remembered-rows', CYCLE, 'if (unproven.length === 0) return', 'if (unproven.length >= 0) return'),
  bug(
    'malformed-command-stops-the-engine',
    CYCLE,
    "return { state: 'failed', jobs, now, standsAlone: true, fault: asFault(error)",
    "void this.#context.knownKeys(work)\n      return { state: 'failed', jobs, now, standsAlone: true, fault: asFault(error)",
  ),
  {
    name: 'rejection-on-rows-of-two-instants',
    caughtBy: 'simulation',
    replacements: [
      {
        path: CYCLE,
        find: 'this.#last = snapshot\n',
        put: 'this.#last = { requests: new Map([...(this.#last?.requests ?? []), ...snapshot.requests]), balances: new Map([...(this.#last?.balances ?? []), ...snapshot.balances]), assets: snapshot.assets }\n',
      },
      { path: CYCLE, find: 'if (record === null) this.absent.add(id)', put: 'this.absent.add(id)' },
    ],
  },
  bug(
    'doubt-told-as-failure',
    RECOVERY,
    "if (fault.code === 'commit_in_doubt') return await this.#resolveDoubt(jobs, now)",
    "if (fault.code === 'commit_in_doubt') return jobs.map(() => new Fault('store_unavailable', fault.message))",
  ),
  bug(
    'doubt-told-as-success',
    CYCLE,
    'if (result instanceof Fault) return',
    "if (result instanceof Fault && result.code === 'commit_in_doubt') return plan.outcomes\n    if (result instanceof Fault) return",
  ),
  bug(
    'contended-taken-for-committed',
    RECOVERY,
    "if (result === 'committed') return",
    "if (result !== 'stale') return",
  ),
  bug(
    'turn-refuses-unproven',
    RECOVERY,
    'return plan.outcomes.some(needsProof) ? this.#context.plan([], snapshot, keys, now) : plan',
    'return plan',
  ),
  bug(
    'exclusive-decides-on-the-cache',
    RECOVERY,
    'this.#context.plan(work, snapshot, keys, now)',
    '(this.#context.cache.learn(snapshot), this.#context.plan(work, this.#context.cache, keys, now))',
  ),
  bug('full-stripe-is-final', SUCCESSION, 'moved.add(`${account} ${asset}`)', ''),
  bug('full-stripe-is-final-unlocked', TORN, 'if (!isLocked && fullStripeOf(outcome) !== null) {', 'if (false) {'),
  bug('stripe-of-everybody-else-followed', SUCCESSION, 'stripe: this.#stripes.of(account, asset)', 'stripe: 0'),
  bug('split-answers-crossed', RECOVERY, 'return [...left, ...right]', 'return [...right, ...left]'),
  bug(
    'poison-spoils-its-batch',
    RECOVERY,
    'if (isPoison(fault)) return await this.#split(jobs, fault, now)\n    return jobs.map',
    'return jobs.map',
  ),
]

const WAITING: readonly DeliberateBug[] = [
  bug('lost-wake-up', ENGINE, 'void this.#pipeline.oldestDone().then(resolve)', ''),
  bug('never-starts-again', ENGINE, "if (this.#state === 'running') this.#become('idle')", ''),
  bug(
    'deadline-while-reading',
    ENGINE,
    'if (this.#queue.commands > 0 || tickets.length > 0) this.#watch()',
    'if (this.#queue.commands > 0 || this.#pipeline.depth > 0) this.#watch()',
  ),
  bug('deadline-says-no', TICKET, "const applied = this.#state === 'taken' ? 'unknown' : 'no'", "const applied = 'no'"),
  bug('given-up-but-done', QUEUE, 'if (ticket.answered) continue\n      ticket.take()', 'ticket.take()'),
  bug(
    'queue-never-empties',
    QUEUE,
    'this.#commands -= ticket.size\n      if (ticket.answered) continue',
    'if (ticket.answered) continue',
  ),
  bug('time-runs-backwards', 'src/engine/clock-watch.ts', 'isStep ? now : Math.max(this.#lastNow, now)', 'now'),
  bug(
    'deadline-by-the-time-of-day',
    ENGINE,
    'const now = this.#clock.elapsed()',
    'const now = this.#clock.now() - 1_893_456_000_000',
  ),
  bug(
    'stop-denies-what-it-did',
    ENGINE,
    "new Fault('commit_in_doubt', message, { applied: 'unknown' })",
    "new Fault('shutting_down', message)",
  ),
  bug(
    'breaker-stays-open',
    'src/engine/breaker.ts',
    'this.#clock.elapsed() < this.#until',
    'this.#clock.elapsed() >= 0',
  ),
]

const STORES: readonly DeliberateBug[] = [
  bug('request-id-not-checked', WRITES, 'inserted(tables.requests.has(id), null)', 'inserted(false, null)'),
  bug('version-not-checked', WRITES, 'changed(isAsBefore(tables, change), ', 'changed(true, '),
  bug(
    'another-version-of-the-same-number',
    WRITES,
    '    available === before.available &&\n    held === before.held &&\n',
    '',
  ),
  bug(
    'wrong-stripe-sum',
    'src/stores/stripes.ts',
    'available: left.available + right.available',
    'available: left.available',
  ),
  {
    name: 'exclusive-lets-others-in',
    caughtBy: 'memory',
    replacements: [
      {
        path: MEMORY,
        find: 'return tables.inTurn(async () => {\n      const snapshot',
        put: 'return Promise.resolve().then(async () => {\n      const snapshot',
      },
    ],
  },
  {
    name: 'step-number-not-checked',
    caughtBy: 'memory',
    replacements: [
      {
        path: WRITES,
        find: 'inserted(tables.holdSteps.has(stepKey(hold, number)), null)',
        put: 'inserted(false, null)',
      },
    ],
  },
  {
    name: 'hold-written-over-another-step',
    caughtBy: 'memory',
    replacements: [{ path: WRITES, find: 'hold.state === state && hold.steps === steps', put: 'hold.state === state' }],
  },
  {
    name: 'end-repeated-as-it-is-now',
    caughtBy: 'memory',
    replacements: [{ path: HOLD_ENDING, find: 'answer: showHoldAsEnded(hold)', put: 'answer: showHold(hold)' }],
  },
  {
    name: 'late-settle-more-than-once',
    caughtBy: 'memory',
    replacements: [
      {
        path: 'src/domain/commands/settle.ts',
        find: 'const earlier = state.request(id)',
        put: 'const earlier = state.request(`${id}~`)',
      },
    ],
  },
  {
    name: 'sqlite-version-not-checked',
    caughtBy: 'sqlite',
    replacements: [
      {
        path: 'src/stores/sqlite/writes.ts',
        find: '`${column} IS ?`',
        put: "(column === 'version' ? '? > 0' : `${column} IS ?`)",
      },
    ],
  },
  {
    name: 'sqlite-hold-ends-twice',
    caughtBy: 'sqlite',
    replacements: [{ path: 'src/stores/sqlite/writes.ts', find: `"state = 'open'", `, put: '' }],
  },
]

/** The seeds that `npm run simulate -- --bugs` reported, for bugs that take many seeds to catch. */
const SEEDS: Readonly<Record<string, number>> = {
  overflow: 17,
  'full-stripe-is-final': 17,
  'full-stripe-is-final-unlocked': 17,
  'stripe-of-everybody-else-followed': 62,
  'draw-below-the-floor': 207,
  'phantom-asset': 222,
  'half-to-odd': 524,
  'used-rate-not-proven': 771,
  'hold-of-a-failed-batch': 288,
  'payee-changed-after-a-part': 202,
  'cache-kept-after-failure': 309,
  'rejection-on-rows-of-two-instants': 36,
  'exclusive-decides-on-the-cache': 13,
  'deadline-while-reading': 73,
  'time-runs-backwards': 9,
  'memory-kept-after-a-lost-connection': 748,
  'lasting-rejection-from-memory': 2363,
  'refusal-final-before-the-locks': 56,
  'stop-denies-what-it-did': 22,
  'another-version-of-the-same-number': 92,
}

export const DELIBERATE_BUGS: readonly DeliberateBug[] = [
  ...RULES,
  ...EXCHANGES,
  ...HOLD_BUGS,
  ...CYCLES,
  ...MEMORY_BUGS,
  ...WAITING,
  ...STORES,
].map((found) => {
  const seed = SEEDS[found.name]
  return seed === undefined ? found : { ...found, seed }
})
