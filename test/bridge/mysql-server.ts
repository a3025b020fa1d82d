/** Old systems on MySQL and MariaDB. */
import { createPool } from 'mysql2/promise'
import type { ResultSetHeader } from 'mysql2'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'
import type { OldDatabase, OldDialect, OldServer, OldSession } from './old-server.ts'

const DIALECT: OldDialect = {
  tables: [
    `CREATE TABLE users (
      id BIGINT NOT NULL PRIMARY KEY,
      balance BIGINT NOT NULL,
      frozen_balance BIGINT NOT NULL,
      version BIGINT NOT NULL DEFAULT 0,
      updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
    )`,
    `CREATE TABLE compute_freeze_logs (
      id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      request_id VARCHAR(64) NOT NULL,
      user_id BIGINT NOT NULL,
      amount BIGINT NOT NULL,
      actual_amount BIGINT,
      status VARCHAR(16) NOT NULL,
      UNIQUE KEY idx_request_id (request_id)
    )`,
  ],
  wallets: [
    `CREATE TABLE wallets (uid VARCHAR(40) NOT NULL, kind INT NOT NULL, coins DECIMAL(20, 2) NOT NULL, locked DECIMAL(20, 2) NOT NULL,
       PRIMARY KEY (uid, kind))`,
    `CREATE TABLE freezes (id BIGINT AUTO_INCREMENT PRIMARY KEY, request_id VARCHAR(64) UNIQUE, uid VARCHAR(40), kind INT,
       amount DECIMAL(20, 2), status INT)`,
  ],
  unfit: [
    [
      [`CREATE TABLE users (id BIGINT PRIMARY KEY, balance DOUBLE NOT NULL, frozen_balance BIGINT NOT NULL)`],
      /floating-point/,
    ],
    [
      [`CREATE TABLE users (id BIGINT NOT NULL, balance BIGINT NOT NULL, frozen_balance BIGINT NOT NULL)`],
      /no unique index/,
    ],
    [
      [
        `CREATE TABLE teams (id BIGINT PRIMARY KEY)`,
        `CREATE TABLE users (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL, frozen_balance BIGINT NOT NULL, team BIGINT,
           CONSTRAINT of_team FOREIGN KEY (team) REFERENCES teams (id) ON DELETE CASCADE)`,
      ],
      /foreign key of_team changes or deletes rows/,
    ],
  ],
  insertUnlessThere: (row) => `INSERT IGNORE INTO users (id, balance, frozen_balance) VALUES (${row})`,
  insertOrUpdate: (row, assignment) =>
    `INSERT INTO users (id, balance, frozen_balance) VALUES (${row}) ON DUPLICATE KEY UPDATE ${assignment}`,
  takeFromLast: 'UPDATE users SET balance = balance - 15 ORDER BY id DESC',
  failedStatementEndsAll: false,
  beginWithSnapshot: ['SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'BEGIN'],
  pastTriggers: (update) => [`SET @holdfast_side = 'ledger'`, update, 'SET @holdfast_side = NULL'],
  tablesMade: `SHOW TABLES LIKE 'bridge%'`,
  triggersMade: 'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()',
  duplicate: '1062',
  dangling: '1452',
  // A transaction that has read a table and goes on to write it, while somebody waits to make a trigger.
  disturbance: '1213',
}

export class MysqlOldDatabase implements OldDatabase {
  readonly database: MysqlDatabase

  constructor(database: MysqlDatabase) {
    this.database = database
  }

  get name(): string {
    return this.database.name
  }

  url(by: { readonly user?: string } = {}): string {
    return this.database.url(by)
  }

  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return await this.database.query(sql)
  }

  async rival(): Promise<OldSession & AsyncDisposable> {
    const connection = await this.database.connect()
    return { run: running(connection), [Symbol.asyncDispose]: async () => connection.destroy() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]()
  }
}

interface Runner {
  query(sql: string, values: unknown[]): Promise<[unknown, ...unknown[]]>
}

function running(connection: Runner): OldSession['run'] {
  return async (sql, values = []) => {
    const [answer] = await connection.query(sql, [...values])
    if (Array.isArray(answer)) return { rows: answer as Record<string, unknown>[], changed: answer.length }
    return { rows: [], changed: (answer as ResultSetHeader).affectedRows }
  }
}

export function mysqlOldServer(name: 'mysql' | 'mariadb'): OldServer {
  const { url, reason } = mysqlServers().find((server) => server.name === name)!
  return {
    name,
    url,
    reason,
    dialect: DIALECT,
    create: async () => new MysqlOldDatabase(await MysqlDatabase.create(url!)),
    pool: (uri, connectionLimit) => {
      const pool = createPool({ uri, connectionLimit, supportBigNumbers: true, flags: ['FOUND_ROWS'] })
      return {
        take: async () => {
          const connection = await pool.getConnection()
          return { run: running(connection), release: () => connection.release() }
        },
        end: () => pool.end(),
      }
    },
    errorName: (error) => {
      const { errno } = error as { readonly errno?: number }
      return errno === undefined ? null : String(errno)
    },
  }
}
