/**
 * Shadow mode: a ledger that answers from one ledger and repeats every command on another, to compare them before anyone relies on it.
 *
 *   command ─▶ primary ─▶ answer to the caller
 *                 └─▶ queue ─▶ shadow ─▶ comparison ─▶ onDifference
 *
 * The queue is in the order of the primary's answers, and one batch at a time goes to the shadow, so the shadow decides in that order.
 */
import { answeredOf, type AnswerOf } from '../api/answered.ts'
import { CheckedLedger } from '../api/checked-ledger.ts'
import type { BatchRequest } from '../api/contracts.ts'
import type { LedgerError } from '../api/error.ts'
import type { BatchOutcome, CallOptions, Keys, Ledger, Reads } from '../api/ledger.ts'
import { requestIdIn, type Answer, type Command, type CommandKind } from '../domain/command.ts'
import type { Hold } from '../domain/hold.ts'
import type { RequestId } from '../domain/ids.ts'
import type { Entry } from '../domain/journal.ts'
import { readsOf, relay } from './relay.ts'

/** The part of an outcome that is compared. */
export interface ComparedOutcome {
  /** `applied`, or the code of the rejection. */
  readonly code: string
  /** Of a hold: its amounts. Of an entry: what each account got or gave, such as `user:8 credit available`. */
  readonly amounts: Readonly<Record<string, bigint>>
}

/**
 * `different`: the shadow decided otherwise. `failed`: the shadow did not decide; `error` says why. `dropped`: the queue was full, so the
 * shadow does not have this command, and later ones can differ because of it.
 */
export type ShadowDifference = {
  readonly command: CommandKind
  /** The request id, or the hold that the command ends; null for a declaration. */
  readonly id: RequestId | null
  readonly primary: ComparedOutcome
} & (
  | { readonly kind: 'different'; readonly shadow: ComparedOutcome }
  | { readonly kind: 'failed'; readonly error: LedgerError }
  | { readonly kind: 'dropped' }
)

export interface ShadowLimits {
  /** Commands that wait for the shadow. Further ones are dropped. */
  readonly queueCommandsMax: number
  /** Commands in one call to the shadow, at most `BATCH_COMMANDS_MAX`. An atomic batch is sent alone. */
  readonly batchCommandsMax: number
  /** The time limit of one call to the shadow. */
  readonly callTimeoutMs: number
  /** How long `close` waits for the shadow after the primary is closed. */
  readonly closeMsMax: number
}

const SHADOW_LIMITS: ShadowLimits = {
  queueCommandsMax: 10_000,
  batchCommandsMax: 100,
  callTimeoutMs: 10_000,
  closeMsMax: 5_000,
}

/** Commands since the start: each is first `waiting`, and then exactly one of the others. */
export interface ShadowCounts {
  readonly waiting: number
  readonly equal: number
  readonly different: number
  readonly failed: number
  readonly dropped: number
}

export interface ShadowedLedger extends Ledger {
  readonly shadowCounts: ShadowCounts
  /** Resolves when no command waits for the shadow. */
  shadowIdle(): Promise<void>
}

/**
 * A ledger that answers as `primary` does, and sends every command that the primary decided to `shadow` too. Reads go to the primary
 * only. Closing it closes both.
 *
 * The shadow never delays or fails a call. Codes and amounts are compared; instants, versions and house stripes are not. The shadow gets
 * the same request ids, and no preconditions, because its versions can be others. Commands that the primary did not decide (a fault) or
 * refused as `changed_meanwhile` or `request_replayed` are not sent.
 *
 * @param onDifference called after the comparison. What it throws is ignored
 */
export function shadowed(
  primary: Ledger,
  shadow: Ledger,
  onDifference: (difference: ShadowDifference) => void,
  limits: Partial<ShadowLimits> = {},
): ShadowedLedger {
  return new Shadowed(primary, new Shadow(shadow, onDifference, { ...SHADOW_LIMITS, ...limits }))
}

class Shadowed extends CheckedLedger implements ShadowedLedger {
  override readonly keys: Keys
  readonly #primary: Ledger
  readonly #shadow: Shadow
  protected override readonly reads: Reads

  constructor(primary: Ledger, shadow: Shadow) {
    super()
    this.keys = primary.keys
    this.#primary = primary
    this.#shadow = shadow
    this.reads = readsOf(primary)
  }

  get shadowCounts(): ShadowCounts {
    return this.#shadow.counts
  }

  async shadowIdle(): Promise<void> {
    await this.#shadow.idle()
  }

  protected async submit<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options: CallOptions | undefined,
  ): Promise<AnswerOf<Kind>> {
    const outcomes = await relay(this.#primary, [command], options)
    this.#shadow.offer({ commands: [command], outcomes, atomic: false })
    const [outcome] = outcomes
    if (outcome!.status !== 'applied') throw outcome!.error
    return answeredOf<Kind>(command.kind, outcome!)
  }

  protected async submitBatch({ commands, atomic }: BatchRequest, options: CallOptions = {}): Promise<BatchOutcome[]> {
    const outcomes = await relay(this.#primary, commands, { ...options, atomic })
    this.#shadow.offer({ commands, outcomes, atomic })
    // As of every ledger: the fault of one command of a group is the fault of the call.
    for (const outcome of outcomes) if (atomic && outcome.status === 'faulted') throw outcome.error
    return outcomes
  }

  async close(): Promise<void> {
    await this.#primary.close()
    await this.#shadow.close()
  }
}

/** Commands with the outcomes of the primary. */
interface Decided {
  readonly commands: readonly Command[]
  readonly outcomes: readonly BatchOutcome[]
  readonly atomic: boolean
}

class Shadow {
  readonly #ledger: Ledger
  readonly #onDifference: (difference: ShadowDifference) => void
  readonly #limits: ShadowLimits
  readonly #queue: Decided[] = []
  readonly #counts = { waiting: 0, equal: 0, different: 0, failed: 0, dropped: 0 }
  #draining: Promise<void> | null = null
  #closed = false

  constructor(ledger: Ledger, onDifference: (difference: ShadowDifference) => void, limits: ShadowLimits) {
    this.#ledger = ledger
    this.#onDifference = onDifference
    this.#limits = limits
  }

  get counts(): ShadowCounts {
    return { ...this.#counts }
  }

  offer(decided: Decided): void {
    const item = comparable(decided)
    const { length } = item.commands
    if (length === 0) return
    if (this.#closed || this.#counts.waiting + length > this.#limits.queueCommandsMax) {
      this.#counts.dropped += length
      this.#each(item, (about) => this.#report({ ...about, kind: 'dropped' }))
      return
    }
    this.#queue.push(item)
    this.#counts.waiting += length
    this.#draining ??= this.#drain()
  }

  async idle(): Promise<void> {
    while (this.#draining !== null) await this.#draining
  }

  /** What still waits after `closeMsMax` is dropped. */
  async close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#limits.closeMsMax)))
    const closing = this.idle().then(() => this.#ledger.close())
    await Promise.race([closing.catch(() => {}), bound])
    clearTimeout(timer)
    this.#closed = true
    const left = this.#queue.splice(0)
    for (const item of left) {
      this.#counts.waiting -= item.commands.length
      this.#counts.dropped += item.commands.length
      this.#each(item, (about) => this.#report({ ...about, kind: 'dropped' }))
    }
    if (left.length > 0) void this.#ledger.close().catch(() => {})
  }

  async #drain(): Promise<void> {
    // The caller of the primary gets its answer first.
    await new Promise((resolve) => setTimeout(resolve, 0))
    while (this.#queue.length > 0) {
      const item = this.#next()
      const { callTimeoutMs: timeoutMs } = this.#limits
      const outcomes = await relay(this.#ledger, item.commands, { timeoutMs, atomic: item.atomic })
      this.#counts.waiting -= item.commands.length
      this.#compare(item, outcomes)
    }
    this.#draining = null
  }

  /** The next atomic batch, or as many other commands as fit into one call. */
  #next(): Decided {
    const first = this.#queue.shift()!
    if (first.atomic) return first
    const [commands, outcomes] = [[...first.commands], [...first.outcomes]]
    for (;;) {
      const [next] = this.#queue
      if (next === undefined || next.atomic) break
      if (commands.length + next.commands.length > this.#limits.batchCommandsMax) break
      this.#queue.shift()
      commands.push(...next.commands)
      outcomes.push(...next.outcomes)
    }
    return { commands, outcomes, atomic: false }
  }

  #compare(item: Decided, outcomes: readonly BatchOutcome[]): void {
    this.#each(item, (about, index) => {
      const outcome = outcomes[index]!
      if (outcome.status === 'faulted') {
        this.#counts.failed += 1
        return this.#report({ ...about, kind: 'failed', error: outcome.error })
      }
      const shadow = comparedOf(outcome)
      if (isEqual(about.primary, shadow)) return void (this.#counts.equal += 1)
      this.#counts.different += 1
      this.#report({ ...about, kind: 'different', shadow })
    })
  }

  #each(
    { commands, outcomes }: Decided,
    action: (about: Pick<ShadowDifference, 'command' | 'id' | 'primary'>, index: number) => void,
  ): void {
    for (const [index, command] of commands.entries()) {
      action({ command: command.kind, id: requestIdIn(command), primary: comparedOf(outcomes[index]!) }, index)
    }
  }

  #report(difference: ShadowDifference): void {
    try {
      this.#onDifference(difference)
    } catch {
      // The caller's own code: a failure there is none of the ledger's.
    }
  }
}

/** These codes rest on what the caller has seen of the primary. */
const OF_THE_PRIMARY: ReadonlySet<string> = new Set(['changed_meanwhile', 'request_replayed'])

/** The commands that the shadow can decide too. Of an atomic batch all or none. */
function comparable({ commands, outcomes, atomic }: Decided): Decided {
  const fits = (outcome: BatchOutcome): boolean =>
    outcome.status === 'applied' || (outcome.status === 'rejected' && !OF_THE_PRIMARY.has(outcome.error.code))
  const kept = commands.flatMap((command, index) => {
    const outcome = outcomes[index]!
    return fits(outcome) ? [{ command: unconditional(command), outcome }] : []
  })
  const rest = atomic && kept.length < commands.length ? [] : kept
  return { commands: rest.map(({ command }) => command), outcomes: rest.map(({ outcome }) => outcome), atomic }
}

function unconditional(command: Command): Command {
  if (command.kind !== 'transfer') return withoutConditions(command)
  return withoutConditions({ ...command, legs: command.legs.map(withoutConditions) })
}

function withoutConditions<Value extends object>(value: Value): Value {
  const conditions = ['ifVersion', 'ifSteps', 'ifReplayed']
  return Object.fromEntries(Object.entries(value).filter(([name]) => !conditions.includes(name))) as Value
}

function comparedOf(outcome: BatchOutcome): ComparedOutcome {
  if (outcome.status !== 'applied') return { code: outcome.error.code, amounts: {} }
  return { code: 'applied', amounts: amountsOf(outcome.answer) }
}

function amountsOf(answer: Answer): Readonly<Record<string, bigint>> {
  if ('held' in answer) return holdAmounts(answer)
  if ('postings' in answer) return entryAmounts(answer)
  const amounts = Object.entries('balance' in answer ? { floor: answer.balance?.floor } : answer)
  return Object.fromEntries(amounts.filter((named): named is [string, bigint] => typeof named[1] === 'bigint'))
}

function holdAmounts(hold: Hold): Readonly<Record<string, bigint>> {
  const { amount, held, settled, released, drawn, shortfall, refunded } = hold
  return { amount, held, settled, released, drawn, shortfall, refunded }
}

/** The stripes of a house account are added up, because each process writes other ones. */
function entryAmounts({ postings }: Entry): Readonly<Record<string, bigint>> {
  const sums: Record<string, bigint> = {}
  for (const { account, asset, availableDelta, heldDelta } of postings) {
    const [available, held] = [`${account} ${asset} available`, `${account} ${asset} held`]
    sums[available] = (sums[available] ?? 0n) + availableDelta
    sums[held] = (sums[held] ?? 0n) + heldDelta
  }
  return sums
}

function isEqual(one: ComparedOutcome, other: ComparedOutcome): boolean {
  const names = Object.keys({ ...one.amounts, ...other.amounts })
  return one.code === other.code && names.every((name) => one.amounts[name] === other.amounts[name])
}
