/** Opens the old database at a URL. Each driver is loaded only if it is needed. */
import { SourceError } from './connection.ts'
import type { Mapping } from './mapping.ts'
import { Source } from './source.ts'

/**
 * Opens the old database at `mysql://…`, `mariadb://…` or `postgres://…`.
 *
 * @throws SourceError, StoreUrlError
 */
export async function openSource(url: string, mapping: Mapping): Promise<Source> {
  const scheme = url.slice(0, url.indexOf(':'))
  if (scheme === 'mysql' || scheme === 'mariadb') {
    const { openMysqlSource } = await import('./mysql-source.ts')
    return new Source(await openMysqlSource(url, mapping), mapping)
  }
  if (scheme === 'postgres' || scheme === 'postgresql') {
    const { openPostgresSource } = await import('./postgres-source.ts')
    return new Source(await openPostgresSource(url), mapping)
  }
  throw new SourceError(
    'The URL of the old database must be mysql://…, mariadb://… or postgres://USER:PASSWORD@HOST/DATABASE.',
  )
}
