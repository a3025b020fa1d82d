/** The examination of the database at a store URL, whatever its kind. Nothing in it is changed. */
import { Fault } from '../engine/faults.ts'
import { storeKindOf, type StoreKind } from '../stores/open.ts'
import { StoreUrlError } from '../stores/store-url-error.ts'
import { bySeverity, finding, type Finding } from './finding.ts'

const EXAMINERS: Readonly<Record<StoreKind, (url: string) => Promise<readonly Finding[]>>> = {
  memory: () =>
    Promise.reject(new StoreUrlError('A ledger in memory ends with its process; there is nothing to examine.')),
  sqlite: async (url) => await (await import('./sqlite/examine.ts')).examineSqlite(url),
  mysql: async (url) => await (await import('./mysql/examine.ts')).examineMysql(url),
  postgres: async (url) => await (await import('./postgres/examine.ts')).examinePostgres(url),
}

/**
 * The findings, the worst first. A database that cannot be opened is a finding too.
 *
 * @throws StoreUrlError
 */
export async function examine(url: string): Promise<readonly Finding[]> {
  try {
    return bySeverity(await EXAMINERS[storeKindOf(url)](url))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const remedy =
      error.code === 'store_misconfigured'
        ? null
        : 'Start the database, or correct the host and the port of the store URL'
    return [finding('server.unreachable', 'broken', { value: error.message, remedy })]
  }
}
