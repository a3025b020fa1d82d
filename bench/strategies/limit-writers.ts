/** The tables of the limit, and the statements that write one of its batches. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Client } from 'pg'
import { DatabaseFailure, type Dialect } from '../databases/database.ts'
import type { LimitRows } from './limit-rows.ts'
import type { Site } from './strategy.ts'
import { TwoConnections } from './two-connections.ts'

export interface LimitWriter extends AsyncDisposable {
  /** Resolves when everything is durable; calls take effect in order. @throws DatabaseFailure */
  write(rows: LimitRows): Promise<void>
}

const TYPES = {
  sqlite: { big: 'INTEGER', id: 'BLOB', text: 'TEXT', end: ' STRICT' },
  postgres: { big: 'bigint', id: 'uuid', text: 'text', end: '' },
  mysql: {
    big: 'BIGINT',
    id: 'BINARY(16)',
    text: 'MEDIUMTEXT',
    end: ' ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET ascii COLLATE ascii_bin',
  },
} as const satisfies Record<Dialect, object>

export function limitTables(dialect: Dialect): readonly string[] {
  const { big, id, text, end } = TYPES[dialect]
  const clustered = dialect === 'sqlite' ? `${end}, WITHOUT ROWID` : end
  return [
    `CREATE TABLE balances (id ${big} PRIMARY KEY, available ${big} NOT NULL, held ${big} NOT NULL, version ${big} NOT NULL,
      CHECK (held >= 0))${end}`,
    `CREATE TABLE holds (seq ${big} PRIMARY KEY, id ${id} NOT NULL UNIQUE, fingerprint ${big} NOT NULL, balance_id ${big} NOT NULL,
      payee ${big} NOT NULL, amount ${big} NOT NULL, version ${big} NOT NULL, expires_at ${big} NOT NULL, at ${big} NOT NULL)${end}`,
    'CREATE INDEX holds_expiry ON holds (expires_at)',
    `CREATE TABLE ends (seq ${big} PRIMARY KEY, fingerprint ${big} NOT NULL, settled ${big} NOT NULL, version ${big} NOT NULL,
      payee_version ${big} NOT NULL, at ${big} NOT NULL)${end}`,
    `CREATE TABLE journal (balance_id ${big} NOT NULL, version ${big} NOT NULL, at ${big} NOT NULL, lines_packed ${text} NOT NULL,
      PRIMARY KEY (balance_id, version))${clustered}`,
  ]
}

export async function openLimitWriter({ url, dialect }: Site): Promise<LimitWriter> {
  switch (dialect) {
    case 'sqlite':
      return new SqliteLimit(url.slice('sqlite:'.length))
    case 'postgres':
      return await postgresLimit(url)
    case 'mysql':
      return await mysqlLimit(url)
  }
}

class SqliteLimit implements LimitWriter {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(file: string) {
    this.#database = new DatabaseSync(file)
    this.#database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL')
  }

  async write({ holds, ends, journal, balances }: LimitRows): Promise<void> {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      for (const [seq, id, ...others] of holds) {
        this.#run(`INSERT INTO holds VALUES (?, unhex(?)${', ?'.repeat(others.length)})`, [seq, id, ...others])
      }
      for (const row of ends) this.#run('INSERT INTO ends VALUES (?, ?, ?, ?, ?, ?)', row)
      for (const row of journal) this.#run('INSERT INTO journal VALUES (?, ?, ?, ?)', row)
      for (const row of balances) {
        this.#run(
          `UPDATE balances SET available = ?, held = ?, version = ?
           WHERE id = ? AND version = ? AND available = ? AND held = ?`,
          row,
        )
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      throw new DatabaseFailure('database', error)
    }
  }

  #run(sql: string, values: readonly SQLInputValue[]): void {
    let statement = this.#statements.get(sql)
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)))
    statement.run(...values)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#database.close()
  }
}

/** The statements of a batch; the inserts, then the balances with their guards. */
function statementsOf(
  { holds, ends, journal, balances }: LimitRows,
  dialect: 'mysql' | 'postgres',
): readonly [readonly string[], readonly string[]] {
  const id = dialect === 'mysql' ? (hex: string) => `0x${hex}` : (hex: string) => `'${hex}'`
  const insert = (table: string, rows: readonly string[]): readonly string[] =>
    rows.length === 0 ? [] : [`INSERT INTO ${table} VALUES (${rows.join('),(')})`]
  const guard = dialect === 'mysql' ? ['SET @limit_guard = IF(ROW_COUNT() = 1, 0, (SELECT 1 UNION ALL SELECT 2))'] : []
  return [
    [
      ...insert(
        'holds',
        holds.map(([seq, hex, ...others]) => `${seq},${id(hex)},${others.join(',')}`),
      ),
      ...insert('ends', ends.map(String)),
      ...insert(
        'journal',
        journal.map(([balance, version, at, lines]) => `${balance},${version},${at},'${lines}'`),
      ),
    ],
    balances.flatMap(([available, held, version, balance, ...before]) => [
      `UPDATE balances SET available = ${available}, held = ${held}, version = ${version}
       WHERE id = ${balance} AND version = ${before[0]} AND available = ${before[1]} AND held = ${before[2]}`,
      ...guard,
    ]),
  ]
}

async function postgresLimit(url: string): Promise<LimitWriter> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return {
    async write(rows) {
      const [inserts, updates] = statementsOf(rows, 'postgres')
      await client.query(['BEGIN', ...updates, ...inserts, 'COMMIT'].join(';')).catch((error: unknown) => {
        throw new DatabaseFailure('database', error)
      })
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

/** The inserts of a batch run while the one before commits; its balances follow in order. */
async function mysqlLimit(url: string): Promise<LimitWriter> {
  const connections = await TwoConnections.open(url)
  return {
    async write(rows) {
      const [inserts, updates] = statementsOf(rows, 'mysql')
      await connections.write({
        alone: null,
        ahead: ['START TRANSACTION', ...inserts],
        inTurn: [...updates, 'COMMIT'],
      })
    },
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  }
}
