/**
 * The engine: takes work from many callers, combines the waiting work into one batch, and answers when the batch is durable.
 *
 *   submit ─▶ queue ─▶ pipeline ─▶ cycle: prepare ─▶ store ─▶ cycle: finish ─▶ answers
 *
 * Its states:
 *
 *   idle ──submit──▶ running ──the queue is empty──▶ idle
 *    │                  │
 *    └───────stop───────┴──▶ stopping ──everything is answered, or after drainMsMax──▶ stopped
 *
 * Work that arrives while a batch is in flight is the next batch. When idle there is no delay; while others keep the database busy, a batch
 * lingers for those who were just answered (linger.ts). Work on balances that another transaction keeps locked is parked
 * (parked-tickets.ts). Upholds laws 6, 7 and 8.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { assertTransition, type Transitions } from '../domain/assert.ts'
import type { Command, CommandKind, Group, Work } from '../domain/command.ts'
import type { Instant, RequestId } from '../domain/ids.ts'
import type { RequestRecord } from '../domain/snapshot.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { ClockEvent } from './clock-watch.ts'
import { AccountLimits } from './account-limits.ts'
import { systemClock, type Clock } from './clock.ts'
import { asFault, Fault } from './faults.ts'
import { ENGINE_LIMITS, type EngineLimits } from './limits.ts'
import { Linger } from './linger.ts'
import { BatchContext } from './batch-context.ts'
import type { Measures } from './measures.ts'
import type { EngineGauges } from './gauges.ts'
import { joined, watchUnbatched, type Observer } from './observer.ts'
import { Pipeline } from './pipeline.ts'
import { flowsOf } from './flows.ts'
import { overloaded, Queue } from './queue.ts'
import type { Crowd } from './shares.ts'
import type { EngineStats } from './stats.ts'
import type { Store } from './store.ts'
import { Ticket, type Origin, type TicketWatch, type WorkOutcome } from './ticket.ts'
import { Parked } from './work-result.ts'
import { ParkedTickets } from './parked-tickets.ts'

export interface EngineOptions {
  readonly limits?: Partial<EngineLimits>
  readonly clock?: Clock
  /** This engine's stripe of the house accounts, 0 or more. Engines that share a stripe are correct, but slow each other down. */
  readonly houseStripe?: number
  /**
   * Accepts the clock of this process as right although the newest rows are ahead of it; the rows are then reported as a warning. Only
   * has an effect for stores without a server whose clock could confirm that. Default false.
   */
  readonly acceptRowsAhead?: boolean
  /** Called when the clock of this process is found wrong, and when it is right again. Errors that it throws are ignored. */
  readonly onClockEvent?: ((event: ClockEvent) => void) | undefined
  /** Are told of batches and of trouble. Default: nobody is. */
  readonly observers?: readonly Observer[]
}

export interface SubmitOptions {
  /** Who asks, for taking turns: callers share the queue. Default: one caller, for all that give none. */
  readonly caller?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  /** Where the work comes from, for observers. */
  readonly origin?: Origin | undefined
}

/** How often the deadlines of queued and taken work are checked. */
const WATCH_MS = 50

function isOpen(request: RequestRecord | null | undefined): boolean {
  return request?.kind === 'freeze' && request.end === null
}

type State = 'idle' | 'running' | 'stopping' | 'stopped'

const TRANSITIONS: Transitions<State> = {
  idle: ['running', 'stopping'],
  running: ['idle', 'stopping'],
  stopping: ['stopped'],
  stopped: [],
}

export class Engine {
  readonly limits: EngineLimits
  readonly #clock: Clock
  readonly #context: BatchContext
  readonly #queue: Queue
  readonly #pipeline: Pipeline
  readonly #linger: Linger
  readonly #parked: ParkedTickets
  readonly #accountLimits: AccountLimits | null
  readonly #observer: Observer | null
  readonly #tickets: TicketWatch
  /** Batches are of many callers, so they do not run in the asynchronous context of the one that happened to be first. */
  readonly #inOwnContext = AsyncLocalStorage.snapshot()
  #state: State = 'idle'
  /** The loop that takes batches; resolved while the engine is idle. */
  #loop: Promise<void> = Promise.resolve()
  #cancelWatch: (() => void) | null = null
  /** Ends a wait in `#run`. */
  #wake: (() => void) | null = null

  constructor(store: Store, options: EngineOptions = {}) {
    this.limits = { ...ENGINE_LIMITS, ...options.limits }
    this.#clock = options.clock ?? systemClock
    const { houseStripe = 0, acceptRowsAhead = false, onClockEvent } = options
    this.#observer = joined(options.observers ?? [])
    const watched = { acceptRowsAhead, onClockEvent, observer: this.#observer }
    this.#context = new BatchContext(store, this.#clock, this.limits, { houseStripe, ...watched })
    const { measures, locked } = this.#context
    const onUnbatched = this.#observer?.onUnbatched
    this.#tickets = onUnbatched === undefined ? measures : watchUnbatched(measures, onUnbatched)
    this.#queue = new Queue(this.limits, (work) => flowsOf(work, this.#context.knownKeysOf))
    this.#linger = new Linger(this.#clock, this.limits)
    this.#parked = new ParkedTickets(locked, this.limits)
    locked.onFreed = () => this.#returnFreed()
    this.#pipeline = new Pipeline(this.#context, {
      onAnswering: (commands) => this.#linger.answering(commands, this.#queue.commands, measures.takeCommitMs()),
      onParked: (ticket, result) => {
        this.#parked.put(ticket, result, this.#clock.elapsed())
        // They may have become free while the rest of the batch was decided.
        if (locked.among(result.balances).length === 0) this.#returnFreed()
      },
    })
    this.#accountLimits = AccountLimits.of(this.#clock, this.limits, (holds) => this.#stillOpen(holds))
  }

  gauges(): EngineGauges {
    const { store, contention, locked, cache, watch } = this.#context
    return {
      queueCommands: this.#queue.commands,
      queueCommandsMax: this.limits.queueCommandsMax,
      batchesInFlight: this.#pipeline.depth,
      isBreakerOpen: store.isOpen,
      contendedBalances: contention.size,
      lockedBalances: locked.size,
      parkedCommands: this.#parked.commands,
      cachedRequests: cache.requests.size,
      cachedBalances: cache.balances.size,
      isClockWrong: watch.isWrong,
    }
  }

  /** Whether an observer wants to know of batches, so that `origin` is worth giving. */
  get observesBatches(): boolean {
    return this.#observer?.onBatch !== undefined
  }

  /** The shortest of the last commits, in milliseconds; 0 before the first. */
  get quickestCommitMs(): number {
    return this.#context.measures.quickestCommitMs.value
  }

  /** What was done since the start. */
  get measures(): Measures {
    return this.#context.measures
  }

  get stats(): Readonly<EngineStats> {
    return this.#context.stats
  }

  /** Commands that wait for a batch. */
  get queueDepth(): number {
    return this.#queue.commands
  }

  /**
   * Who fills the queue, if it would refuse `work` of a caller now, or any command when `work` is null; otherwise null.
   *
   * @throws TypeError for a group without commands
   */
  crowdFor(caller: string, work: Work | null): Crowd | null {
    return this.#queue.crowdFor(caller, work)
  }

  /** Whether other callers were heard lately. */
  hasCompany(caller: string): boolean {
    return this.#queue.hasCompany(caller)
  }

  /**
   * Decides `work` in the next batch. Resolves when the outcome is durable; a group resolves to one outcome per command.
   *
   * @throws Fault `overloaded`, `rate_limited`, `shutting_down`, `deadline_exceeded`, `contention`, `store_unavailable`, `store_misconfigured`,
   *   `store_refused`, `clock_wrong`, `commit_in_doubt`, `internal`
   */
  submit<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options?: SubmitOptions,
  ): Promise<Outcome<Kind>>
  submit(group: Group, options?: SubmitOptions): Promise<readonly Outcome[]>
  submit(work: Work, options?: SubmitOptions): Promise<WorkOutcome>
  submit(work: Work, options: SubmitOptions = {}): Promise<WorkOutcome> {
    return new Promise((resolve, reject) => {
      const { caller = '', signal, timeoutMs, origin } = options
      const refuse = (fault: Fault): void => {
        reject(fault)
        this.#tellRefused(work, origin ?? null, fault)
      }
      if (this.#isStopping())
        return refuse(new Fault('shutting_down', 'This process takes no more work.', { retryAfterMs: 1_000 }))
      if (signal?.aborted) return refuse(new Fault('deadline_exceeded', 'The call was aborted before it began.'))
      const waitMsMax = timeoutMs ?? this.limits.callTimeoutMsDefault
      const submittedAt = this.#clock.elapsed()
      let ticket: Ticket
      let crowd: Crowd | null
      try {
        const promise =
          this.#accountLimits === null ? { resolve, reject } : this.#accountLimits.admit(work, { resolve, reject })
        const times = { submittedAt, deadlineAt: submittedAt + waitMsMax }
        ticket = new Ticket({ work, caller, origin }, times, promise, this.#tickets)
        crowd = this.#queue.offer(ticket)
      } catch (error) {
        const fault = asFault(error)
        this.#context.measures.failed({ work, submittedAt }, fault)
        return refuse(fault)
      }
      if (crowd !== null) return ticket.reject(overloaded(crowd, this.limits))
      if (timeoutMs !== undefined || signal !== undefined) this.#expireEarly(ticket, signal, timeoutMs)
      this.#start()
    })
  }

  /** Warnings for the operator about times in the database, as sentences; as of the last comparison of the clocks. */
  get clockWarnings(): readonly string[] {
    return this.#context.watch.warnings
  }

  /**
   * The current time, for ending due holds; commands are decided by the same time.
   *
   * @throws Fault `clock_wrong`, also when the clock was just set ahead and nothing can confirm that; and the faults of `Store.clock`
   */
  async now(): Promise<Instant> {
    const { watch } = this.#context
    await watch.check()
    watch.requireSettled()
    return watch.now()
  }

  /** Resolves when a commit would be possible. @throws Fault `store_unavailable`, `store_misconfigured`, `clock_wrong`, `shutting_down` */
  async ready(): Promise<void> {
    if (this.#isStopping()) throw new Fault('shutting_down', 'This process takes no more work.')
    await this.#context.store.ping()
    await this.#context.watch.check()
  }

  /**
   * Refuses new work, and resolves when all work is answered. Work that is still queued after `drainMsMax` is answered `shutting_down` (it
   * had no effect), and work that is being committed then is answered `commit_in_doubt`.
   */
  async stop(): Promise<void> {
    if (!this.#isStopping()) this.#become('stopping')
    this.#parked.close()
    this.#context.locked.close()
    if (this.#mayTake()) this.#wake?.()
    let cancel = (): void => {}
    const late = new Promise<'late'>((resolve) => {
      cancel = this.#clock.after(this.limits.drainMsMax, () => resolve('late'))
    })
    if ((await Promise.race([this.#drained(), late])) === 'late') this.#abandon()
    cancel()
    if (this.#state === 'stopping') this.#become('stopped')
  }

  async #drained(): Promise<void> {
    await this.#loop
    await this.#pipeline.drained()
  }

  /** Which of these holds are open in the database. */
  async #stillOpen(holds: readonly RequestId[]): Promise<ReadonlySet<RequestId>> {
    const { requests } = await this.#context.store.load(this.#context.keysOfHolds(holds))
    return new Set(holds.filter((hold) => isOpen(requests.get(hold))))
  }

  #start(): void {
    if (this.#state === 'idle') {
      this.#become('running')
      this.#loop = this.#inOwnContext(() => this.#run())
    }
    if (this.#mayTake()) this.#wake?.()
  }

  /** Takes batches until the queue is empty. */
  async #run(): Promise<void> {
    if (this.#cancelWatch === null) this.#watch()
    while (this.#queue.commands > 0) {
      while (!this.#mayTake()) await this.#change()
      // Work that arrives in the same turn of the event loop belongs to the same batch.
      await this.#clock.yield()
      const tickets = this.#sift(this.#queue.take(this.limits.batchCommandsMax))
      if (tickets.length > 0) await this.#pipeline.process(tickets)
    }
    if (this.#state === 'running') this.#become('idle')
  }

  /** Parks what is known to need a balance that another transaction has locked. */
  #sift(tickets: readonly Ticket[]): readonly Ticket[] {
    const { locked } = this.#context
    if (locked.size === 0) return tickets
    return tickets.filter((ticket) => {
      const balances = locked.among(this.#context.knownBalancesOf(ticket.work))
      if (balances.length > 0) this.#parked.put(ticket, new Parked(balances), this.#clock.elapsed())
      return balances.length === 0
    })
  }

  #returnFreed(): void {
    const tickets = this.#parked.takeFreed()
    for (const ticket of tickets) this.#queue.takeBack(ticket)
    if (tickets.length > 0) this.#start()
  }

  /** Of work that is refused before it has a ticket. */
  #tellRefused(work: Work, origin: Origin | null, fault: Fault): void {
    const now = this.#clock.elapsed()
    this.#observer?.onUnbatched?.({ work, origin, answer: fault, submittedAt: now, answeredAt: now })
  }

  #isStopping(): boolean {
    return this.#state === 'stopping' || this.#state === 'stopped'
  }

  #become(state: State): void {
    assertTransition(TRANSITIONS, this.#state, state)
    this.#state = state
  }

  /** While a batch is in flight, only a full one is taken: waiting cannot make a full batch larger. */
  #mayTake(): boolean {
    const { depth } = this.#pipeline
    if (depth === 0) return this.#isStopping() || this.#linger.msLeft(this.#queue.commands) === 0
    return depth < this.limits.batchesInFlightMax && this.#queue.commands >= this.limits.batchCommandsMax
  }

  /** Resolves when the answer of `#mayTake` may have changed. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      if (this.#pipeline.depth > 0) void this.#pipeline.oldestDone().then(resolve)
      else void this.#clock.sleep(this.#linger.msLeft(this.#queue.commands)).then(resolve)
    })
  }

  /** For a caller that gave a signal or a timeout of its own. */
  #expireEarly(ticket: Ticket, signal: AbortSignal | undefined, timeoutMs: number | undefined): void {
    const onAbort = (): void => ticket.expire('The call was aborted.')
    signal?.addEventListener('abort', onAbort, { once: true })
    const cancelTimer =
      timeoutMs === undefined
        ? null
        : this.#clock.after(timeoutMs, () => ticket.expire(`The call timed out after ${timeoutMs} ms.`))
    ticket.onAnswer(() => {
      signal?.removeEventListener('abort', onAbort)
      cancelTimer?.()
    })
  }

  /** Checks deadlines periodically while there is work. */
  #watch(): void {
    this.#cancelWatch = this.#clock.after(WATCH_MS, () => {
      this.#cancelWatch = null
      const now = this.#clock.elapsed()
      this.#queue.expire(now)
      this.#parked.expire(now)
      const { tickets } = this.#pipeline
      for (const ticket of tickets) {
        if (ticket.deadlineAt <= now) ticket.expire('The call timed out while its batch was being committed.')
      }
      if (this.#queue.commands + this.#parked.commands > 0 || tickets.length > 0) this.#watch()
    })
  }

  #abandon(): void {
    for (;;) {
      const left = this.#queue.take(this.limits.batchCommandsMax)
      if (left.length === 0) break
      for (const ticket of left) {
        ticket.reject(new Fault('shutting_down', 'This process stopped before the command was taken from the queue.'))
        this.#observer?.onUnbatched?.(ticket.view())
      }
    }
    for (const ticket of this.#pipeline.tickets) {
      const message = 'This process stopped while the command was being committed.'
      ticket.reject(new Fault('commit_in_doubt', message, { applied: 'unknown' }))
    }
    this.#cancelWatch?.()
  }
}
