/** Sweepers on one memory database, each with its own engine, on a manual clock. */
import assert from 'node:assert/strict'
import type { Command } from '../../src/domain/command.ts'
import { Engine, type EngineOptions } from '../../src/engine/engine.ts'
import { Sweeper, type ExpiryEvent, type SweeperOptions } from '../../src/engine/sweeper.ts'
import { ENGINE_LIMITS, type EngineLimits } from '../../src/engine/limits.ts'
import { OVERDUE_COUNT_MAX } from '../../src/engine/reader.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { Tables } from '../../src/stores/memory/tables.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { deposit, freeze } from './commands.ts'
import { FaultyStore } from './faulty-store.ts'
import { ManualClock } from './manual-clock.ts'

const USERS = ['user:8', 'user:9', 'user:10'] as const
/** Life of the holds that `freeze` opens. */
export const TTL_MS = 10_000

/** Tables and the processes on them: each has an engine and a sweeper that a test may start. */
export class Site implements AsyncDisposable {
  readonly clock: ManualClock
  readonly tables = new Tables()
  readonly #processes: SweepingProcess[] = []

  constructor(clock = new ManualClock()) {
    this.clock = clock
  }

  process(
    limits: Partial<EngineLimits> = {},
    replaced: Partial<SweeperOptions> = {},
    options: EngineOptions = {},
  ): SweepingProcess {
    const houseStripe = this.#processes.length
    const process = new SweepingProcess(this, { houseStripe, limits, ...options }, replaced)
    this.#processes.push(process)
    return process
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = Promise.all(this.#processes.map((process) => process.stop()))
    await this.clock.advance(2 * ENGINE_LIMITS.drainMsMax)
    await stopped
  }
}

export class SweepingProcess {
  readonly storage: Storage
  readonly store: FaultyStore
  readonly engine: Engine
  readonly sweeper: Sweeper
  readonly events: ExpiryEvent[] = []
  /** The limits of the pages that the sweeper read up to the present, and the holds that it released. */
  readonly looks: number[] = []
  readonly submitted: string[] = []
  readonly #clock: ManualClock

  constructor({ clock, tables }: Site, options: EngineOptions, replaced: Partial<SweeperOptions>) {
    this.#clock = clock
    this.storage = openMemoryStorage(tables)
    this.store = new FaultyStore(this.storage.store)
    this.engine = new Engine(this.store, { ...options, clock })
    const { reader } = this.storage
    this.sweeper = new Sweeper({
      reader: {
        due: (query) => {
          // Not those that look again at what is past, and not the count of what is left.
          if (query.until === clock.now() && query.limit !== OVERDUE_COUNT_MAX) this.looks.push(query.limit)
          return (replaced.reader ?? reader).due(query)
        },
      },
      submit: (release) => {
        this.submitted.push(release.hold)
        return (replaced.submit ?? ((work) => this.engine.submit(work)))(release)
      },
      now: () => this.engine.now(),
      clock,
      limits: this.engine.limits,
      onEvent: replaced.onEvent ?? ((event) => this.events.push(event)),
    })
  }

  async give(amount = 1_000_000n): Promise<void> {
    for (const user of USERS) await this.do(deposit(`funds ${user}`.replace(' ', '-'), user, amount))
  }

  async do(command: Command): Promise<void> {
    const outcome = await this.engine.submit(command)
    assert.equal(
      outcome.status,
      'applied',
      JSON.stringify(outcome, (_, part: unknown) => String(part)),
    )
  }

  /** Opens holds that expire after `TTL_MS`, one millisecond apart. */
  async freeze(count: number, prefix = 'h'): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(5, '0')}`)
    const expiresAt = this.#clock.now() + TTL_MS
    const freezes = ids.map((id, index) =>
      freeze(id, USERS[index % USERS.length]!, 1n, { expiresAt: expiresAt + Math.floor(index / 100) }),
    )
    for (let first = 0; first < count; first += 5_000) {
      await Promise.all(freezes.slice(first, first + 5_000).map((command) => this.do(command)))
    }
    return ids
  }

  async stateOf(hold: string): Promise<string> {
    return (await this.storage.reader.hold(hold))!.state
  }

  async openCount(): Promise<number> {
    const all = { after: null, until: Number.MAX_SAFE_INTEGER, limit: 100_000, placesMax: 1_000_000 }
    return (await this.storage.reader.due(all)).holds.length
  }

  async held(): Promise<bigint> {
    const accounts = await Promise.all(USERS.map((user) => this.storage.reader.account(user)))
    return accounts.reduce((sum, account) => sum + account!.balances[0]!.held, 0n)
  }

  async assertLawful(): Promise<void> {
    for (const check of this.storage.auditor.checks) {
      assert.deepEqual(await this.storage.auditor.run(check, 10), [], `${check.id} ${check.title}`)
    }
  }

  async stop(): Promise<void> {
    await this.sweeper.stop()
    await this.engine.stop()
  }
}
