/** The actors of a SQLite file. */
import type { DatabaseSync } from 'node:sqlite'
import type { Instant } from '../../domain/ids.ts'
import type { ActorUse } from '../../engine/actor-book.ts'
import { ACTOR, actorNumberOf, actorRow } from '../sql/author-row.ts'
import { insertOf } from './row-writer.ts'

/** The statements of a connection, in a transaction that has the write lock. */
export class SqliteActors {
  readonly #select
  readonly #insert

  constructor(database: DatabaseSync) {
    this.#select = database.prepare('SELECT number FROM actors WHERE key_number = ? AND address = ? AND key_name = ?')
    this.#insert = database.prepare(insertOf(ACTOR))
  }

  /** The number of the actor; null when it is not there. */
  find({ keyNumber, key, address }: ActorUse): number | null {
    const row = this.#select.get(keyNumber, address, key)
    return row === undefined ? null : actorNumberOf(row)
  }

  add(use: ActorUse, at: Instant): void {
    this.#insert.run(...Object.values(actorRow(use, at)))
  }
}
