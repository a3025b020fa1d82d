/** Opens the bridge of a ledger at a store URL. Each driver is loaded only if it is needed. */
import { BridgeError, type Bridge } from './bridge.ts'
import type { BridgePlan } from './plan.ts'

/**
 * @param plan null: that of the bridge which is installed
 * @throws BridgeError for a store without bridges, or when none is installed; MappingError, SourceError, StoreUrlError, Fault
 */
export async function openBridge(url: string, plan: BridgePlan | null): Promise<Bridge> {
  switch (url.slice(0, url.indexOf(':'))) {
    case 'mysql':
    case 'mariadb': {
      const { MysqlBridge } = await import('./mysql-bridge.ts')
      const { openMysqlSource } = await import('../import/mysql-source.ts')
      return await MysqlBridge.open(url, plan, () => openMysqlSource(url))
    }
    case 'postgres':
    case 'postgresql': {
      const { PostgresBridge } = await import('./postgres-bridge.ts')
      const { openPostgresSource } = await import('../import/postgres-source.ts')
      return await PostgresBridge.open(url, plan, () => openPostgresSource(url))
    }
    default:
      throw new BridgeError('A bridge joins two sets of tables of one database server: MySQL, MariaDB or PostgreSQL.')
  }
}
