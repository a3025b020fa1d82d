/**
 * What the index on (id, version) does to compare-and-swap on InnoDB: which index the server takes for the swap, how fast swaps are with
 * the index and without it, and how large it becomes.
 */
import type { Row } from '../databases/database.ts'
import { openDatabase, StoreTrouble, type ScratchServer } from '../databases/scratch.ts'
import { connectTo } from '../../harness/server-client.ts'
import { seededRandom } from '../load/random.ts'
import { pickerOf, usersOf } from '../load/users.ts'

export interface IndexFigure {
  readonly indexed: boolean
  /** The index that `EXPLAIN` shows for the swap. */
  readonly usedKey: string
  /** Swaps of random users over one connection, 100 in a transaction: the median of the rounds. */
  readonly swapsPerSecond: number
  readonly roundsSwapsPerSecond: readonly number[]
  /** Of the index on (id, version) after the swaps; null without it. */
  readonly indexBytes: number | null
}

export interface IndexExtent {
  readonly users: number
  readonly swapsPerRound: number
  /** For each of the two tables; they alternate. */
  readonly rounds: number
}

const EXTENT: IndexExtent = { users: 10_000, swapsPerRound: 10_000, rounds: 7 }

const SWAPS_PER_TRANSACTION = 100
const USERS_PER_STATEMENT = 1_000
const INDEX = 'idx_users_id_version'
const SWAP = `UPDATE users SET frozen_balance = frozen_balance + ?, version = version + 1, updated_at = CURRENT_TIMESTAMP
  WHERE id = ? AND version = ? AND balance - frozen_balance >= ?`

/** @throws StoreTrouble for a store that is not InnoDB */
export async function compareIndex(
  server: ScratchServer,
  extent: IndexExtent = EXTENT,
): Promise<readonly IndexFigure[]> {
  if (server.dialect !== 'mysql') throw new StoreTrouble('The index is compared on MySQL and MariaDB.')
  await using closing = new AsyncDisposableStack()
  const tables: Table[] = []
  for (const indexed of [false, true]) {
    const database = await server.create()
    closing.defer(() => database.drop())
    tables.push(closing.use(await Table.create(database.url, indexed, extent.users)))
  }
  for (let round = 0; round <= extent.rounds; round++) {
    // Round 0 is the warm-up.
    for (const table of tables) await table.swap(extent.swapsPerRound, round > 0)
  }
  return await Promise.all(tables.map((table) => table.figure()))
}

class Table implements AsyncDisposable {
  readonly #indexed: boolean
  readonly #url: string
  readonly #database: Awaited<ReturnType<typeof openDatabase>>
  readonly #versions: number[]
  readonly #pick: () => number
  readonly #rates: number[] = []

  private constructor(
    url: string,
    indexed: boolean,
    database: Awaited<ReturnType<typeof openDatabase>>,
    users: number,
  ) {
    this.#url = url
    this.#indexed = indexed
    this.#database = database
    this.#versions = Array.from({ length: users + 1 }, () => 0)
    this.#pick = pickerOf(usersOf(users), 'uniform', seededRandom(1))
  }

  static async create(url: string, indexed: boolean, users: number): Promise<Table> {
    const database = await openDatabase(url, 'mysql', { connectionsMax: 1, lockTimeoutMs: 50_000 })
    const table = new Table(url, indexed, database, users)
    await database.run([
      `CREATE TABLE users (id BIGINT NOT NULL PRIMARY KEY, balance BIGINT NOT NULL, frozen_balance BIGINT NOT NULL,
        version BIGINT NOT NULL DEFAULT 0, updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
      ...(indexed ? [`CREATE INDEX ${INDEX} ON users (id, version)`] : []),
    ])
    for (let first = 1; first <= users; first += USERS_PER_STATEMENT) {
      const ids = Array.from({ length: Math.min(USERS_PER_STATEMENT, users - first + 1) }, (_, index) => first + index)
      const rows = ids.map((id) => `(${id}, 1000000000, 0)`)
      await database.run([`INSERT INTO users (id, balance, frozen_balance) VALUES ${rows.join(', ')}`])
    }
    return table
  }

  async swap(count: number, isMeasured: boolean): Promise<void> {
    const startedAt = performance.now()
    for (let done = 0; done < count; done += SWAPS_PER_TRANSACTION) {
      await this.#database.transaction(async (connection) => {
        for (let number = 0; number < SWAPS_PER_TRANSACTION; number++) {
          const id = this.#pick()
          const changed = await connection.change(SWAP, [1, id, this.#versions[id]!++, 1])
          if (changed !== 1) throw new Error(`The version of user ${id} is not what was written.`)
        }
      })
    }
    if (isMeasured) this.#rates.push(Math.round((count * 1_000) / (performance.now() - startedAt)))
  }

  async figure(): Promise<IndexFigure> {
    const client = await connectTo(this.#url)
    const rowsOf = async (sql: string): Promise<readonly Row[]> => ((await client.query(sql)) as [Row[]])[0]
    try {
      // MySQL shows a tree otherwise, MariaDB knows only the table.
      const format = /mariadb/i.test(await client.version()) ? '' : 'FORMAT = TRADITIONAL '
      const [plan] = await rowsOf(`EXPLAIN ${format}UPDATE users SET version = 2 WHERE id = 1 AND version = 1`)
      await client.query('ANALYZE TABLE users')
      const [size] = await rowsOf(
        `SELECT stat_value * @@innodb_page_size AS bytes FROM mysql.innodb_index_stats
         WHERE database_name = DATABASE() AND index_name = '${INDEX}' AND stat_name = 'size'`,
      )
      return {
        indexed: this.#indexed,
        usedKey: String(plan!['key']),
        swapsPerSecond: this.#rates.toSorted((left, right) => left - right)[this.#rates.length >> 1]!,
        roundsSwapsPerSecond: this.#rates,
        indexBytes: size === undefined ? null : Number(size['bytes']),
      }
    } finally {
      await client.end()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]()
  }
}
