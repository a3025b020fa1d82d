/** The actors that a process has seen, so that a command costs no look-up. */
import type { Actor } from '../domain/by.ts'
import type { ActorBook, ActorUse } from './actor-book.ts'
import type { Clock } from './clock.ts'

/** Actors that a process remembers. An actor that was forgotten costs a look-up, and no row. */
const ACTORS_REMEMBERED_MAX = 10_000

/** Remembers the actors that were used last. */
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
