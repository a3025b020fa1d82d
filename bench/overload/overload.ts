/**
 * Measures the service under overload: first its capacity in a closed loop, then a multiple of that as arrival rate.
 *
 * Every request is the same batch of freezes, so the account shows afterwards how many were served.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AMOUNT_MAX } from '../../src/domain/amount.ts'
import type { ServiceProcess } from '../../harness/service-process.ts'
import { Crowd, Heard, type Request, type AnswerTally } from './crowd.ts'
import { residentOf, type Resident } from './resident.ts'

export interface OverloadOptions {
  readonly seconds: number
  /** Multiple of the served rate. */
  readonly factor: number
  readonly connections: number
  /** Freezes per request. 1: single requests. */
  readonly commands: number
}

export interface OverloadResult {
  readonly commands: number
  readonly offeredPerSecond: number
  /** The closed loop before the overload. */
  readonly normal: { readonly perSecond: number; readonly p50Ms: number | null; readonly p99Ms: number | null }
  readonly overSeconds: number
  readonly served: Share
  readonly refused: Share
  readonly withoutRetryAfter: number
  /** Other answers by status. */
  readonly others: Readonly<Record<string, number>>
  /** Null where the system does not report it. */
  readonly memoryMb: { readonly before: number; readonly peak: number; readonly after: number } | null
  /** From the last due call of the overload until latencies were normal. */
  readonly normalAgainMs: number
  /** Acknowledged freezes, and those on the account. */
  readonly acknowledged: number
  readonly found: number
}

export interface Share {
  readonly perSecond: number
  readonly count: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
}

const ACCOUNT = 'user:8'
const AMOUNT = 616n
const FUNDS = AMOUNT_MAX
const CALLERS_IN_TURN = 64
const WARM_UP_SECONDS = 1
/** This many in a row count as normal. */
const PROBES = 10
const PROBE_EVERY_MS = 20
/** A call is slow if it exceeds both this and the longest latency before the overload. */
const USUAL_MS_MIN = 50
const NORMAL_AGAIN_MS_MAX = 30_000
const REST_MS = 1_000

export async function measureOverload(service: ServiceProcess, options: OverloadOptions): Promise<OverloadResult> {
  const { seconds, factor, connections, commands } = options
  const port = Number(new URL(service.url).port)
  const request = requestOf(commands)
  await deposit(service.url)

  using inTurn = await Crowd.gather(port, CALLERS_IN_TURN, request)
  const warming = await inTurn.closedLoop(WARM_UP_SECONDS)
  const normal = await inTurn.closedLoop(seconds)
  const rate = normal.served.count / seconds
  const before = residentOf(service.pid)

  using crowd = await Crowd.gather(port, connections, request)
  const startedAt = performance.now()
  const offeredPerSecond = rate * factor
  const over = await crowd.openLoop(offeredPerSecond, seconds)
  const overSeconds = (performance.now() - startedAt) / 1_000
  const after = await normalAgain(port, request, normal.served)
  await sleep(REST_MS)

  const acknowledged = [warming, normal, over, after.heard].reduce((sum, heard) => sum + heard.acknowledged, 0)
  return {
    commands,
    offeredPerSecond,
    normal: {
      perSecond: rate,
      p50Ms: normal.served.quantile(0.5),
      p99Ms: normal.served.quantile(0.99),
    },
    overSeconds,
    served: shareOf(over.served, overSeconds),
    refused: shareOf(over.refused, overSeconds),
    withoutRetryAfter: over.withoutRetryAfter,
    others: Object.fromEntries(over.others),
    memoryMb: memoryOf(before, residentOf(service.pid)),
    normalAgainMs: Math.max(0, overSeconds - seconds) * 1_000 + after.ms,
    acknowledged,
    found: await foundIn(service.url),
  }
}

function requestOf(commands: number): Request {
  const freeze = { account: ACCOUNT, amount: String(AMOUNT) }
  if (commands === 1) return { path: '/v1/holds', body: JSON.stringify(freeze) }
  const list = Array.from({ length: commands }, () => ({ kind: 'freeze', ...freeze }))
  return { path: '/v1/batches', body: JSON.stringify({ commands: list }) }
}

async function deposit(url: string): Promise<void> {
  const response = await fetch(`${url}/v1/deposits`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account: ACCOUNT, amount: String(FUNDS) }),
  })
  if (response.status !== 201)
    throw new Error(`The deposit failed with status ${response.status}: ${await response.text()}`)
}

async function foundIn(url: string): Promise<number> {
  const response = await fetch(`${url}/v1/accounts/${ACCOUNT}`)
  const { balances } = (await response.json()) as { balances: readonly { held: string }[] }
  return Number(BigInt(balances[0]!.held) / AMOUNT)
}

/** Makes calls one by one until ten in a row are normal. */
async function normalAgain(port: number, request: Request, usual: AnswerTally): Promise<{ heard: Heard; ms: number }> {
  using probe = await Crowd.gather(port, 1, request)
  const bound = Math.max(USUAL_MS_MIN, usual.quantile(1) ?? 0)
  const startedAt = performance.now()
  const heard = new Heard()
  let since = startedAt
  for (let inARow = 0; inARow < PROBES;) {
    const before = heard.served.count
    const askedAt = performance.now()
    if (askedAt - startedAt > NORMAL_AGAIN_MS_MAX) return { heard, ms: askedAt - startedAt }
    await probe.once(heard)
    const isUsual = heard.served.count > before && performance.now() - askedAt <= bound
    if (isUsual) inARow++
    else {
      inARow = 0
      since = performance.now()
    }
    await sleep(PROBE_EVERY_MS)
  }
  return { heard, ms: since - startedAt }
}

function shareOf(tally: AnswerTally, seconds: number): Share {
  return {
    perSecond: tally.count / seconds,
    count: tally.count,
    p50Ms: tally.quantile(0.5),
    p99Ms: tally.quantile(0.99),
    maxMs: tally.quantile(1),
  }
}

function memoryOf(before: Resident | null, after: Resident | null): OverloadResult['memoryMb'] {
  if (before === null || after === null) return null
  return { before: before.nowMb, peak: after.peakMb, after: after.nowMb }
}
