/**
 * What one of several may have of something limited: a multiple of what is still free, once most of it is taken. So one alone has nearly
 * everything, and n who want all they can get leave 1/(n × multiple + 1) free for the others.
 *
 * A. K. Choudhury, E. L. Hahne: Dynamic Queue Length Thresholds for Shared-Memory Packet Switches, IEEE/ACM ToN 6(2), 1998.
 */

/** The part that anybody may take. Shares begin above it. */
export const UNSHARED = 0.8
/** The multiple for a caller, and for an account of one caller. */
export const CALLER_SHARE = 8
export const ACCOUNT_SHARE = 4

/** Who has taken what there is: everybody together, the caller who asks, or one account of that caller. */
export type Crowd = 'all' | 'caller' | 'account'

/** Places of which each caller may have a share. */
export class SharedPlaces {
  readonly #placesMax: number
  readonly #taken = new Map<string, number>()
  #all = 0

  constructor(placesMax: number) {
    this.#placesMax = placesMax
  }

  /** Null when the caller has one more place; it must `leave` it. */
  enter(caller: string): Exclude<Crowd, 'account'> | null {
    const free = this.#placesMax - this.#all
    if (free <= 0) return 'all'
    const own = (this.#taken.get(caller) ?? 0) + 1
    if (this.#all + 1 > this.#placesMax * UNSHARED && own > free * CALLER_SHARE) return 'caller'
    this.#taken.set(caller, own)
    this.#all++
    return null
  }

  leave(caller: string): void {
    const own = this.#taken.get(caller)! - 1
    if (own === 0) this.#taken.delete(caller)
    else this.#taken.set(caller, own)
    this.#all--
  }
}
