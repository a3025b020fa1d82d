/** Opening a ledger in a PostgreSQL database for reading only: on a hot standby, or on a primary. */
import { nameOfHost } from '../hosts.ts'
import type { HostMove } from '../host-search.ts'
import type { ReadStorage } from '../read-storage.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import { SqlKeyStore } from '../sql/keys.ts'
import { requireMigrated } from '../sql/migrator.ts'
import { SqlReader } from '../sql/reader.ts'
import { messagesOf } from '../warning.ts'
import { Connections } from './connections.ts'
import { postgresMigrations, postgresMigrationTarget } from './migrations.ts'
import { replicaStateOf } from './replica.ts'
import { codedWarningsOf, readSettings, type ServerSettings } from './server.ts'
import { whileAlive, withClient } from './storage.ts'
import { parsePostgresUrl } from './url.ts'

/**
 * Opens the database at `url` for reading only. Of several servers, the first that answers is used; a user with the right to SELECT is enough.
 *
 * @throws as `openPostgresStorage`
 */
export async function openPostgresReading(
  url: string,
  { onHostMove }: { readonly onHostMove?: (move: HostMove) => void },
): Promise<ReadStorage> {
  const parsed = parsePostgresUrl(url)
  const warnings = await withClient(
    parsed,
    async (client, settings) => {
      await requireMigrated(postgresMigrationTarget(client, parsed.schema), postgresMigrations())
      return warningsOf(settings)
    },
    'read',
  )
  const connections = new Connections(parsed, 'read')
  connections.search.onMove((move) => {
    connections.giveUp()
    onHostMove?.(move)
  })
  const { read, readKeys } = connections
  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    closing ??= whileAlive(connections.close())
    await closing
  }
  return {
    kind: 'postgres',
    reader: new SqlReader('postgres', read, { move: () => Promise.resolve(0) }),
    place: () => nameOfHost(connections.search.current),
    auditor: new SqlAuditor('postgres', connections.audit),
    keys: new SqlKeyStore('postgres', { read: readKeys, write: readKeys, touch: readKeys }),
    warnings,
    inspect: async () => warningsOf(await readSettings(read)),
    replicaState: () => replicaStateOf(readKeys),
    gauges: () => ({ pools: connections.gauges(), logBytes: null }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Whether commits are durable is a matter of those who commit. */
function warningsOf(settings: ServerSettings): readonly string[] {
  return messagesOf(codedWarningsOf(settings).filter(({ code }) => code === 'foreign_engine'))
}
