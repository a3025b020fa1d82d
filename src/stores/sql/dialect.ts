/** The dialects of SQL, and the interface of parts that work with all of them to a database. */
import {
  DummyDriver,
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type Dialect,
} from 'kysely'
import type { LedgerTables } from './tables.ts'
import type { Row } from './values.ts'

/** MariaDB has the dialect `mysql`. */
export type SqlDialect = 'sqlite' | 'mysql' | 'postgres'

/** Runs one statement on committed rows. @throws Fault `store_unavailable` */
export type Query = (sql: string, parameters: readonly unknown[]) => Promise<readonly Row[]>

/** Builds and compiles statements; it has no connection to run them on. */
export type QueryBuilder = Kysely<LedgerTables>

const DIALECTS: Readonly<Record<SqlDialect, Dialect>> = {
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (builder) => new SqliteIntrospector(builder),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  mysql: {
    createAdapter: () => new MysqlAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (builder) => new MysqlIntrospector(builder),
    createQueryCompiler: () => new MysqlQueryCompiler(),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (builder) => new PostgresIntrospector(builder),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
}

export function queryBuilder(dialect: SqlDialect): QueryBuilder {
  return new Kysely<LedgerTables>({ dialect: DIALECTS[dialect] })
}
