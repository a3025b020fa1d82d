/**
 * The bounds of the tick at which each unit of the journal took effect, as far as callers can know. A unit took effect after it was first
 * asked for and before it was first acknowledged. It took effect after every unit that the rows put before it, and before every unit that
 * they put after it.
 *
 * A unit whose bounds cross contradicts the order of the answers: the rows put something that had been acknowledged after something that
 * was asked for later. If no bounds cross, an order exists that agrees with the rows and with every caller.
 */
import { contentsOf } from '../reference/spelling.ts'
import type { Command } from '../../src/domain/command.ts'
import type { Findings } from '../simulation/findings.ts'
import { commandsOf, type Call } from '../simulation/history.ts'
import type { RateBook } from '../reference/exchange.ts'
import type { LiveEffect, LiveJournal, UnitEffects } from './journal.ts'
import { nameOf } from './units.ts'

/** A tick, and the call that it comes from. */
export interface Bound {
  readonly tick: number
  readonly by: string
}

const EVER: Bound = { tick: -Infinity, by: 'nobody' }
const NEVER: Bound = { tick: Infinity, by: 'nobody' }

export class Bounds {
  readonly least: Bound[] = []
  readonly most: Bound[] = []
  readonly #units: readonly UnitEffects[]
  readonly #befores: readonly (readonly number[])[]

  constructor({ units }: LiveJournal, calls: readonly Call[]) {
    this.#units = units
    const places = new Map(units.map(({ unit }, place) => [unit, place]))
    this.#befores = units.map(({ unit }) => [...unit.before].map((before) => places.get(before)!))
    const told = new Told(calls)
    for (const { effects } of units) {
      this.least.push(latest(effects.map((effect) => told.asked(effect))))
      this.most.push(earliest(effects.map((effect) => told.acknowledged(effect))))
    }
    this.settle()
  }

  /** The direct predecessors of each unit, by position. */
  get befores(): readonly (readonly number[])[] {
    return this.#befores
  }

  /** Applies every bound to the units before and after as well. */
  settle(): void {
    for (const [place, befores] of this.#befores.entries()) {
      this.least[place] = latest([this.least[place]!, ...befores.map((before) => this.least[before]!)])
    }
    for (let place = this.#befores.length - 1; place >= 0; place--) {
      for (const before of this.#befores[place]!) {
        this.most[before] = earliest([this.most[before]!, this.most[place]!])
      }
    }
  }

  /** @returns false when some bounds cross */
  check(findings: Findings): boolean {
    let isWell = true
    for (const [place, { unit }] of this.#units.entries()) {
      const [least, most] = [this.least[place]!, this.most[place]!]
      const holds = findings.check(0, least.tick <= most.tick, () => {
        const names = unit.members.map(nameOf).join(', ')
        return `${names} took effect before ${most.by} was answered, and after ${least.by} was asked, which came later`
      })
      isWell &&= holds
    }
    return isWell
  }
}

/** When commands were asked for and acknowledged, by their contents. */
class Told {
  readonly #asked = new Map<string, Bound>()
  readonly #acknowledged = new Map<string, Bound>()

  constructor(calls: readonly Call[]) {
    for (const call of calls) {
      for (const [index, command] of commandsOf(call.ask).entries()) {
        const by = nameOfCall(call, command)
        put(this.#asked, askedKey(command), { tick: call.invokedTick, by }, earliest)
        const result = call.answer?.result
        const outcome = result?.kind === 'outcome' ? result.outcomes[index] : undefined
        if (outcome?.status !== 'applied') continue
        const key = command.kind === 'rate' ? rateName(outcome.answer as RateBook) : askedKey(command)
        put(this.#acknowledged, key, { tick: call.answer!.tick, by }, earliest)
      }
    }
  }

  asked({ cause }: LiveEffect): Bound {
    // A sweeper expires a hold without a request.
    if ('command' in cause && cause.command.kind === 'release' && cause.command.cause === 'expiry') return EVER
    return this.#asked.get('asset' in cause ? assetName(cause.asset) : askedKey(cause.command)) ?? EVER
  }

  acknowledged({ cause, answer }: LiveEffect): Bound {
    const key =
      'asset' in cause
        ? assetName(cause.asset)
        : cause.command.kind === 'rate'
          ? rateName(answer as RateBook)
          : askedKey(cause.command)
    return this.#acknowledged.get(key) ?? NEVER
  }
}

function askedKey(command: Command): string {
  return command.kind === 'declare'
    ? assetName({ code: command.asset, decimals: command.decimals })
    : contentsOf(command)
}

function assetName({ code, decimals }: { readonly code: string; readonly decimals: number }): string {
  return `asset ${code} ${decimals}`
}

function rateName({ from, to, version }: RateBook): string {
  return `rate ${from} ${to} ${version}`
}

export function nameOfCall(call: Call, command: Command | null): string {
  const id = command === null ? '' : 'requestId' in command ? command.requestId : 'hold' in command ? command.hold : ''
  const kind = command?.kind ?? call.ask.kind
  return `${kind} ${id} (place ${call.engine}.${call.life}, asked at ${call.invokedAt.toFixed(0)} ms)`
}

function put(map: Map<string, Bound>, key: string, bound: Bound, choose: (bounds: readonly Bound[]) => Bound): void {
  const known = map.get(key)
  map.set(key, known === undefined ? bound : choose([known, bound]))
}

export function latest(bounds: readonly Bound[]): Bound {
  return bounds.reduce((best, bound) => (bound.tick > best.tick ? bound : best), EVER)
}

export function earliest(bounds: readonly Bound[]): Bound {
  return bounds.reduce((best, bound) => (bound.tick < best.tick ? bound : best), NEVER)
}
