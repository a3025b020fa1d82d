/** Old systems on PostgreSQL. */
import { Client, DatabaseError, Pool, type ClientBase } from 'pg'
import { administer, PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import type { OldDatabase, OldDialect, OldServer, OldSession } from './old-server.ts'

const DIALECT: OldDialect = {
  tables: [
    `CREATE TABLE users (
      id bigint NOT NULL PRIMARY KEY,
      balance bigint NOT NULL,
      frozen_balance bigint NOT NULL,
      version bigint NOT NULL DEFAULT 0,
      updated_at timestamptz NOT NULL DEFAULT now()
    )`,
    `CREATE TABLE compute_freeze_logs (
      id bigserial PRIMARY KEY,
      request_id varchar(64) NOT NULL UNIQUE,
      user_id bigint NOT NULL REFERENCES users (id),
      amount bigint NOT NULL,
      actual_amount bigint,
      status varchar(16) NOT NULL
    )`,
  ],
  wallets: [
    `CREATE TABLE wallets (uid varchar(40) NOT NULL, kind int NOT NULL, coins numeric(20, 2) NOT NULL, locked numeric(20, 2) NOT NULL,
       PRIMARY KEY (uid, kind))`,
    `CREATE TABLE freezes (id bigserial PRIMARY KEY, request_id varchar(64) UNIQUE, uid varchar(40), kind int,
       amount numeric(20, 2), status int)`,
  ],
  unfit: [
    [
      [`CREATE TABLE users (id bigint PRIMARY KEY, balance double precision NOT NULL, frozen_balance bigint NOT NULL)`],
      /floating-point/,
    ],
    [
      [`CREATE TABLE users (id bigint NOT NULL, balance bigint NOT NULL, frozen_balance bigint NOT NULL)`],
      /no unique index/,
    ],
    [
      [`CREATE TABLE users (id text PRIMARY KEY, balance bigint NOT NULL, frozen_balance bigint NOT NULL)`],
      /a bridge needs one type/,
    ],
    [
      [
        `CREATE TABLE users (id bigint PRIMARY KEY, balance bigint NOT NULL, frozen_balance bigint NOT NULL)`,
        `CREATE TABLE more () INHERITS (users)`,
      ],
      /has tables that inherit from it/,
    ],
    [
      [`CREATE UNLOGGED TABLE users (id bigint PRIMARY KEY, balance bigint NOT NULL, frozen_balance bigint NOT NULL)`],
      /must be a table that is logged/,
    ],
  ],
  insertUnlessThere: (row) =>
    `INSERT INTO users (id, balance, frozen_balance) VALUES (${row}) ON CONFLICT (id) DO NOTHING`,
  insertOrUpdate: (row, assignment) =>
    `INSERT INTO users (id, balance, frozen_balance) VALUES (${row}) ON CONFLICT (id) DO UPDATE SET ${assignment.replace('= balance', '= users.balance')}`,
  takeFromLast: 'UPDATE users SET balance = balance - 15',
  failedStatementEndsAll: true,
  beginWithSnapshot: ['BEGIN ISOLATION LEVEL REPEATABLE READ'],
  pastTriggers: (update) => ['BEGIN', `SELECT set_config('holdfast.side', 'ledger', true)`, update, 'COMMIT'],
  tablesMade: `SELECT relname AS name FROM pg_class WHERE relname LIKE 'bridge%' AND relkind = 'r'`,
  triggersMade: 'SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal',
  duplicate: '23505',
  dangling: '23503',
  disturbance: null,
}

export class PostgresOldDatabase implements OldDatabase {
  readonly database: PostgresDatabase
  readonly #roles: string[] = []

  constructor(database: PostgresDatabase) {
    this.database = database
  }

  get name(): string {
    return this.database.name
  }

  url(by: { readonly user?: string } = {}): string {
    return this.database.url({}, by)
  }

  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.database.client.query<Record<string, unknown>>(sql)).rows
  }

  /** A role that may log in, without a password; dropped with the database. */
  async createRole(): Promise<string> {
    const role = `${this.name}_${this.#roles.length}`
    await this.query(`CREATE ROLE ${role} LOGIN`)
    this.#roles.push(role)
    return role
  }

  async rival(): Promise<OldSession & AsyncDisposable> {
    const client = new Client({ connectionString: this.url() })
    await client.connect()
    return { run: running(client), [Symbol.asyncDispose]: () => client.end() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]()
    await administer(async (client) => {
      for (const role of this.#roles) await client.query(`DROP ROLE ${role}`)
    })
  }
}

function running(client: ClientBase): OldSession['run'] {
  return async (sql, values = []) => {
    let count = 0
    const text = sql.replaceAll('?', () => `$${++count}`)
    const { rows, rowCount } = await client.query<Record<string, unknown>>(text, [...values])
    return { rows, changed: rowCount ?? 0 }
  }
}

export const POSTGRES: OldServer = {
  name: 'postgres',
  url: WITHOUT_POSTGRES === false ? 'postgres' : null,
  reason: WITHOUT_POSTGRES === false ? '' : WITHOUT_POSTGRES,
  dialect: DIALECT,
  create: async () => new PostgresOldDatabase(await PostgresDatabase.create()),
  pool: (connectionString, max) => {
    const pool = new Pool({ connectionString, max })
    return {
      take: async () => {
        const client = await pool.connect()
        return { run: running(client), release: () => client.release() }
      },
      end: () => pool.end(),
    }
  },
  errorName: (error) => (error instanceof DatabaseError ? (error.code ?? null) : null),
}
