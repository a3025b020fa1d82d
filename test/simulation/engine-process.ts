/** The Holdfast processes of one machine, one after another: an engine starts, crashes or is stopped, and starts again. */
import type { ReleaseCommand } from '../../src/domain/command.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { Engine, type SubmitOptions } from '../../src/engine/engine.ts'
import { Sweeper, SWEEPER } from '../../src/engine/sweeper.ts'
import { Fault } from '../../src/engine/faults.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { DueQuery } from '../../src/engine/reader.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { Connection, type Mishaps } from './connection.ts'
import type { Database } from './database.ts'
import { isQuestion, type Ask, type Call, type Result, type Troubles } from './history.ts'
import { Life } from './life.ts'
import { LocalClock } from './local-clock.ts'
import { spell } from '../reference/spelling.ts'
import type { World } from './world.ts'

export interface EngineHabits {
  readonly limits: EngineLimits
  /** The initial difference of the machine's clock from the world's time. */
  readonly clockOffMs: number
  readonly isOrdered: boolean
  /** The stripe of the house accounts. */
  readonly stripe: number
}

export interface AskOptions {
  readonly caller?: string
  readonly timeoutMs: number | null
  /** When the caller aborts by its `AbortSignal`. */
  readonly abortAfterMs: number | null
  readonly isProbe: boolean
}

const SWEEPING: AskOptions = { caller: SWEEPER, timeoutMs: null, abortAfterMs: null, isProbe: false }

/** So many callers ask in turn, unless somebody else is named. */
const CALLERS = 3

/** The longest time that an engine's query of the database's clock can take: a slow call to a slow database. */
const LOOK_MS_MAX = 5_000

interface Running {
  readonly life: Life
  readonly engine: Engine
  readonly sweeper: Sweeper
  readonly connection: Connection
}

export class EngineProcess {
  readonly index: number
  readonly habits: EngineHabits
  readonly clock: LocalClock
  readonly mishaps: Mishaps
  /** How far the clock is ahead until it is corrected. */
  aheadMs = 0
  /** Every call that reached a process of this machine. */
  readonly calls: Call[] = []
  /** By life, in order. */
  readonly troubles: Troubles[] = []
  /** The duration of each stop. */
  readonly stopsMs: number[] = []
  readonly #world: World
  readonly #database: Database
  #running: Running | null = null

  constructor(
    world: World,
    database: Database,
    setup: { index: number; habits: EngineHabits; onHit: Mishaps['onHit'] },
  ) {
    this.#world = world
    this.#database = database
    this.index = setup.index
    this.habits = setup.habits
    this.clock = new LocalClock(world, setup.habits.clockOffMs)
    const none = { read: [], write: [], partitionedUntil: 0, partitions: 0, behind: null, demotions: 0 }
    this.mishaps = { ...none, onHit: setup.onHit }
    this.start()
  }

  /** Null while no process is running. */
  get engine(): Engine | null {
    return this.#running?.engine ?? null
  }

  /** The current life; null while no process is running. */
  get life(): Life | null {
    return this.#running?.life ?? null
  }

  start(): void {
    if (this.#running !== null) return
    const { isOrdered, limits, stripe } = this.habits
    const sender = { engine: this.index, life: this.troubles.length + 1, stripe }
    const chance = this.#world.chance.stream(`engine ${sender.engine} ${sender.life}`)
    const life = new Life(this.#world, sender, this.clock, chance)
    const { mishaps } = this
    const connection = new Connection(this.#world, this.#database, life, { mishaps, isOrdered })
    const engine = new Engine(connection, { limits, clock: life.clock, houseStripe: stripe })
    const reader = {
      due: (query: DueQuery) => connection.ask((storage) => storage.reader.due(query)),
    }
    const submit = (release: ReleaseCommand): Promise<Outcome> => this.#sweep(life, release)
    const now = (): Promise<number> => engine.now()
    const sweeper = new Sweeper({ reader, submit, now, clock: life.backgroundClock, limits })
    this.troubles.push(life.troubles)
    this.#running = { life, engine, sweeper, connection }
    sweeper.start()
    this.#world.note(() => `engine ${sender.engine}.${sender.life} starts`)
  }

  /** Ends the process at once. */
  kill(): void {
    if (this.#running === null) return
    const { life } = this.#running
    this.#world.note(() => `engine ${life.engine}.${life.life} is killed`)
    life.dead = true
    life.troubles.killed = true
    this.#running = null
  }

  /** Leaves its connections with a server that is no longer the primary. */
  demote(ms: number): void {
    if (this.mishaps.behind !== null) return
    const storage = openMemoryStorage(this.#database.tables.copy())
    const behind = { storage, tick: this.#world.tick() }
    this.mishaps.behind = behind
    this.#world.after(ms, () => {
      if (this.mishaps.behind === behind) this.mishaps.behind = null
    })
  }

  /** Asks the process to stop. Resolves when it has ended. */
  async stop(): Promise<void> {
    const running = this.#running
    if (running === null || running.life.troubles.stoppedTick !== null) return
    running.life.troubles.stoppedTick = this.#world.tick()
    this.#world.note(() => `engine ${running.life.engine}.${running.life.life} is asked to stop`)
    for (const part of [running.sweeper, running.engine]) {
      const since = this.#world.now
      await part.stop()
      this.stopsMs.push(this.#world.now - since)
    }
    // Callers that the stop answers receive their answers before the process ends.
    await this.#world.sleep(0)
    if (this.#running !== running) return
    this.kill()
    running.life.troubles.killed = false
  }

  /** A command of the sweeper. Its result is reported to no caller. */
  async #sweep(life: Life, release: ReleaseCommand): Promise<Outcome> {
    const asked = this.#running?.life === life ? this.ask(release, SWEEPING) : null
    const result = await (asked ?? new Promise<never>(() => {}))
    if (result.kind === 'outcome') return result.outcomes[0]!
    if (result.kind === 'fault') throw new Fault(result.code, 'The sweeper met a fault.', { applied: result.applied })
    throw new Error(spell(result))
  }

  /** Null when no process is there to answer. The promise stays pending when the process ends before it has answered. */
  ask(ask: Ask, { caller, timeoutMs, abortAfterMs, isProbe }: AskOptions): Promise<Result> | null {
    if (this.#running === null) return null
    const { life, engine } = this.#running
    if (!life.crosses()) return null
    const call: Call = {
      engine: life.engine,
      life: life.life,
      stripe: life.stripe,
      ask,
      timeoutMs,
      invokedTick: this.#world.tick(),
      invokedAt: this.#world.now,
      queuedBefore: engine.queueDepth,
      isProbe,
      abortedAt: null,
      answer: null,
    }
    this.calls.push(call)
    const { behind } = this.mishaps
    this.#world.note(() => `engine ${life.engine}.${life.life} gets ${textOf(ask)}`)
    let signal: AbortSignal | undefined
    if (abortAfterMs !== null) {
      const controller = new AbortController()
      signal = controller.signal
      this.#world.after(abortAfterMs, () => {
        if (call.answer !== null || !life.crosses()) return
        call.abortedAt = this.#world.now
        controller.abort()
      })
    }
    const options = {
      caller: caller ?? `caller-${this.calls.length % CALLERS}`,
      signal,
      timeoutMs: timeoutMs ?? undefined,
    }
    const asked = this.#answer(this.#running, ask, options)
    return new Promise((resolve) => {
      void asked.then((result) => {
        if (!life.crosses()) return
        const clockLeast = this.clock.leastSince(call.invokedAt)
        const clockMost = this.clock.mostSince(life.bornAt)
        const tick = this.#world.tick()
        const since = behind === null || !isQuestion(ask) ? {} : { behindTick: behind.tick }
        const lookedAt = call.invokedAt - this.habits.limits.clockRetryMs - LOOK_MS_MAX
        const clockWas = {
          clockOffMost: this.clock.offMostSince(lookedAt),
          clockJumps: this.clock.jumpsSince(lookedAt),
        }
        call.answer = { tick, at: this.#world.now, result, clockLeast, clockMost, ...clockWas, ...since }
        this.#world.note(() => `engine ${life.engine}.${life.life} answers ${textOf(ask)}: ${textOf(result)}`)
        resolve(result)
      })
    })
  }

  async #answer({ engine, connection }: Running, ask: Ask, options: SubmitOptions): Promise<Result> {
    try {
      if (!isQuestion(ask)) {
        const outcome = await engine.submit(ask, options)
        return { kind: 'outcome', outcomes: 'status' in outcome ? [outcome] : outcome }
      }
      switch (ask.kind) {
        case 'ready':
          await engine.ready()
          return { kind: 'rows', rows: null }
        case 'read_account':
          return { kind: 'rows', rows: await connection.ask(({ reader }) => reader.account(ask.account)) }
        case 'read_hold':
          return { kind: 'rows', rows: await connection.ask(({ reader }) => reader.hold(ask.hold)) }
        case 'read_history': {
          const page = { hold: ask.hold, limit: 1_000, cursor: null }
          const history = await connection.ask(({ reader }) => reader.holdHistory(page))
          return { kind: 'rows', rows: history?.items ?? null }
        }
        case 'read_rate': {
          const page = { from: ask.from, to: ask.to, limit: 1, cursor: null }
          const { items } = await connection.ask(({ reader }) => reader.rateHistory(page))
          return { kind: 'rows', rows: items[0] ?? null }
        }
      }
    } catch (error) {
      if (error instanceof Fault) return { kind: 'fault', code: error.code, applied: error.applied }
      return { kind: 'error', message: String(error) }
    }
  }
}

/** Text for the trace, with amounts as decimals. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
}
