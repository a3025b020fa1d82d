/**
 * The parts of the hot path on their own: what a batch costs before the database sees it.
 *
 * Each task does the work of one batch; `commands` says of how many, so that figures are per command.
 */
import { balanceKey, emptyBalance, type BalanceRecord } from '../../src/domain/balance.ts'
import { decideBatch, type Plan } from '../../src/domain/batch.ts'
import type { Command, Work } from '../../src/domain/command.ts'
import { CREDIT } from '../../src/domain/asset.ts'
import { HouseStripes } from '../../src/domain/house-stripes.ts'
import { RunningNumbers } from '../../src/domain/running-numbers.ts'
import { type RequestRecord, type Snapshot } from '../../src/domain/snapshot.ts'
import type { Footprint } from '../../src/domain/footprint.ts'
import { footprint } from '../../src/domain/rules.ts'
import { type Changes } from '../../src/domain/changes.ts'
import { Cache } from '../../src/engine/cache.ts'
import { flowsOf } from '../../src/engine/flows.ts'
import { ENGINE_LIMITS } from '../../src/engine/limits.ts'
import { assertLawful } from '../../src/engine/plan-laws.ts'
import { systemClock } from '../../src/engine/clock.ts'
import { Measures } from '../../src/engine/measures.ts'
import { Queue } from '../../src/engine/queue.ts'
import { Ticket } from '../../src/engine/ticket.ts'
import { commandOf, commandToWire } from '../../src/api/contracts.ts'
import { newRequestId } from '../../src/api/request-id.ts'
import { writeStatements } from '../../src/stores/mysql/writes.ts'
import { writeStatement } from '../../src/stores/postgres/writes.ts'
import { flatten } from '../../src/stores/sqlite/writes.ts'
import { balanceChangeRow } from '../../src/stores/sql/balance-row.ts'
import { holdEndRow, holdRow } from '../../src/stores/sql/hold-row.ts'
import { runRow, runsOf } from '../../src/stores/sql/run-row.ts'
import { holdToWire } from '../../src/api/hold.ts'
import { showHold } from '../../src/domain/hold-record.ts'

export interface Task {
  readonly name: string
  readonly commands: number
  readonly run: () => unknown
}

const COMMANDS = 100
const NOW = 1_763_690_000_000
const MOMENT = {
  now: NOW,
  nextSeq: new RunningNumbers(() => NOW, Math.random).next,
  holdTtlMsDefault: ENGINE_LIMITS.holdTtlMsDefault,
  holdTtlMsMax: ENGINE_LIMITS.holdTtlMsMax,
}
const TIMES = { submittedAt: NOW, deadlineAt: NOW }
const HOUSE_STRIPES = new HouseStripes(0)

const FREEZES: readonly Command[] = commands((index) => ({
  kind: 'freeze',
  requestId: idOf(index),
  account: 'user:8',
  payee: '@revenue',
  asset: CREDIT.code,
  amount: 616n,
  expiresInMs: null,
  expiresAt: null,
  onExpiry: null,
  metadata: null,
}))

const SETTLES: readonly Command[] = commands((index) => ({
  kind: 'settle',
  hold: idOf(index),
  amount: 500n,
  overage: 'reject',
  payee: null,
  late: false,
}))

const TRANSFERS: readonly Command[] = commands((index) => ({
  kind: 'transfer',
  requestId: idOf(index),
  legs: Array.from({ length: 10 }, (_, leg) => ({
    from: `user:${index % 50}`,
    to: `user:${(index + leg + 1) % 50}`,
    asset: CREDIT.code,
    amount: 5n,
  })),
  memo: null,
  metadata: null,
}))

export function hotPathTasks(): readonly Task[] {
  const empty = snapshotOf([])
  const frozen = decide(FREEZES, empty)
  const open = snapshotOf(frozen.changes.holdsOpened)
  const settled = decide(SETTLES, open)
  const holds = frozen.changes.holdsOpened.map(showHold)
  const [freezeInputs, settleInputs] = [FREEZES, SETTLES].map((some) => some.map(commandToWire))
  const read = (inputs: readonly unknown[]): unknown => inputs.map((input) => commandOf(input, newRequestId))
  const task = (name: string, run: () => unknown): Task => ({ name, commands: COMMANDS, run })
  return [
    task('decideBatch, freezes', () => decide(FREEZES, empty)),
    task('decideBatch, settles', () => decide(SETTLES, open)),
    task('decideBatch, one-to-ten transfers', () => decide(TRANSFERS, empty)),
    task('laws of the plan, freezes', () => assertLawful(FREEZES, frozen)),
    task('laws of the plan, settles', () => assertLawful(SETTLES, settled)),
    task('footprint, freezes', () => footprint(FREEZES, HOUSE_STRIPES)),
    task('rows of freezes', () => rowsOf(frozen.changes)),
    task('rows of settles', () => rowsOf(settled.changes)),
    task('MySQL text of freezes', () => writeStatements(frozen.changes, 'mysql')),
    task('MySQL text of settles', () => writeStatements(settled.changes, 'mysql')),
    task('SQLite values of freezes', () => flatten(frozen.changes)),
    task('SQLite values of settles', () => flatten(settled.changes)),
    task('PostgreSQL parameters of freezes', () => writeStatement(frozen.changes)),
    task('PostgreSQL parameters of settles', () => writeStatement(settled.changes)),
    task('input of freezes', () => read(freezeInputs!)),
    task('input of settles', () => read(settleInputs!)),
    task('freezes as JSON', () => FREEZES.map((command) => JSON.stringify(commandToWire(command)))),
    task('holds as JSON', () => holds.map((hold) => JSON.stringify(holdToWire(hold)))),
    task('queue, in and out', () => throughQueue(COMMANDS)),
    task('queue, in turns', () => throughQueue(1)),
    task('cache, freezes and settles', () => throughCache(frozen.changes, settled.changes)),
  ]
}

function commands(make: (index: number) => Command): readonly Command[] {
  return Array.from({ length: COMMANDS }, (_, index) => make(index))
}

function idOf(index: number): string {
  return `01a1fbc3-1483-7722-b06b-${String(index).padStart(12, '0')}`
}

function snapshotOf(holds: readonly RequestRecord[]): Snapshot {
  const accounts = ['user:8', '@revenue', ...Array.from({ length: 50 }, (_, user) => `user:${user}`)]
  const balances = new Map<string, BalanceRecord>()
  for (const [index, account] of accounts.entries()) {
    const balance = emptyBalance(index + 1, { account, asset: CREDIT.code, stripe: 0 })
    balances.set(balanceKey(account, CREDIT.code, 0), {
      ...balance,
      available: 10n ** 15n,
      held: 10n ** 9n,
      version: 7,
    })
  }
  return {
    requests: new Map(holds.map((hold) => [hold.id, hold])),
    balances,
    assets: new Map([[CREDIT.code, CREDIT]]),
    standings: new Map(),
    houses: new Map(),
    rates: new Map(),
  }
}

function decide(work: readonly Command[], snapshot: Snapshot): Plan {
  return decideBatch(work, snapshot, HOUSE_STRIPES, MOMENT)
}

function rowsOf({ holdsOpened, holdChanges, postings, balances }: Changes): unknown {
  return [
    holdsOpened.map(holdRow),
    holdChanges.map(holdEndRow),
    runsOf(postings).map(runRow),
    balances.map(balanceChangeRow),
  ]
}

/** With more commands than `batchCommandsMax` they take turns. */
function throughQueue(batchCommandsMax: number): unknown {
  const known = snapshotOf([])
  const keysOf = (work: Work): Footprint => footprint([work], HOUSE_STRIPES, known)
  const queue = new Queue({ ...ENGINE_LIMITS, batchCommandsMax }, (work) => flowsOf(work, keysOf))
  const measures = new Measures(systemClock)
  const promise = { resolve: () => undefined, reject: () => undefined }
  for (const work of FREEZES) queue.offer(new Ticket({ work, caller: '' }, TIMES, promise, measures))
  return queue.take(COMMANDS)
}

/** Full, so that what comes in pushes something out. */
const cache = new Cache({ cacheRequestsMax: 50, cacheBalancesMax: 50 })

function throughCache(frozen: Changes, settled: Changes): void {
  cache.apply(frozen)
  cache.apply(settled)
  cache.trim()
}
