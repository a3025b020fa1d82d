/**
 * Plausible mistakes, each as a replacement of text in the product. A test shows that each of them is caught. It also fails when a text is
 * no longer in the source, so a bug stays up to date when the code around it changes.
 */

import { bug, type DeliberateBug } from './deliberate-bug.ts'
import { HOLD_BUGS } from './hold-bugs.ts'
import { MEMORY_BUGS } from './memory-bugs.ts'

const HOLD_ENDING = 'src/domain/hold-ending.ts'
const PAYMENT = 'src/domain/payment.ts'
const PRECONDITION = 'src/domain/precondition.ts'
const TRANSFER = 'src/domain/commands/transfer.ts'
const DECISION = 'src/domain/decision.ts'
const EXCHANGE = 'src/domain/exchange.ts'
const POST = 'src/domain/post.ts'
const BATCH = 'src/domain/batch.ts'
const CONFINING = 'src/domain/confining.ts'
const RATE = 'src/domain/rate.ts'
const MEMORY_SUITE = 'test/conformance/memory.test.ts'
const SQLITE_SUITE = 'test/conformance/sqlite.test.ts'
const CYCLE = 'src/engine/cycle.ts'
const RECOVERY = 'src/engine/recovery.ts'
const SUCCESSION = 'src/engine/succession.ts'
const TORN = 'src/engine/torn.ts'
const ENGINE = 'src/engine/engine.ts'
const TICKET = 'src/engine/ticket.ts'
const QUEUE = 'src/engine/queue.ts'
const LOCKED = 'src/engine/locked-balances.ts'
const MEMORY = 'src/stores/memory/store.ts'
const WRITES = 'src/stores/memory/write-orders.ts'

const RULES: readonly DeliberateBug[] = [
  bug(
    'overdraft',
    POST,
    'floor !== null && balance.available + available < floor',
    'floor !== null && balance.available + available < floor - 20n',
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
        find: 'if (hold.end?.fingerprint === fingerprint) {',
        put: "if (hold.end !== null && (hold.state === 'released' || hold.end.fingerprint === fingerprint)) {",
      },
    ],
  },
  bug(
    'any-version-will-do',
    PRECONDITION,
    'if (required === undefined) return null',
    "if (required !== '*') return null",
  ),
  bug(
    'any-number-of-steps-will-do',
    PRECONDITION,
    "if (required === undefined || required === '*') return null",
    'return null',
  ),
  bug(
    'an-older-number-will-do',
    PRECONDITION,
    "typeof required === 'number' ? required === number",
    "typeof required === 'number' ? required <= number",
  ),
  bug(
    'what-is-required-as-a-part-of-the-contents',
    'src/domain/commands/deposit.ts',
    'return `deposit ${account}',
    'return `deposit ${String(command.ifVersion)} ${account}',
  ),
  bug(
    'what-is-required-before-the-repeat',
    HOLD_ENDING,
    '  if (hold.end?.fingerprint === fingerprint) {',
    '  const changed = requireHold(ifSteps, hold)\n  if (changed !== null) return changed\n' +
      '  if (hold.end?.fingerprint === fingerprint) {',
  ),
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

const KEYS: readonly DeliberateBug[] = [
  bug('confinement-not-checked', CONFINING, 'if (limit !== null) return forbid(limit)', 'void limit'),
  bug(
    'effect-not-confined',
    CONFINING,
    'return limitReached === null ? decision : forbid(limitReached)',
    'return decision',
  ),
  bug('hold-of-others-found', CONFINING, 'return decideOn(withoutRequests(state))', 'return decideOn(state)'),
  {
    name: 'repeat-of-others-answered',
    caughtBy: 'src/domain/confining.test.ts',
    replacements: [{ path: CONFINING, find: 'if (limitOfEarlier !== null) return forbid(limitOfEarlier)', put: '' }],
  },
  bug('only-coins-are-amounts', CONFINING, 'before - floor', '0n'),
  bug('nobody-ended-it', HOLD_ENDING, 'by: isStep ? null : (moment.by ?? null)', 'by: null'),
  bug('nobody-passed-it-on', 'src/domain/forwarding.ts', 'by: moment.by ?? null', 'by: null'),
  bug(
    'the-last-author-counts',
    'src/domain/rules.ts',
    'const own = { ...moment, by: authorOf(givenBy) }',
    'const own = { ...moment, by: authorOf(givenBy) }\n  Object.assign(moment, own)',
  ),
]

const EXCHANGES: readonly DeliberateBug[] = [
  bug(
    'used-rate-not-proven',
    WRITES,
    'changed(isNewest(tables, rate), null)',
    'changed(newestVersion(tables, rate) > 0, null)',
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
  {
    name: 'lost-house-account-not-noticed',
    caughtBy: MEMORY_SUITE,
    replacements: [{ path: WRITES, find: 'changed(tables.houses.has(account), null)', put: 'changed(true, null)' }],
  },
  bug(
    'undeclared-payee',
    'src/domain/decision.ts',
    'return needsDeclaration(account) && state.house(account) === null',
    "return needsDeclaration(account) && state.house(account) === null && account === '@promo'",
  ),
  bug('asset-of-another-moment', WRITES, ' && stored.createdAt === asset.createdAt', ''),
]

const STANDINGS: readonly DeliberateBug[] = [
  bug('blocked-account-pays', 'src/domain/post.ts', 'if (available < 0n) blocked ??= account', ''),
  bug('blocked-account-draws', PAYMENT, "if (balance.standing !== 'active') return 0n", ''),
  bug('new-balance-is-active', BATCH, 'return { ...now, standing, successor }', 'return now'),
  bug('nothing-passes-on', 'src/domain/forwarding.ts', 'if (moves.size === 0) return', 'if (moves.size >= 0) return'),
  bug(
    'only-the-first-successor',
    'src/domain/forwarding.ts',
    'while (receiver.successor !== null) receiver =',
    'if (receiver.successor !== null) receiver =',
  ),
  bug(
    'standing-of-another-moment',
    WRITES,
    'changed(isDeepStrictEqual(tables.standings.get(before.account), before), null)',
    'changed(true, null)',
  ),
]

const CYCLES: readonly DeliberateBug[] = [
  bug(
    'answer-before-commit',
    CYCLE,
    'const answer = await sent.result',
    "const answer = (void sent.result, 'committed' as CommitResult | Fault)",
  ),
  bug('cache-kept-after-failure', CYCLE, '    cache.forget(sent.keys)\n    for', '    for'),
  {
    name: 'phantom-asset',
    caughtBy: 'simulation',
    replacements: [
      { path: CYCLE, find: 'for (const { code } of plan.changes.assets) cache.assets.delete(code)', put: '' },
      { path: CYCLE, find: 'changes.assets.length + changes.houses.length + changes.rates.length', put: '0' },
    ],
  },
  {
    // The simulation needs thousands of seeds.
    name: 'hold-of-a-failed-batch',
    caughtBy: 'src/engine/hold-steps.test.ts',
    replacements: [
      {
        path: CYCLE,
        find: 'if (this.#moving.size > 0 && touchesAnyOf(work, this.#moving)) await drained()\n      // A step after the end does not prove how the hold ended.\n      else if',
        put: 'if',
      },
    ],
  },
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

function parkingBug(...[name, path, find, put]: Parameters<typeof bug>): DeliberateBug {
  return { ...bug(name, path, find, put), caughtBy: 'src/engine/parked-tickets.test.ts' }
}

const WAITING: readonly DeliberateBug[] = [
  bug('lost-wake-up', ENGINE, 'void this.#pipeline.oldestDone().then(resolve)', '{}'),
  bug('never-starts-again', ENGINE, "if (this.#state === 'running') this.#become('idle')", ''),
  bug(
    'deadline-while-reading',
    ENGINE,
    'if (this.#queue.commands + this.#parked.commands > 0 || tickets.length > 0) this.#watch()',
    'if (this.#queue.commands > 0 || this.#pipeline.depth > 0) this.#watch()',
  ),
  bug('deadline-says-no', TICKET, "const applied = this.#state === 'taken' ? 'unknown' : 'no'", "const applied = 'no'"),
  bug('given-up-but-done', QUEUE, 'if (answered) continue\n      ticket.take()', 'ticket.take()'),
  bug('queue-never-empties', QUEUE, 'this.#commands -= size\n      if (answered) continue', 'if (answered) continue'),
  bug('lingers-for-ever', 'src/engine/linger.ts', '    this.#until = -Infinity\n    return 0\n', '    return 1\n'),
  bug('never-free-again', LOCKED, 'if (!still.has(key)) this.#locked.delete(key)', ''),
  parkingBug('parked-and-forgotten', ENGINE, 'if (tickets.length > 0) this.#start()', ''),
  parkingBug(
    'doubt-is-parked',
    'src/engine/doubt.ts',
    'deadlineAt, mayBeParked: false,',
    'deadlineAt, mayBeParked: true,',
  ),
  bug('time-runs-backwards', 'src/engine/clock-watch.ts', 'isStep ? now : Math.max(this.#lastNow, now)', 'now'),
  bug(
    'deadline-by-the-time-of-day',
    ENGINE,
    'const now = this.#clock.elapsed()\n      this.#queue.expire(now)',
    'const now = this.#clock.now() - 1_893_456_000_000\n      this.#queue.expire(now)',
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
  bug(
    'request-id-not-checked',
    WRITES,
    'tables.requestIds.has(seq) || tables.requests.has(id)',
    'tables.requestIds.has(seq)',
  ),
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
    caughtBy: MEMORY_SUITE,
    replacements: [
      {
        path: MEMORY,
        find: 'return tables.inTurn(async () => {\n      const snapshot',
        put: 'return Promise.resolve().then(async () => {\n      const snapshot',
      },
    ],
  },
  {
    name: 'number-of-a-request-not-checked',
    caughtBy: MEMORY_SUITE,
    replacements: [
      {
        path: WRITES,
        find: 'tables.requestIds.has(seq) || tables.requests.has(id)',
        put: 'seq < 0 || tables.requests.has(id)',
      },
    ],
  },
  {
    name: 'number-of-a-change-not-checked',
    caughtBy: MEMORY_SUITE,
    replacements: [
      {
        path: WRITES,
        find: 'inserted(tables.holdChanges.has(changeKey(seq, changes)), ',
        put: 'inserted(false, ',
      },
    ],
  },
  {
    name: 'change-before-not-checked',
    caughtBy: MEMORY_SUITE,
    replacements: [
      { path: WRITES, find: 'changed(hasChange(tables, seq, number - 1), null)', put: "'good' as Verdict" },
    ],
  },
  {
    name: 'run-not-checked',
    caughtBy: MEMORY_SUITE,
    replacements: [
      {
        path: WRITES,
        find: 'inserted(tables.runs.has(postingKey(run.balanceId, run.firstVersion)), null)',
        put: "(run.firstVersion > 0 ? 'good' : 'stale') as Verdict",
      },
    ],
  },
  {
    name: 'end-repeated-as-it-is-now',
    caughtBy: MEMORY_SUITE,
    replacements: [{ path: HOLD_ENDING, find: 'answer: showHoldAsEnded(hold)', put: 'answer: showHold(hold)' }],
  },
  {
    name: 'late-settle-more-than-once',
    caughtBy: MEMORY_SUITE,
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
    caughtBy: SQLITE_SUITE,
    replacements: [
      {
        path: 'src/stores/sqlite/writes.ts',
        find: '`${column} IS ?`',
        put: "(column === 'version' ? '? > 0' : `${column} IS ?`)",
      },
    ],
  },
  {
    name: 'sqlite-change-before-not-checked',
    caughtBy: SQLITE_SUITE,
    replacements: [
      {
        path: 'src/stores/sqlite/writes.ts',
        find: "if (!statements.holdsContinued.holds(changes.holdsContinued)) return 'stale'",
        put: '',
      },
    ],
  },
  {
    name: 'sqlite-later-end-for-the-first-one',
    caughtBy: SQLITE_SUITE,
    replacements: [
      {
        path: 'src/stores/sql/hold-row.ts',
        find: 'const prefix = isAbsent(row[`${END}number`]) ? CHANGE : END',
        put: 'const prefix = CHANGE',
      },
    ],
  },
  {
    name: 'sqlite-first-end-lost-after-a-refund',
    caughtBy: SQLITE_SUITE,
    replacements: [
      {
        path: 'src/stores/sql/hold-row.ts',
        find: 'end: isAbsent(row[`${END}number`]) ? null : holdAfter(freeze, row, END)',
        put: 'end: null',
      },
    ],
  },
]

/** The seeds that `npm run simulate -- --bugs` reported, for bugs that take many seeds to catch. */
const SEEDS: Readonly<Record<string, number>> = {
  overflow: 21,
  'what-is-required-before-the-repeat': 178,
  'used-rate-not-proven': 95,
  'named-amount-ignored': 122,
  'exchange-with-itself': 46,
  'asset-of-another-moment': 152,
  'blocked-account-draws': 38,
  'nothing-passes-on': 144,
  'nobody-passed-it-on': 486,
  'only-coins-are-amounts': 36,
  'nobody-ended-it': 56,
  'standing-of-another-moment': 151,
  'only-the-first-successor': 1978,
  'cache-kept-after-failure': 3430,
  'amend-keeps-the-expiry': 20,
  'refund-above-what-was-settled': 30,
  'late-settle-beyond-what-was-released': 20,
  'payee-changed-after-a-part': 211,
  'step-of-a-group-that-was-taken-back': 128,
  'sweeper-ends-with-its-first-fault': 94,
  'places-behind-the-front-forgotten': 116,
  'patrol-ends-for-good': 294,
  'phantom-asset': 314,
  'malformed-command-stops-the-engine': 28,
  'rejection-on-rows-of-two-instants': 36,
  'exclusive-decides-on-the-cache': 56,
  'full-stripe-is-final': 21,
  'full-stripe-is-final-unlocked': 21,
  'stripe-of-everybody-else-followed': 308,
  'split-answers-crossed': 20,
  'poison-spoils-its-batch': 23,
  'refusal-final-before-the-locks': 105,
  'refusal-final-in-a-turn': 140,
  'replay-from-memory': 95,
  'memory-kept-after-a-lost-connection': 748,
  'deadline-while-reading': 77,
  'time-runs-backwards': 36,
  'stop-denies-what-it-did': 36,
  'another-version-of-the-same-number': 942,
}

export const DELIBERATE_BUGS: readonly DeliberateBug[] = [
  ...RULES,
  ...KEYS,
  ...EXCHANGES,
  ...STANDINGS,
  ...HOLD_BUGS,
  ...CYCLES,
  ...MEMORY_BUGS,
  ...WAITING,
  ...STORES,
].map((found) => {
  const seed = SEEDS[found.name]
  return seed === undefined ? found : { ...found, seed }
})
