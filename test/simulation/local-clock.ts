/** The clock of one machine: it differs from the world's time by some seconds, and jumps sometimes. */
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

  /** The difference from the world's time. */
  get offMs(): number {
    return this.#jumps.reduce((sum, { byMs }) => sum + byMs, 0)
  }

  /** The number of times that it was set since an instant of the world. */
  jumpsSince(since: number): number {
    return this.#jumps.filter(({ at }) => at > 0 && at >= since).length
  }

  /** The largest difference since an instant of the world, in either direction. */
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

  /** The earliest time that it has shown since an instant of the world; `mostSince` gives the latest. */
  leastSince(since: number): number {
    return Math.min(...this.#turningPoints(since))
  }

  mostSince(since: number): number {
    return Math.max(...this.#turningPoints(since))
  }

  /** The readings among which the least and the most are: at both ends, and before and after every jump. */
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
