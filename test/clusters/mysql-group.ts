/** Three private servers of MySQL that are a group of Group Replication with a single primary. */
import { randomUUID } from 'node:crypto'
import type { Installation } from '../../harness/server-installations.ts'
import { until } from '../support/mysql-ledger.ts'
import { PrivateServer } from '../support/private-server.ts'
import { ask } from '../support/replicated-servers.ts'
import { freePlaces, networkIfPossible } from '../support/test-network.ts'

const SERVERS = 3
const JOIN_MS_MAX = 60_000

export class MysqlGroup implements AsyncDisposable {
  readonly servers: readonly PrivateServer[]
  readonly #parts: AsyncDisposableStack

  static async start(mysql: Installation): Promise<MysqlGroup> {
    await using parts = new AsyncDisposableStack()
    const network = parts.use(await networkIfPossible(SERVERS))
    const places = await freePlaces(network, SERVERS)
    const group = randomUUID()
    const servers: PrivateServer[] = []
    for (let number = 0; number < SERVERS; number++) {
      const installation = member(mysql, { number, places, group })
      const host = network?.hosts[number] ?? null
      servers.push(parts.use(await PrivateServer.start(installation, { host })))
    }
    for (const server of servers) await join(server, server === servers[0])
    await servers[0]!.createDatabase()
    return new MysqlGroup(servers, parts.move())
  }

  private constructor(servers: readonly PrivateServer[], parts: AsyncDisposableStack) {
    this.servers = servers
    this.#parts = parts
  }

  /** @param name `HOST:PORT` */
  at(name: string): PrivateServer {
    return this.servers.find(({ address: { host, port } }) => `${host}:${port}` === name)!
  }

  /** Starts a server that was killed; resolves when it is a member again. */
  async rejoin(server: PrivateServer): Promise<void> {
    await server.start()
    await server.execute('START GROUP_REPLICATION')
    await awaitOnline(server)
  }

  /** Makes a server the primary; the group waits for the transactions under way. */
  async switchTo(server: PrivateServer): Promise<void> {
    const [row] = await ask(server.url('mysql'), 'SELECT @@server_uuid AS id')
    await server.execute(`DO group_replication_set_as_primary('${String(row!['id'])}')`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
  }
}

interface Membership {
  readonly number: number
  /** `ADDRESS:PORT` for the group communication, by server number. */
  readonly places: readonly string[]
  readonly group: string
}

function member(mysql: Installation, { number, places, group }: Membership): Installation {
  return {
    ...mysql,
    serve: (place) => [
      ...mysql.serve(place),
      `--server-id=${number + 1}`,
      `--report-host=${places[number]!.split(':', 1)[0]}`,
      '--gtid-mode=ON',
      '--enforce-gtid-consistency=ON',
      '--plugin-load-add=group_replication.so',
      `--loose-group-replication-group-name=${group}`,
      `--loose-group-replication-local-address=${places[number]}`,
      `--loose-group-replication-group-seeds=${places.join(',')}`,
      '--loose-group-replication-start-on-boot=OFF',
      '--loose-group-replication-recovery-get-public-key=ON',
      // The default of 8.0; from 8.4 on it is this one.
      '--loose-group-replication-consistency=BEFORE_ON_PRIMARY_FAILOVER',
    ],
  }
}

async function join(server: PrivateServer, isFirst: boolean): Promise<void> {
  const statements = [
    // The same on every server, and not a transaction of the group.
    'SET SQL_LOG_BIN = 0',
    `CREATE USER 'replica'@'%'`,
    `GRANT REPLICATION SLAVE, GROUP_REPLICATION_STREAM, CONNECTION_ADMIN, BACKUP_ADMIN ON *.* TO 'replica'@'%'`,
    'SET SQL_LOG_BIN = 1',
    `CHANGE REPLICATION SOURCE TO SOURCE_USER = 'replica' FOR CHANNEL 'group_replication_recovery'`,
  ]
  await server.executeAll(statements)
  if (isFirst) await server.execute('SET GLOBAL group_replication_bootstrap_group = ON')
  await server.execute('START GROUP_REPLICATION')
  if (isFirst) await server.execute('SET GLOBAL group_replication_bootstrap_group = OFF')
  await awaitOnline(server)
}

async function awaitOnline(server: PrivateServer): Promise<void> {
  const isOnline = async (): Promise<boolean> => {
    const select = `SELECT COUNT(*) AS n FROM performance_schema.replication_group_members
      WHERE member_id = @@server_uuid AND member_state = 'ONLINE'`
    return Number((await ask(server.url('mysql'), select))[0]!['n']) === 1
  }
  await until(isOnline, 'the server is online in its group', JOIN_MS_MAX)
}
