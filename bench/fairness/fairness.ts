/**
 * Measures what quiet users experience beside one noise.
 *
 * The quiet users and the noise differ in their source address, because that is how the service tells callers apart that have no key. Every
 * address of 127.0.0.0/8 is local on Linux; elsewhere 127.0.0.2 has to be configured first.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { AMOUNT_MAX } from '../../src/domain/amount.ts'
import { HttpConnection } from '../http-load.ts'
import { CommitTimes } from './commit-times.ts'
import { probeHealth, type Probed } from './health-probe.ts'
import { NoiseCrew } from './noise-crew.ts'
import type { Noise } from './noises.ts'
import { QuietUsers } from './quiet-users.ts'

export interface FairnessOptions {
  readonly port: number
  readonly quietUsersCount: number
  readonly seconds: number
  /** For the quiet users without the noise, and again with it: code of the service is compiled while it runs for the first seconds. */
  readonly warmUpSeconds: number
}

export interface FairnessResult {
  readonly quiet: {
    readonly count: number
    /** By status, `unanswered` or `connection`. */
    readonly failures: Readonly<Record<string, number>>
    readonly failedShare: number
    /** Of those with status 201; null without any. */
    readonly p50Ms: number | null
    readonly p99Ms: number | null
    readonly maxMs: number | null
  }
  /** Freezes per second. */
  readonly noisy: {
    readonly servedPerSecond: number
    readonly refusedPerSecond: number
    readonly failedPerSecond: number
  }
  readonly health: Probed
  /** The mean of the service's commits meanwhile. */
  readonly commitMs: number
  /** The longest delay of a timer in the measuring process: latencies are exact only to so much. */
  readonly measuringLateMs: number
}

const NOISY_ADDRESS = '127.0.0.2'
const NOISY_ACCOUNT = 'user:noisy'
const QUIET_FUNDS = '1000000'
const DELAY_RESOLUTION_MS = 10

/** The accounts of the quiet users and of the noise, with coins. To be called once per ledger. */
export async function fundAccounts({ port, quietUsersCount }: FairnessOptions): Promise<void> {
  const connection = await HttpConnection.open(port)
  const deposits = quietAccounts(quietUsersCount).map((account) => ({ kind: 'deposit', account, amount: QUIET_FUNDS }))
  const noisy = { kind: 'deposit', account: NOISY_ACCOUNT, amount: String(AMOUNT_MAX) }
  const commands = [...deposits, noisy]
  const { status, body } = await connection.post('/v1/batches', JSON.stringify({ commands }))
  connection.close()
  const applied = body.split('"status":"applied"').length - 1
  if (status !== 200 || applied !== commands.length)
    throw new Error(`The deposits failed with status ${status}: ${body}`)
}

export async function measureFairness(noise: Noise, options: FairnessOptions): Promise<FairnessResult> {
  const { port, quietUsersCount, seconds, warmUpSeconds } = options
  using users = await QuietUsers.gather(port, quietAccounts(quietUsersCount), noise.connecting)
  await users.run(warmUpSeconds)
  await using crew = await NoiseCrew.assemble(siteAt(port), noise)
  crew.begin()
  // The quiet users are there all the time: without them the noise would be alone, and have everything.
  await users.run(warmUpSeconds)
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  const commits = await CommitTimes.since(port)
  crew.count()
  const counted = sleep(seconds * 1_000).then(() => crew.report())
  const [quiet, health, tally] = await Promise.all([users.run(seconds), probeHealth(port, seconds), counted])
  delay.disable()
  const { served, failures, count, failedCount } = quiet
  return {
    quiet: {
      count,
      failures: Object.fromEntries(failures),
      failedShare: failedCount / count,
      p50Ms: served.quantile(0.5),
      p99Ms: served.quantile(0.99),
      maxMs: served.quantile(1),
    },
    noisy: {
      servedPerSecond: tally.served / seconds,
      refusedPerSecond: tally.refused / seconds,
      failedPerSecond: tally.failed / seconds,
    },
    health,
    commitMs: await commits.meanMs(),
    measuringLateMs: Math.max(0, delay.max / 1e6 - DELAY_RESOLUTION_MS),
  }
}

/** The round with the median p99, and what failed in any of them. A p99 is that of the ten slowest of a thousand, and varies. */
export function medianOf(rounds: readonly FairnessResult[]): FairnessResult {
  const p99Of = ({ quiet }: FairnessResult): number => quiet.p99Ms ?? Infinity
  const median = rounds.toSorted((a, b) => p99Of(a) - p99Of(b))[Math.floor(rounds.length / 2)]!
  const failures: Record<string, number> = {}
  for (const { quiet } of rounds)
    for (const [why, count] of Object.entries(quiet.failures)) failures[why] = (failures[why] ?? 0) + count
  const count = rounds.reduce((sum, { quiet }) => sum + quiet.count, 0)
  const failedCount = Object.values(failures).reduce((sum, each) => sum + each, 0)
  const health = {
    count: rounds.reduce((sum, round) => sum + round.health.count, 0),
    failedCount: rounds.reduce((sum, round) => sum + round.health.failedCount, 0),
    longestMs: Math.max(...rounds.map((round) => round.health.longestMs)),
  }
  return { ...median, health, quiet: { ...median.quiet, count, failures, failedShare: failedCount / count } }
}

/** The freezes per second of a noise that has the service to itself. */
export async function measureAlone(noise: Noise, { port, seconds, warmUpSeconds }: FairnessOptions): Promise<number> {
  await using crew = await NoiseCrew.assemble(siteAt(port), noise)
  crew.begin()
  await sleep(warmUpSeconds * 1_000)
  crew.count()
  await sleep(seconds * 1_000)
  return (await crew.report()).served / seconds
}

function siteAt(port: number) {
  return { port, localAddress: NOISY_ADDRESS, account: NOISY_ACCOUNT }
}

function quietAccounts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `user:quiet-${index + 1}`)
}
