/** The port for actors: the API keys that gave commands, each with the addresses that it was used from. */
import type { Actor } from '../domain/by.ts'
import type { Instant } from '../domain/ids.ts'
import type { Clock } from './clock.ts'

/** A key, as it is named now, and the address that it is used from. */
export interface ActorUse {
  /** The number of the key, 1 or more. */
  readonly keyNumber: number
  /** The name of the key, 1 to `KEY_NAME_LENGTH_MAX` characters. */
  readonly key: string
  /** 1 to `ADDRESS_LENGTH_MAX` characters. */
  readonly address: string
}

/** The longest name of a key that an actor keeps. */
export const KEY_NAME_LENGTH_MAX = 128

export interface ActorBook {
  /**
   * The actor of this key and address: the one that is there, or a new one. It is as durable as a commit when this resolves, so that no
   * row of a request names an actor that is not there. A call that fails may be repeated.
   *
   * @param at the time, for a new one
   * @throws Fault `store_unavailable`, `store_misconfigured`, `contention`
   */
  actor(use: ActorUse, at: Instant): Promise<Actor>
}

/** Actors that a process remembers. An actor that was forgotten costs a look-up, and no row. */
export const ACTORS_REMEMBERED_MAX = 10_000

/** Remembers the actors that were used last, so that a command costs no look-up. */
export class RememberedActors {
  readonly #book: ActorBook
  readonly #clock: Pick<Clock, 'now'>
  readonly #rememberedMax: number
  /** By key and address, the one that was used last at the end. Calls under way are shared. */
  readonly #actors = new Map<string, Promise<Actor>>()

  constructor(book: ActorBook, clock: Pick<Clock, 'now'>, rememberedMax = ACTORS_REMEMBERED_MAX) {
    this.#book = book
    this.#clock = clock
    this.#rememberedMax = rememberedMax
  }

  /** @throws Fault as `ActorBook` */
  actor(use: ActorUse): Promise<Actor> {
    const { keyNumber, key, address } = use
    const name = JSON.stringify([keyNumber, key, address])
    const found = this.#actors.get(name)
    if (found !== undefined) this.#actors.delete(name)
    const actor = found ?? this.#look(name, use)
    this.#actors.set(name, actor)
    if (this.#actors.size > this.#rememberedMax) this.#actors.delete(this.#actors.keys().next().value!)
    return actor
  }

  /** A failure is not remembered. */
  #look(name: string, use: ActorUse): Promise<Actor> {
    const actor = this.#book.actor(use, this.#clock.now())
    actor.catch(() => {
      if (this.#actors.get(name) === actor) this.#actors.delete(name)
    })
    return actor
  }
}
