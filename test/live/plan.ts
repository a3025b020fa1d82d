/**
 * One live run as data, generated from its seed: the workload of a simulation, with limits for real time and the request ids of real
 * callers.
 */
import type { Command, Leg } from '../../src/domain/command.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import { Chance } from '../simulation/chance.ts'
import type { Intent } from '../simulation/client.ts'
import { commandsOf, isQuestion, type Ask } from '../simulation/history.ts'
import { makeLimits } from '../simulation/scenario.ts'
import { isBroken, makeWorkload } from '../simulation/workload.ts'
import { EPOCH } from '../simulation/world.ts'
import { isForCommandLine } from './command-line.ts'
import { makeLiveFaults, type LiveFault } from './faults.ts'

export interface LivePlan {
  readonly seed: number
  readonly limits: EngineLimits
  /** The number of engines, each in a worker of its own. One more worker is the service. */
  readonly engines: number
  readonly intents: readonly Intent[]
  /**
   * Whether each request waits for the one before it. When all callers write at once, every engine locks its rows immediately and does not
   * rely on its cache. A bug in the use of the cache shows only when requests come in turns.
   */
  readonly isInTurns: boolean
  readonly faults: readonly LiveFault[]
  /** Requests and faults begin before this time. */
  readonly untilMs: number
}

export interface Wanted {
  readonly seed: number
  readonly engines: number
  readonly untilMs: number
  readonly servers: number
  readonly isNetworked: boolean
  /** The time at which requests begin, because holds may name the instant of their expiry. */
  readonly startsAt: number
}

/** Requests per second: a rate that leaves the machine time for other work. */
const RATES = [40, 80, 160] as const
/** More than a sequence of calls can reach. */
const RATE_IN_TURNS = 200
const TURN_MS_MAX = 400
const TURN_TRIES_MAX = 2
/** A busy machine needs more patience than the callers of a simulation have. */
const PATIENCE_FACTOR = 4
/** A process for one command is expensive. */
const COMMAND_LINES_PER_S = 0.5
/** A larger amount would leave no room for others. */
const AMOUNT_MOST = 2n ** 40n

export function makePlan({ seed, engines, untilMs, servers, isNetworked, startsAt }: Wanted): LivePlan {
  const chance = new Chance(`live ${seed}`)
  const workers = engines + 1
  const isInTurns = chance.likely(0.5)
  const rate = isInTurns ? RATE_IN_TURNS : chance.pick(RATES)
  const size = { engines: workers, clients: 4, intents: Math.round((rate * untilMs) / 1_000), untilMs }
  const { intents, users } = makeWorkload(chance.stream('workload'), size)
  const adaptation = new Adaptation(chance.stream('requests'), startsAt)
  const byHand = chance.stream('command line')
  const share = COMMAND_LINES_PER_S / rate
  const own = intents.flatMap((intent) => {
    const ask = adaptation.ask(intent.ask)
    if (ask === null) return []
    const first = isForCommandLine(ask) && byHand.likely(share * 2) ? [workers] : []
    const all = [...first, ...intent.route].map((place) => placeOf(ask, place, engines))
    const route = isInTurns ? all.slice(0, TURN_TRIES_MAX) : all
    const copies = intent.copies.map((copy) => ({ ...copy, engine: placeOf(ask, copy.engine, engines) }))
    // A caller that others wait for has little patience.
    const patienceMs = isInTurns ? TURN_MS_MAX : intent.patienceMs * PATIENCE_FACTOR
    const timeoutMs = intent.timeoutMs === null ? null : intent.timeoutMs * PATIENCE_FACTOR
    return [{ ...intent, ask, route, copies, patienceMs, timeoutMs }]
  })
  const accounts = [...users, '@issuer', '@revenue']
  const around = { workers, servers, isNetworked, accounts, untilMs }
  const faults = makeLiveFaults(chance.stream('faults'), around)
  return { seed, limits: liveLimits(seed), engines, intents: own, isInTurns, faults, untilMs }
}

function placeOf(ask: Ask, place: number, engines: number): number {
  return place === engines && isForEngines(ask) ? 0 : place
}

/**
 * Whether a batch over HTTP cannot express the command: a release by expiry, a hold that expires at once, an amend without a change, or
 * `*` as a condition, which only the header If-Match of a single request has.
 */
export function isForEngines(ask: Ask): boolean {
  return commandsOf(ask).some((command) => {
    if (conditionsOf(command).some((condition) => condition !== undefined && typeof condition !== 'number')) return true
    if (command.kind === 'release') return command.cause === 'expiry'
    if (command.kind !== 'freeze' && command.kind !== 'amend') return false
    const { amount, expiresInMs, expiresAt, onExpiry } = command
    return expiresInMs === 0 || (amount ?? expiresInMs ?? expiresAt ?? onExpiry) === undefined
  })
}

function conditionsOf(command: Command): readonly unknown[] {
  const { ifVersion, ifSteps } = command as { readonly ifVersion?: unknown; readonly ifSteps?: unknown }
  const ofLegs = command.kind === 'transfer' ? command.legs.map((leg) => leg.ifVersion) : []
  return [ifVersion, ifSteps, ...ofLegs]
}

/**
 * The limits of a simulation, except those that make sense only in virtual time and those that the service and the command line do not
 * have.
 */
export function liveLimits(seed: number): EngineLimits {
  const chance = new Chance(`live limits ${seed}`)
  const limits = makeLimits(chance)
  return {
    ...limits,
    accountCommandsPerSecondMax: 0,
    accountHoldsMax: 0,
    queueCommandsMax: chance.pick([100, 10_000]),
    contendedMs: chance.pick([0, 0, 50, 1_000]),
    callTimeoutMsDefault: chance.pick([2_000, 30_000]),
    doubtMsMax: chance.pick([500, 5_000]),
    drainMsMax: chance.pick([200, 5_000]),
    holdTtlMsMax: 30 * 24 * 60 * 60_000,
  }
}

class Adaptation {
  readonly #chance: Chance
  readonly #startsAt: number
  readonly #ids = new Map<string, string>()
  readonly #known = new Map<Command, Command>()

  constructor(chance: Chance, startsAt: number) {
    this.#chance = chance
    this.#startsAt = startsAt
  }

  /** Null for a command that no API accepts. */
  ask(ask: Ask): Ask | null {
    if (ask.kind === 'ready') return ask
    if (isQuestion(ask)) return 'hold' in ask ? { ...ask, hold: this.#id(ask.hold) } : ask
    if (!commandsOf(ask).every(isSendable)) return null
    if (ask.kind === 'group') return { kind: 'group', commands: ask.commands.map((each) => this.#command(each)) }
    return this.#command(ask)
  }

  /** Returns the same object for the same command, so that repeats can be recognized by identity. */
  #command(command: Command): Command {
    const known = this.#known.get(command) ?? this.#changed(command)
    this.#known.set(command, known)
    return known
  }

  #changed(command: Command): Command {
    // An asset keeps one name, and an account has no metadata: no history would show which of several values came first. Without decimal
    // places, an amount is the same number on the command line.
    if (command.kind === 'declare') return { ...command, name: command.asset, decimals: 0 }
    const own = { ...command } as { requestId?: string; hold?: string; expiresAt?: number | null } & Command
    if (own.requestId !== undefined) own.requestId = this.#id(own.requestId)
    if (own.hold !== undefined) own.hold = this.#id(own.hold)
    if (typeof own.expiresAt === 'number') own.expiresAt += this.#startsAt - EPOCH
    return own.kind === 'open' ? { ...own, asset: own.asset ?? 'credit', metadata: null } : own
  }

  /** A random UUID for each name, as real callers use them: the rows are spread over the whole index. */
  #id(name: string): string {
    if (name === 'nobody') return name
    const known = this.#ids.get(name) ?? this.#uuid()
    this.#ids.set(name, known)
    return known
  }

  #uuid(): string {
    const digits = Array.from({ length: 32 }, () => this.#chance.below(16))
    digits[12] = 4
    digits[16] = 8 + (digits[16]! & 3)
    const text = digits.map((digit) => digit.toString(16)).join('')
    return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }
}

function isSendable(command: Command): boolean {
  if ('requestId' in command && isBroken(command.requestId)) return false
  const isFit = (amount: bigint | null | undefined): boolean => (amount ?? 0n) < AMOUNT_MOST
  const legs: readonly Leg[] = command.kind === 'transfer' ? command.legs : []
  const isCoherent = legs.every(({ amount, toAmount }) => isFit(amount) && isFit(toAmount))
  const numerator = command.kind === 'rate' ? command.numerator : 0n
  const by = command.kind === 'amend' ? (command.by ?? 0n) : 0n
  const isOfCoins = !('amount' in command) || isFit(command.amount)
  return isCoherent && isFit(numerator) && isOfCoins && isFit(by) && isFit(-by)
}
