/** The actors of the memory store. */
import type { Actor } from '../../domain/by.ts'
import type { Instant } from '../../domain/ids.ts'
import type { ActorBook, ActorUse } from '../../engine/actor-book.ts'
import type { ActorRow, Connection } from './tables.ts'

export class MemoryActors implements ActorBook {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async actor(use: ActorUse, firstAt: Instant): Promise<Actor> {
    const { actors } = await this.#connection.tables()
    const { keyNumber, key, address } = use
    for (const known of actors.values()) {
      if (known.keyNumber === keyNumber && known.key === key && known.address === address) return actorOf(known)
    }
    const row = { number: Math.max(0, ...actors.keys()) + 1, ...use, firstAt }
    actors.set(row.number, row)
    return actorOf(row)
  }
}

function actorOf({ number, key, address }: ActorRow): Actor {
  return { number, key, address }
}
