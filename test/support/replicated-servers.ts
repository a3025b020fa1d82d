/** Two servers for one test, the second a replica of the first by GTID, and a proxy that leads to one of them. */
import type { RowDataPacket } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import { until } from './mysql-ledger.ts'
import { MysqlProxy } from './mysql-proxy.ts'
import { PrivateServer } from './private-server.ts'
import type { Installation } from '../../harness/server-installations.ts'

const DATABASE = 'ledger_1'
/** For replication on a busy machine. */
const CATCH_UP_MS_MAX = 30_000

type Name = 'mariadb' | 'mysql'

interface Words {
  /** Command-line parameters in addition to the server id. */
  readonly parameters: readonly string[]
  /** @param port of the primary */
  follow(port: number): readonly string[]
  readonly stop: string
  readonly start: string
}

const WORDS: Readonly<Record<Name, Words>> = {
  mariadb: {
    parameters: ['--log-slave-updates=ON', '--gtid-strict-mode=ON'],
    follow: (port) => [
      `CHANGE MASTER TO master_host = '127.0.0.1', master_port = ${port}, master_user = 'replica',
        master_connect_retry = 1, master_use_gtid = slave_pos`,
      'START SLAVE',
    ],
    stop: 'STOP SLAVE',
    start: 'START SLAVE',
  },
  mysql: {
    parameters: ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'],
    follow: (port) => [
      `CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = ${port}, source_user = 'replica',
        source_auto_position = 1, source_connect_retry = 1, get_source_public_key = 1`,
      'START REPLICA',
    ],
    stop: 'STOP REPLICA',
    start: 'START REPLICA',
  },
}

interface Parts {
  readonly primary: PrivateServer
  readonly replica: PrivateServer
  readonly proxy: MysqlProxy
  readonly words: Words
  /** Everything to dispose of. */
  readonly parts: AsyncDisposableStack
}

export class ReplicatedServers implements AsyncDisposable {
  readonly primary: PrivateServer
  readonly replica: PrivateServer
  /** Leads to the primary at first. */
  readonly proxy: MysqlProxy
  readonly words: Words
  readonly #parts: AsyncDisposableStack

  /** @param parameters for the command lines of both servers */
  static async start(installation: Installation, parameters: readonly string[] = []): Promise<ReplicatedServers> {
    const words = WORDS[installation.name as Name]
    const numbered = (number: number): Installation => ({
      ...installation,
      serve: (place) => [...installation.serve(place), `--server-id=${number}`, ...words.parameters, ...parameters],
    })
    await using parts = new AsyncDisposableStack()
    const primary = parts.use(await PrivateServer.start(numbered(1)))
    const replica = parts.use(await PrivateServer.start(numbered(2)))
    const proxy = parts.use(await MysqlProxy.start(primary.address))
    await primary.execute(`CREATE USER 'replica'@'%'`)
    await primary.execute(`GRANT REPLICATION SLAVE ON *.* TO 'replica'@'%'`)
    for (const statement of words.follow(primary.address.port)) await replica.execute(statement)
    await primary.createDatabase()
    return new ReplicatedServers({ primary, replica, proxy, words, parts: parts.move() })
  }

  private constructor({ primary, replica, proxy, words, parts }: Parts) {
    this.primary = primary
    this.replica = replica
    this.proxy = proxy
    this.words = words
    this.#parts = parts
  }

  /** The store URL through the proxy. */
  url(user: string): string {
    const url = new URL(this.primary.url(DATABASE, { user }))
    url.port = String(this.proxy.port)
    return url.href
  }

  /** The store URL without the proxy. */
  urlAt(server: PrivateServer): string {
    return server.url(DATABASE)
  }

  /** Resolves when the replica has this many postings. */
  async caughtUp(postings: number): Promise<void> {
    const isThere = async (): Promise<boolean> => {
      const rows = await ask(this.urlAt(this.replica), 'SELECT COUNT(*) AS number FROM postings').catch(() => [])
      return Number(rows[0]?.['number']) === postings
    }
    await until(isThere, `${postings} postings at the replica`, CATCH_UP_MS_MAX)
  }

  /** Makes the primary read-only, promotes the replica, and points the proxy at it; both keep running. */
  async failOver(): Promise<void> {
    await this.primary.execute('SET GLOBAL read_only = 1')
    await this.replica.execute(this.words.stop)
    await this.replica.execute('SET GLOBAL read_only = 0')
    this.proxy.leadTo(this.replica.address)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
  }
}

/** The rows of one statement. */
export async function ask(url: string, statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const connection = await createConnection(url.replace(/^mariadb:/, 'mysql:'))
  try {
    const [rows] = await connection.query<RowDataPacket[]>(statement)
    return rows
  } finally {
    connection.destroy()
  }
}
