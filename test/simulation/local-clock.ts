/** The clock of one machine: off by some seconds, and jumping at times. */
import { EPOCH, type World } from './world.ts'

interface Jump {
  readonly at: number
  readonly byMs: number
}

export class LocalClock {
  readonly #world: World
  readonly #jumps: Jump[]

  constructor(world: World, offMs: number) {
    this.#world = world
    this.#jumps = [{ at: 0, byMs: offMs }]
  }

  /** Unix milliseconds. */
  get now(): number {
    return this.#readingAt(this.#world.now)
  }

  /** How far it is off. */
  get offMs(): number {
    return this.#jumps.reduce((sum, { byMs }) => sum + byMs, 0)
  }

  /** How often it was set since a moment of the world. */
  jumpsSince(since: number): number {
    return this.#jumps.filter(({ at }) => at > 0 && at >= since).length
  }

  /** The farthest that it has been off since a moment of the world, ahead or behind. */
  offMostSince(since: number): number {
    let offMs = 0
    let most = 0
    for (const { at, byMs } of this.#jumps) {
      if (at >= since) most = Math.max(most, Math.abs(offMs))
      offMs += byMs
    }
    return Math.max(most, Math.abs(offMs))
  }

  jump(byMs: number): void {
    this.#jumps.push({ at: this.#world.now, byMs })
  }

  /** The least that it has shown since a moment of the world, and the most. */
  leastSince(since: number): number {
    return Math.min(...this.#turningPoints(since))
  }

  mostSince(since: number): number {
    return Math.max(...this.#turningPoints(since))
  }

  /** It only grows from one of these readings to the next. */
  #turningPoints(since: number): number[] {
    const points = [this.#readingAt(since), this.now]
    let offMs = 0
    for (const { at, byMs } of this.#jumps) {
      if (at >= since) points.push(Math.floor(EPOCH + at + offMs), Math.floor(EPOCH + at + offMs + byMs))
      offMs += byMs
    }
    return points
  }

  #readingAt(at: number): number {
    let reading = EPOCH + at
    for (const jump of this.#jumps) if (jump.at <= at) reading += jump.byMs
    return Math.floor(reading)
  }
}
