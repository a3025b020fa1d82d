/** Selects the kind of scratch database by the store URL. */
import { openFileGround } from './file-ground.ts'
import type { Ground } from './ground.ts'
import { openMysqlGround } from './mysql-ground.ts'
import { openPostgresGround } from './postgres-ground.ts'

/** @param stores URLs of the servers of one database, or `sqlite:`; a database that a URL names is not touched */
export async function openGround(stores: readonly string[]): Promise<Ground> {
  const scheme = stores[0]!.split(':', 1)[0]!
  switch (scheme) {
    case 'sqlite':
      return openFileGround()
    case 'mysql':
    case 'mariadb':
      return await openMysqlGround(stores)
    case 'postgres':
    case 'postgresql':
      return await openPostgresGround(stores)
    default:
      throw new RangeError(`"${scheme}:" is no database that several processes could share.`)
  }
}
