/** The actors of a PostgreSQL database. */
import type { Actor } from '../../domain/by.ts'
import type { Instant } from '../../domain/ids.ts'
import { Fault } from '../../engine/faults.ts'
import type { ActorBook, ActorUse } from '../../engine/actor-book.ts'
import { ACTOR, actorNumberOf, actorRow } from '../sql/author-row.ts'
import type { Connections } from './connections.ts'
import { faultOf, ReadOnlyFault } from './errors.ts'

/** Finds an actor or adds it. A row that another process adds at the same time is visible to the next statement only. */
const FIND_OR_ADD = `WITH found AS (
    SELECT number FROM actors WHERE key_number = $1::bigint AND key_name = $2::text AND address = $3::text
  ), added AS (
    INSERT INTO actors (${ACTOR.columns.join(', ')})
    SELECT $1::bigint, $2::text, $3::text, $4::bigint WHERE NOT EXISTS (SELECT 1 FROM found)
    ON CONFLICT (key_number, address, key_name) DO NOTHING RETURNING number
  )
  SELECT number FROM found UNION ALL SELECT number FROM added`

const ATTEMPTS_MAX = 2

export class PostgresActors implements ActorBook {
  readonly #connections: Connections

  constructor(connections: Connections) {
    this.#connections = connections
  }

  async actor(use: ActorUse, at: Instant): Promise<Actor> {
    const { key, address } = use
    const values = Object.values(actorRow(use, at))
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const number = await this.#findOrAdd(values)
      if (number !== null) return { number, key, address }
    }
    throw new Fault('contention', 'Another process changed the table of actors.')
  }

  /** On the line of the commits: it is as durable as they are. */
  async #findOrAdd(values: unknown[]): Promise<number | null> {
    try {
      const { rows } = await this.#connections.line.send({ name: 'holdfast_actor', text: FIND_OR_ADD, values })
      const [row] = rows
      return row === undefined ? null : actorNumberOf(row)
    } catch (error) {
      if (error instanceof ReadOnlyFault) this.#connections.giveUp()
      // A repeat finds what was added, so nothing is in doubt.
      if (!(error instanceof Fault)) throw faultOf(error)
      throw error.code === 'commit_in_doubt' ? faultOf(error.cause) : error
    }
  }
}
