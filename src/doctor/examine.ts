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
  const kind = storeKindOf(url)
  try {
    return bySeverity(await EXAMINERS[kind](url))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return [finding('server.unreachable', 'broken', { value: error.message, remedy: remedyOf(kind, error) })]
  }
}

const FULL = /too many (?:clients|connections)|remaining connection slots/i

/** Null where the message says what to do. */
function remedyOf(kind: StoreKind, { code, message }: Fault): string | null {
  if (kind === 'sqlite' || code === 'store_misconfigured') return null
  if (FULL.test(message)) {
    return 'End connections of other programs, run fewer processes or a smaller pool_size, or raise max_connections of the server'
  }
  return 'Start the database, or correct the host and the port of the store URL'
}
