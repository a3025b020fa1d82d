/** The actors that a process has seen, so that a command costs no look-up. */
import type { Actor } from '../domain/by.ts'
import type { ActorBook, ActorUse } from './actor-book.ts'
import type { Clock } from './clock.ts'
import { Recent } from './recent.ts'

/** Actors that a process remembers. An actor that was forgotten costs a look-up, and no row. */
const ACTORS_REMEMBERED_MAX = 10_000

/** Remembers the actors that were used last. */
export class RememberedActors {
  readonly #book: ActorBook
  readonly #clock: Pick<Clock, 'now'>
  /** By key and address. Calls under way are shared. */
  readonly #actors: Recent<Promise<Actor>>

  constructor(book: ActorBook, clock: Pick<Clock, 'now'>, rememberedMax = ACTORS_REMEMBERED_MAX) {
    this.#book = book
    this.#clock = clock
    this.#actors = new Recent(rememberedMax)
  }

  /** @throws Fault as `ActorBook` */
  actor(use: ActorUse): Promise<Actor> {
    const { keyNumber, key, address } = use
    const name = JSON.stringify([keyNumber, key, address])
    return this.#actors.get(name) ?? this.#look(name, use)
  }

  /** A failure is not remembered. */
  #look(name: string, use: ActorUse): Promise<Actor> {
    const actor = this.#book.actor(use, this.#clock.now())
    this.#actors.set(name, actor)
    actor.catch(() => {
      if (this.#actors.get(name) === actor) this.#actors.delete(name)
    })
    return actor
  }
}
