/**
 * One run against a real database: processes that share it, callers that send requests about the same few names, and faults; then a quiet
 * time and the audit.
 *
 * The audit uses the rows that the database has at the end and the answers that callers received. It checks:
 *
 * - Every row was asked for by a caller, or had to be written by a sweeper, and is exactly the row that the reference ledger produces.
 *   There are no other rows (laws 1 to 5). `holdfast verify` finds nothing either.
 * - Every acknowledged command has its rows and got the first answer. At most one answer is new, and a repeat after the end gets the same
 *   answer (laws 4 and 6). A command whose outcome is unknown is repeated until it is known. Nothing is stuck.
 * - A command that was answered as without effect had none. A group is applied as a whole or not at all (law 7).
 * - There is one order of all effects that agrees with the versions in the rows and with every answer that came before a question. Every
 *   rejection and every read was true at one instant between its question and its answer (linearizability, see answers.ts).
 * - Every fault has a plausible code: none is `store_refused` or `internal`. Every call is answered, and due holds are swept (law 8).
 *
 * The audit cannot check the cause of a fault, because nothing records the troubles of a process. It cannot check the order of units that
 * share no row, unless a caller observed it. It cannot judge an answer that took so long that too many units may have come before it; it
 * counts these. It does not prove that one order suits all rejections at once, if each has an instant and none determines another's.
 *
 * A run cannot be replayed exactly: the seed gives the same requests and faults at the same times, but the timing of the processes differs.
 * So the whole history is kept.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { migrateLedger } from '../../src/ledger.ts'
import { openStorage } from '../../src/stores/open.ts'
import { auditByVerify, auditRows } from '../simulation/auditor.ts'
import { Chance } from '../simulation/chance.ts'
import type { Intent } from '../simulation/client.ts'
import { Findings, type Violation } from '../simulation/findings.ts'
import type { Ask } from '../simulation/history.ts'
import { compareTables } from '../simulation/journal-audit.ts'
import { countAnswers, countApplied, type AnswerCode, type EffectKind } from '../simulation/simulation.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { auditLiveAnswers } from './answers.ts'
import { pursue, type Manner, type Send } from './caller.ts'
import { askCommandLine } from './command-line.ts'
import type { LiveFaultKind } from './faults.ts'
import type { Ground } from './ground.ts'
import { openGround } from './grounds.ts'
import { LiveHistory } from './history.ts'
import { LiveJournal } from './journal.ts'
import { isForEngines, liveLimits, makePlan, type LivePlan } from './plan.ts'
import { auditLivePromises, auditSweeping, SWEPT_MS_MAX } from './promises.ts'
import { repeatAll } from './repeats.ts'
import { readTables } from './table-rows.ts'
import { Troublemaker } from './troublemaker.ts'
import { unitsOf } from './units.ts'
import { WorkerProcess } from './worker-process.ts'

export interface LiveOptions {
  /**
   * URLs of servers that have the same rows, assigned to the workers in turn; `sqlite:` for a file. A scratch database is created there.
   */
  readonly stores: readonly string[]
  readonly seed: number
  /** The number of processes with an engine, at least 3. One more process is the service, and command lines run now and then. */
  readonly engines: number
  /** How long requests and faults arrive. */
  readonly loadMs: number
}

export interface LiveReport {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly calls: number
  /** The number of postings in the journal. */
  readonly postings: number
  readonly loadMs: number
  readonly hits: ReadonlyMap<LiveFaultKind, number>
  /** Faults that could not be carried out, with the reason. */
  readonly missed: readonly string[]
  readonly answers: ReadonlyMap<AnswerCode, number>
  readonly applied: ReadonlyMap<EffectKind, number>
  /** The number of checks by law, as in a simulation. */
  readonly checks: ReadonlyMap<number, number>
  readonly unjudgedCount: number
  /** The scratch database. It is dropped when there is no violation. */
  readonly database: string
  readonly plan: LivePlan
  readonly history: LiveHistory
}

/** The average pause between the attempts of one caller; shorter when other callers wait for it. */
const PAUSE_MS = 300
const TURN_PAUSE_MS = 20
/** More open calls would only wait for each other. */
const CALLS_OPEN_MAX = 300
/** The limit for an answer at the quiet end: longer than every deadline. */
const ANSWER_MS_MAX = 75_000
const POLL_MS = 50
/** The number of house stripes reserved for the lives of one worker. */
const STRIPES_PER_WORKER = 40

export async function runLive(options: LiveOptions): Promise<LiveReport> {
  const ground = await openGround(options.stores)
  let isKept = true
  try {
    await migrateLedger(ground.urls[0]!)
    await using run = await LiveRun.start(options, ground)
    const report = await run.play()
    isKept = report.violations.length > 0
    return report
  } finally {
    await (isKept ? ground.close() : ground.drop())
  }
}

class LiveRun implements AsyncDisposable {
  readonly #options: LiveOptions
  readonly #ground: Ground
  readonly #workers: readonly WorkerProcess[]
  readonly #proxies: readonly FaultProxy[]
  readonly #history = new LiveHistory()
  readonly #findings = new Findings()

  static async start(options: LiveOptions, ground: Ground): Promise<LiveRun> {
    const { protocol, addresses, urls } = ground
    const places = Array.from({ length: options.engines + 1 }, (_, place) => place)
    const proxies: FaultProxy[] = []
    if (protocol !== null) {
      for (const place of places) proxies.push(await FaultProxy.open(protocol, addresses[place % addresses.length]!))
    }
    const limits = liveLimits(options.seed)
    const workers = places.map((place) => {
      const store = throughProxy(urls[place % urls.length]!, proxies[place])
      const kind = place === options.engines ? 'service' : 'engine'
      return new WorkerProcess((life) => ({ kind, store, limits, stripe: place * STRIPES_PER_WORKER + life }))
    })
    const run = new LiveRun(options, ground, { workers, proxies })
    try {
      const reasons = await Promise.all(workers.map((worker) => worker.start()))
      const reason = reasons.find((each) => each !== null)
      if (reason !== undefined) throw new Error(`A worker does not come up: ${reason}`)
      return run
    } catch (error) {
      await run[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(
    options: LiveOptions,
    ground: Ground,
    parts: { readonly workers: readonly WorkerProcess[]; readonly proxies: readonly FaultProxy[] },
  ) {
    this.#options = options
    this.#ground = ground
    this.#workers = parts.workers
    this.#proxies = parts.proxies
  }

  async play(): Promise<LiveReport> {
    const { seed, engines, loadMs } = this.#options
    const { urls, protocol, name } = this.#ground
    const servers = urls.length
    const wanted = { seed, engines, untilMs: loadMs, servers, isNetworked: protocol !== null, startsAt: Date.now() }
    const plan = makePlan(wanted)
    const chance = new Chance(`live run ${seed}`)
    const trouble = new Troublemaker(
      { workers: this.#workers, proxies: this.#proxies, ground: this.#ground },
      chance.stream('trouble'),
    )
    await this.#load(plan, trouble, chance)
    await trouble.calm()
    await this.#answered()
    const places = [...this.#workers.keys()]
    const placesFor = (ask: Ask): readonly number[] => (isForEngines(ask) ? places.slice(0, -1) : places)
    const quiet = { send: this.#send(true), placesFor, chance: chance.stream('quiet'), findings: this.#findings }
    await repeatAll(this.#history.calls, quiet)
    await this.#answered()
    await this.#swept(plan)
    const endsAt = Date.now()
    await Promise.all(this.#workers.map((worker) => worker.stop()))
    const { postings, unjudgedCount } = await this.#audit(plan, endsAt)
    const { calls } = this.#history
    return {
      seed,
      violations: this.#findings.violations,
      calls: calls.length,
      postings,
      loadMs,
      hits: trouble.hits,
      missed: trouble.failed,
      answers: countAnswers(calls),
      applied: countApplied(calls),
      checks: this.#findings.checks,
      unjudgedCount,
      database: name,
      plan,
      history: this.#history,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()))
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]()
  }

  async #load({ intents, isInTurns, faults, untilMs }: LivePlan, trouble: Troublemaker, chance: Chance): Promise<void> {
    const timers = faults.map((fault) => setTimeout(() => trouble.strike(fault), fault.at))
    const send = this.#send(false)
    const startedAt = performance.now()
    // A request without a certain answer by then is repeated in the quiet end.
    const isOver = (): boolean => performance.now() - startedAt > untilMs
    const pauseMs = isInTurns ? TURN_PAUSE_MS : PAUSE_MS
    const mannerOf = ({ number }: Intent): Manner => ({ chance: chance.stream(`caller ${number}`), pauseMs, isOver })
    const pursued: Promise<void>[] = []
    for (const intent of intents) {
      if (isInTurns) {
        if (isOver()) break
        await pursue(send, intent, mannerOf(intent))
        continue
      }
      const leftMs = startedAt + intent.at - performance.now()
      if (leftMs > 1) await sleep(leftMs)
      while (this.#history.openCount > CALLS_OPEN_MAX) await sleep(POLL_MS)
      // A slow machine sends fewer requests.
      if (performance.now() - startedAt > 2 * untilMs) break
      pursued.push(pursue(send, intent, mannerOf(intent)))
    }
    await Promise.all(pursued)
    for (const timer of timers) clearTimeout(timer)
  }

  #send(isProbe: boolean): Send {
    return (place, ask, patience) => {
      const worker = this.#workers[place]
      // A command line has the default patience.
      const timeoutMs = worker === undefined ? null : patience.timeoutMs
      const call = { engine: place, life: worker?.life ?? 0, ask, timeoutMs }
      const make = () => worker?.ask(ask, patience) ?? askCommandLine(this.#ground.urls[0]!, ask)
      return this.#history.keep(call, { isProbe, make })
    }
  }

  /** Waits, when there are no faults any more, until every call is answered or lost with its process. */
  async #answered(): Promise<void> {
    const deadlineAt = performance.now() + ANSWER_MS_MAX
    while (this.#history.openCount > 0 && performance.now() < deadlineAt) await sleep(POLL_MS)
    const { openCount } = this.#history
    this.#findings.check(8, openCount === 0, () => `${openCount} calls were never answered`)
  }

  /** Waits until no hold is due, or until the time for that has passed. */
  async #swept({ limits: { expiryIntervalMs, expiryAsideMs } }: LivePlan): Promise<void> {
    const deadlineAt = Date.now() + 3 * expiryIntervalMs + expiryAsideMs + 2 * SWEPT_MS_MAX
    for (;;) {
      const now = Date.now()
      const [row] = await this.#ground.query(
        `SELECT count(*) AS due FROM holds WHERE state = 'open' AND expires_at <= ${now}`,
      )
      if (Number(row!['due']) === 0 || now > deadlineAt) return
      await sleep(POLL_MS)
    }
  }

  async #audit({ limits }: LivePlan, endsAt: number): Promise<{ postings: number; unjudgedCount: number }> {
    const findings = this.#findings
    const { calls } = this.#history
    await using storage = await openStorage(this.#ground.urls[0]!)
    await auditByVerify(storage, findings)
    const tables = await readTables(this.#ground)
    const postings = tables.postings.size
    auditRows(tables, findings)
    const units = unitsOf(tables, calls)
    if (!findings.check(3, units !== null, () => 'the versions of the rows contradict each other')) {
      return { postings, unjudgedCount: 0 }
    }
    const journal = new LiveJournal(calls, { tables, limits, findings })
    if (!journal.read(units!)) return { postings, unjudgedCount: 0 }
    compareTables(tables, journal, findings)
    auditSweeping(journal, { limits, findings, endsAt })
    auditLivePromises(calls, journal, { limits, findings })
    return { postings, ...auditLiveAnswers(calls, journal, { limits, findings }) }
  }
}

function throughProxy(url: string, proxy: FaultProxy | undefined): string {
  if (proxy === undefined) return url
  return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(proxy.port) }).href
}
