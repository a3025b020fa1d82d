/** Opens the old database at a URL. Each driver is loaded only if it is needed. */
import { mappedColumns } from './columns.ts'
import { SourceError, type SourceConnection } from './connection.ts'
import { columnNames, type Mapping } from './mapping.ts'
import { Source } from './source.ts'

/**
 * Opens the old database at `mysql://…`, `mariadb://…`, `postgres://…` or `sqlite:FILE`, and checks that its columns can be read exactly.
 *
 * @throws SourceError, StoreUrlError, MappingError
 */
export async function openSource(url: string, mapping: Mapping): Promise<Source> {
  const connection = await connectionTo(url)
  try {
    const { users, freezes } = columnNames(mapping)
    const tables = {
      users: await connection.table(mapping.users.table, users),
      freezes: await connection.table(mapping.freezes.table, freezes),
    }
    const source = new Source(connection, mappedColumns(tables, mapping), mapping)
    await source.requireExactKeys()
    return source
  } catch (error) {
    await connection.close()
    throw error
  }
}

async function connectionTo(url: string): Promise<SourceConnection> {
  switch (url.slice(0, url.indexOf(':'))) {
    case 'mysql':
    case 'mariadb': {
      const { openMysqlSource } = await import('./mysql-source.ts')
      return await openMysqlSource(url)
    }
    case 'postgres':
    case 'postgresql': {
      const { openPostgresSource } = await import('./postgres-source.ts')
      return await openPostgresSource(url)
    }
    case 'sqlite': {
      const { openSqliteSource } = await import('./sqlite-source.ts')
      return openSqliteSource(url)
    }
    default:
      throw new SourceError(
        'The URL of the old database must be mysql://…, mariadb://… or postgres://USER:PASSWORD@HOST/DATABASE, or sqlite:FILE.',
      )
  }
}
