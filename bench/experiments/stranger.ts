/**
 * What lower lock timeouts and a circuit breaker do when locks do time out: a stranger, a program outside of the ledger, holds the row of
 * one user, while that user and fifty others freeze.
 *
 * Every variant has its own tables and connections. The calls are an open loop, far below what the database can do, so that the variants
 * can run at the same time: only the stranger delays them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleWhen } from 'cockatiel'
import { connectTo } from '../../harness/server-client.ts'
import { LedgerError } from '../../src/api/error.ts'
import { DatabaseFailure } from '../databases/database.ts'
import type { ScratchServer } from '../databases/scratch.ts'
import { pickerOf } from '../load/users.ts'
import { seededRandom } from '../load/random.ts'
import { requestIds } from '../load/request-ids.ts'
import { STRATEGIES } from '../strategies/catalogue.ts'
import { CallFailure, type FreezeRequest, type Lives, type Site, type Strategy } from '../strategies/strategy.ts'

export interface Variant {
  readonly strategy: 'update-first' | 'holdfast'
  /** Null for Holdfast, which has its own. */
  readonly lockTimeoutMs: number | null
  /** The write-up's: `@circuit(failure_threshold=5, recovery_timeout=30)` around the freeze. */
  readonly breaker: boolean
}

/** InnoDB's default, the write-up's proposal, and the shortest that InnoDB knows. */
const LOCK_TIMEOUTS_MS = [50_000, 10_000, 1_000] as const

const VARIANTS: readonly Variant[] = [
  ...LOCK_TIMEOUTS_MS.flatMap((lockTimeoutMs) =>
    [false, true].map((breaker) => ({ strategy: 'update-first', lockTimeoutMs, breaker }) as const),
  ),
  { strategy: 'holdfast', lockTimeoutMs: null, breaker: false },
]

export interface Times {
  readonly beforeMs: number
  /** How long the stranger holds the row. */
  readonly heldMs: number
  readonly afterMs: number
}

/** Longer than the longest lock timeout; the breaker's 30 s after the last failure end within the time after the stranger. */
const TIMES: Times = { beforeMs: 3_000, heldMs: 60_000, afterMs: 40_000 }

/** What callers of one kind experienced. */
export interface Experience {
  readonly calls: number
  readonly failed: number
  /** The failures by code. */
  readonly errors: Readonly<Record<string, number>>
  /** Of the answered calls, counted from when they were due. */
  readonly longestMs: number
  /** Of the calls that were due while the row was held: the share that was served within `SERVED_MS_MAX`. */
  readonly servedShare: number
}

export interface StrangerFigure extends Variant {
  /** The user whose row is held, and all others. */
  readonly hot: Experience
  readonly others: Experience
  /** After the stranger had left: until every call was served again within `SERVED_MS_MAX`. */
  readonly recoveryMs: number
  readonly consistent: boolean
}

const SERVED_MS_MAX = 1_000

const HOT_PER_SECOND = 5
const OTHERS_PER_SECOND = 15
const OTHERS_COUNT = 50
const CONNECTIONS = 15
const FUNDS = 1_000_000_000
const AMOUNT = 616
const BREAKER_FAILURES = 5
const BREAKER_OPEN_MS = 30_000
/** Longer than any wait that is left at the end. */
const DRAIN_MS_MAX = 30_000

/** All variants at the same time. @throws StoreTrouble for a store without row locks */
export async function holdRow(server: ScratchServer, times: Times = TIMES): Promise<readonly StrangerFigure[]> {
  return await Promise.all(VARIANTS.map((variant) => runVariant(server, variant, times)))
}

async function runVariant(server: ScratchServer, variant: Variant, times: Times): Promise<StrangerFigure> {
  const strategy: Strategy = STRATEGIES[variant.strategy]
  const database = await server.create()
  try {
    const site = siteOf(server, database.url, variant)
    await strategy.prepare(site)
    const calls = await callAll(strategy, site, { variant, times })
    const freezes = calls.filter(({ error }) => error === null).length
    const unknown = calls.filter(({ isUnknown }) => isUnknown).length
    const findings = await strategy.audit(site, { freezes, settles: 0, releases: 0, transfers: 0, unknown })
    return { ...variant, ...figuresOf(calls, times), consistent: findings.length === 0 }
  } finally {
    await database.drop()
  }
}

function siteOf({ dialect }: ScratchServer, url: string, { lockTimeoutMs }: Variant): Site {
  return {
    url,
    dialect,
    users: Array.from({ length: 1 + OTHERS_COUNT }, (_, index) => index + 1),
    funds: FUNDS,
    connectionsMax: CONNECTIONS,
    inFlight: CONNECTIONS,
    lockTimeoutMs: lockTimeoutMs ?? LOCK_TIMEOUTS_MS[0],
    statementPauseMs: 0,
    processCount: 1,
    processIndex: 0,
  }
}

interface Called {
  readonly isHot: boolean
  /** Milliseconds since the beginning. */
  readonly dueAt: number
  /** Null when it was not answered until the end. */
  readonly ms: number | null
  readonly error: string | null
  readonly isUnknown: boolean
}

type Freeze = (request: FreezeRequest) => Promise<unknown>

async function callAll(
  strategy: Strategy,
  site: Site,
  { variant, times }: { variant: Variant; times: Times },
): Promise<readonly Called[]> {
  await using player = await strategy.open(site)
  const freeze = variant.breaker ? guarded(player.lives!) : (request: FreezeRequest) => player.lives!.freeze(request)
  const [hotUser, ...others] = site.users
  const pickOther = pickerOf(others, 'uniform', seededRandom(1))
  const nextId = requestIds('v4', 0)
  const startedAt = performance.now()
  const totalMs = times.beforeMs + times.heldMs + times.afterMs
  const sent: Promise<Called>[] = []
  const send = async (isHot: boolean, perSecond: number): Promise<void> => {
    for (let number = 0; (number * 1_000) / perSecond < totalMs; number++) {
      const dueAt = (number * 1_000) / perSecond
      await sleep(Math.max(0, startedAt + dueAt - performance.now()))
      const request = { requestId: nextId(), user: isHot ? hotUser! : pickOther(), amount: AMOUNT }
      sent.push(call(freeze, request, { isHot, dueAt, startedAt, endsAt: startedAt + totalMs + DRAIN_MS_MAX }))
    }
  }
  const stranger = sleep(times.beforeMs).then(() => hold(site.url, variant, times.heldMs))
  await Promise.all([send(true, HOT_PER_SECOND), send(false, OTHERS_PER_SECOND), stranger])
  return await Promise.all(sent)
}

/** As the decorator does it: what the freeze throws counts, after its own retries; refusals of the rules do not. */
function guarded(lives: Lives): Freeze {
  const policy = circuitBreaker(
    handleWhen((error) => !(error instanceof CallFailure)),
    { halfOpenAfter: BREAKER_OPEN_MS, breaker: new ConsecutiveBreaker(BREAKER_FAILURES) },
  )
  return (request) => policy.execute(() => lives.freeze(request))
}

interface Due {
  readonly isHot: boolean
  readonly dueAt: number
  readonly startedAt: number
  readonly endsAt: number
}

async function call(freeze: Freeze, request: FreezeRequest, due: Due): Promise<Called> {
  const { isHot, dueAt, startedAt, endsAt } = due
  const given = new AbortController()
  const end = sleep(endsAt - performance.now(), 'unanswered' as const, { signal: given.signal }).catch(() => null)
  const answer = freeze(request).then(
    () => null,
    (error: unknown) => failureOf(error),
  )
  const failure = await Promise.race([answer, end.then(() => ({ code: 'unanswered', isUnknown: true }))])
  given.abort()
  const isAnswered = failure?.code !== 'unanswered'
  return {
    isHot,
    dueAt,
    ms: isAnswered ? performance.now() - startedAt - dueAt : null,
    error: failure?.code ?? null,
    isUnknown: failure?.isUnknown ?? false,
  }
}

/** @throws what no strategy may throw */
function failureOf(error: unknown): { readonly code: string; readonly isUnknown: boolean } {
  if (error instanceof BrokenCircuitError) return { code: 'breaker_open', isUnknown: false }
  if (error instanceof DatabaseFailure) return { code: error.code, isUnknown: error.code === 'database' }
  if (error instanceof LedgerError) return { code: error.code, isUnknown: error.applied === 'unknown' }
  throw error
}

/** Locks the row of the hot user in a transaction that then does something else. */
async function hold(url: string, { strategy }: Variant, heldMs: number): Promise<void> {
  const row = strategy === 'holdfast' ? `balances WHERE account = 'user:1'` : 'users WHERE id = 1'
  const stranger = await connectTo(url)
  try {
    await stranger.query('BEGIN')
    await stranger.query(`SELECT * FROM ${row} FOR UPDATE`)
    await sleep(heldMs)
    await stranger.query('ROLLBACK')
  } finally {
    await stranger.end()
  }
}

function figuresOf(
  calls: readonly Called[],
  { beforeMs, heldMs }: Times,
): Omit<StrangerFigure, keyof Variant | 'consistent'> {
  const leftAt = beforeMs + heldMs
  const late = calls.filter(({ dueAt, ms, error }) => dueAt >= leftAt && !isServed({ ms, error }))
  const held = calls.filter(({ dueAt }) => dueAt >= beforeMs && dueAt < leftAt)
  const of = (isHot: boolean): Experience => {
    const all = calls.filter((one) => one.isHot === isHot)
    const during = held.filter((one) => one.isHot === isHot)
    const failed = all.filter(({ error }) => error !== null)
    return {
      calls: all.length,
      failed: failed.length,
      errors: Object.fromEntries(
        [...Map.groupBy(failed, ({ error }) => error!)].map(([code, one]) => [code, one.length]),
      ),
      longestMs: Math.round(Math.max(...all.map(({ ms }) => ms ?? 0))),
      servedShare: during.filter(isServed).length / during.length,
    }
  }
  return {
    hot: of(true),
    others: of(false),
    recoveryMs: Math.round(Math.max(0, ...late.map(({ dueAt }) => dueAt - leftAt))),
  }
}

function isServed({ ms, error }: Pick<Called, 'ms' | 'error'>): boolean {
  return error === null && ms !== null && ms <= SERVED_MS_MAX
}
