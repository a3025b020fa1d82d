/** The actors of a MySQL or MariaDB database. */
import type { Actor } from '../../domain/by.ts'
import type { Instant } from '../../domain/ids.ts'
import { Fault } from '../../engine/faults.ts'
import type { ActorBook, ActorUse } from '../../engine/actor-book.ts'
import { ACTOR, actorNumberOf, actorRow } from '../sql/author-row.ts'
import type { Connections } from './connections.ts'
import type { MysqlConnection } from './connection.ts'
import { literal, rowLiterals } from './literals.ts'
import { writeUnlessElsewhere } from './short-transaction.ts'
import { IS_PRIMARY } from './transactions.ts'

export class MysqlActors implements ActorBook {
  readonly #connections: Connections

  constructor(connections: Connections) {
    this.#connections = connections
  }

  async actor(use: ActorUse, at: Instant): Promise<Actor> {
    const { key, address } = use
    const number = await this.#connections.read(async (connection) => {
      const found = await find(connection, use)
      if (found !== null) return found
      // Another process may add the same one meanwhile: then that one is kept.
      const row = `INSERT INTO actors (${ACTOR.columns.join(', ')}) VALUES (${rowLiterals(actorRow(use, at))})`
      await writeUnlessElsewhere(connection, [row])
      return await find(connection, use)
    })
    if (number === null) throw new Fault('contention', 'Another process changed the table of actors.')
    return { number, key, address }
  }
}

async function find(connection: MysqlConnection, { keyNumber, key, address }: ActorUse): Promise<number | null> {
  const [reply] = await connection.run([
    `SELECT number FROM actors
      WHERE key_number = ${literal(keyNumber)} AND address = ${literal(address)} AND key_name = ${literal(key)}`,
    IS_PRIMARY,
  ])
  const [row] = reply!.rows
  return row === undefined ? null : actorNumberOf(row)
}
