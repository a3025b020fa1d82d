/**
 * The way of a sweeper through the order of expiries, past holds that have ended.
 *
 * Nothing in the rows shows which holds are open. So a sweeper remembers up to which place it has looked, its front, and every round goes
 * on from there to the present. A hold can come to a place behind the front: its freeze was committed late, or by a process whose clock
 * is behind, or the front was ahead for a moment because of a wrong clock. Therefore every place is looked at again, at a bounded rate:
 * those of the last minutes soon (the trail), and all of them in turn (the patrol). The front is only memory, so whatever it skipped is
 * found by the patrol; a process that starts patrols first what is long past.
 */
import type { Instant } from '../domain/ids.ts'
import type { EngineLimits } from './limits.ts'
import type { ExpiryPlace } from './reader.ts'

export type WalkLimits = Pick<
  EngineLimits,
  'expiryPlacesMax' | 'expiryRecentMs' | 'expiryTrailMs' | 'expiryPatrolPlacesMax'
>

/** Where to look next. */
export interface Stretch {
  readonly after: ExpiryPlace | null
  readonly until: Instant
  readonly placesMax: number
}

/** A part of the way. */
export interface ExpiryWalk {
  /** The next look of this round; null when it needs no other. */
  next(now: Instant): Stretch | null
  /** Everything up to the place was looked at; null: up to the end of the stretch. */
  looked(stretch: Stretch, reached: ExpiryPlace | null): void
}

/** From where the last round ended up to the present. */
export class Front implements ExpiryWalk {
  readonly #limits: WalkLimits
  #after: ExpiryPlace | null = null
  /** Whether the last look came up to its present. */
  #isDone = false

  constructor(limits: WalkLimits) {
    this.#limits = limits
  }

  /** The last expiry that was looked at; null before the first look. */
  get at(): Instant | null {
    return this.#after === null ? null : this.#after.expiresAt
  }

  begin(): void {
    this.#isDone = false
  }

  /** What is left of the way to the present. */
  next(now: Instant): Stretch | null {
    if (this.#isDone) return null
    this.#after ??= endOf(now - this.#limits.expiryRecentMs)
    // After the clock was ahead.
    if (this.#after.expiresAt > now) this.#after = endOf(now - 1)
    return { after: this.#after, until: now, placesMax: this.#limits.expiryPlacesMax }
  }

  looked({ until }: Stretch, reached: ExpiryPlace | null): void {
    this.#isDone = reached === null
    // The present millisecond is not over.
    this.#after = reached ?? endOf(until - 1)
  }
}

/** Looks of one round in the first turn of a patrol: what became due before the start is found soon. */
const FIRST_TURN_LOOKS = 10

/** What is behind the front, from `begin` on, again and again. */
class Patrol implements ExpiryWalk {
  readonly #front: Front
  readonly #limits: WalkLimits
  readonly #begin: (until: Instant) => ExpiryPlace | null
  /** What is left of the present turn; null between two turns. */
  #left: { readonly after: ExpiryPlace | null; readonly until: Instant } | null = null
  #turns = 0
  /** Looks that the round has left. */
  #looks = 0

  constructor(front: Front, limits: WalkLimits, begin: (until: Instant) => ExpiryPlace | null) {
    this.#front = front
    this.#limits = limits
    this.#begin = begin
  }

  begin(): void {
    this.#looks = this.#turns === 0 ? FIRST_TURN_LOOKS : 1
  }

  next(): Stretch | null {
    return this.#looks === 0 ? null : this.#rest()
  }

  /** What is left of the first turn, which looks for what became due before this process started. */
  get restOfFirstTurn(): Stretch | null {
    return this.#turns === 0 ? this.#rest() : null
  }

  #rest(): Stretch | null {
    const { at } = this.#front
    if (at === null) return null
    this.#left ??= { after: this.#begin(at), until: at }
    const { expiryPlacesMax, expiryPatrolPlacesMax } = this.#limits
    return { ...this.#left, placesMax: this.#turns === 0 ? expiryPlacesMax : expiryPatrolPlacesMax }
  }

  looked({ until }: Stretch, reached: ExpiryPlace | null): void {
    this.#left = reached === null ? null : { after: reached, until }
    this.#looks = reached === null ? 0 : this.#looks - 1
    if (reached === null) this.#turns++
  }
}

export class ExpiryWalks {
  readonly front: Front
  readonly #trail: Patrol
  readonly #patrol: Patrol

  constructor(limits: WalkLimits) {
    this.front = new Front(limits)
    this.#trail = new Patrol(this.front, limits, (until) => endOf(until - limits.expiryTrailMs))
    this.#patrol = new Patrol(this.front, limits, () => null)
  }

  /** Where holds that are due may still be left: what no look has passed yet. */
  left(now: Instant): readonly Stretch[] {
    return [this.#patrol.restOfFirstTurn, this.front.next(now)].filter((stretch) => stretch !== null)
  }

  /** The walks of a new round, in their order. */
  begin(): readonly ExpiryWalk[] {
    const walks = [this.front, this.#trail, this.#patrol]
    for (const walk of walks) walk.begin()
    return walks
  }
}

/** The place after all that expire at this instant. */
function endOf(expiresAt: Instant): ExpiryPlace {
  return { expiresAt, seq: Number.MAX_SAFE_INTEGER }
}
