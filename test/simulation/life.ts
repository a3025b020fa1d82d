/**
 * One life of one process. It interacts with the outside only at its ports: the store, the clock, its answers. After its death nothing
 * crosses a port, so code that was still running has no effect.
 */
import type { Clock } from '../../src/engine/clock.ts'
import type { Chance } from './chance.ts'
import type { Sender, Troubles } from './history.ts'
import type { LocalClock } from './local-clock.ts'
import type { World } from './world.ts'

export class Life implements Sender {
  readonly engine: number
  readonly life: number
  readonly stripe: number
  readonly bornAt: number
  readonly clock: Clock
  /** The same clock for endless loops: the world does not wait for their pauses. */
  readonly backgroundClock: Clock
  readonly troubles: Troubles = {
    conflicts: 0,
    unavailable: 0,
    doubts: 0,
    refusals: 0,
    attemptTicks: [],
    lockedAt: [],
    unforeseen: 0,
    misconfigured: 0,
    stoppedTick: null,
    killed: false,
  }
  dead = false
  readonly #world: World
  readonly #local: LocalClock
  #crash: { crossings: number; readonly turns: number; readonly action: () => void } | null = null

  constructor(world: World, sender: Sender, clock: LocalClock, chance: Chance) {
    this.engine = sender.engine
    this.life = sender.life
    this.stripe = sender.stripe ?? sender.engine
    this.#world = world
    this.bornAt = world.now
    this.#local = clock
    const after = (ms: number, action: () => void, inBackground: boolean): (() => void) =>
      world.after(
        ms,
        () => {
          if (this.crosses()) action()
        },
        { inBackground },
      )
    this.clock = {
      now: () => clock.now,
      elapsed: () => world.now - this.bornAt,
      sleep: (ms) => this.until(world.sleep(ms)),
      yield: () => this.until(world.sleep(chance.likely(0.5) ? 0 : chance.exponential(0.02))),
      random: () => chance.fraction(),
      after: (ms, action) => after(ms, action, false),
    }
    this.backgroundClock = { ...this.clock, after: (ms, action) => after(ms, action, true) }
  }

  /** The latest time that its clock has shown. */
  get latest(): number {
    return this.#local.mostSince(this.bornAt)
  }

  /** Counts a crossing of a port. False after the death of the process. */
  crosses(): boolean {
    if (this.dead) return false
    const crash = this.#crash
    if (crash !== null && crash.crossings-- <= 0) {
      this.#crash = null
      this.#world.afterTurns(crash.turns, crash.action)
    }
    return !this.dead
  }

  /** Settles as the promise does; never settles when this life ends first. */
  until<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => {
          if (this.crosses()) resolve(value)
        },
        (error: Error) => {
          if (this.crosses()) reject(error)
        },
      )
    })
  }

  /** Calls `action` that many turns of the microtask queue after that many crossings of a port. */
  crashAfter(crossings: number, turns: number, action: () => void): void {
    this.#crash ??= { crossings, turns, action }
  }

  /** Cancels `crashAfter`. */
  spare(): void {
    this.#crash = null
  }
}
