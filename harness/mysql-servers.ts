/** The MySQL and MariaDB servers under test, and scratch databases on them. */
import { createConnection, type Connection } from 'mysql2/promise'
import { serverUnderTest, type ServerUnderTest } from './stores.ts'

/** The URL's user may create databases and users. */
export interface MysqlServer extends ServerUnderTest {
  readonly name: 'mysql' | 'mariadb'
}

/** @throws Error when a server was requested and is missing */
export function mysqlServers(): readonly MysqlServer[] {
  return (['mysql', 'mariadb'] as const).map((name) => ({ name, ...serverUnderTest(name) }))
}

let lastNumber = 0

/** A scratch database; dropped when disposed. */
export class MysqlDatabase implements AsyncDisposable {
  readonly name: string
  readonly #server: URL
  readonly #admin: Connection
  readonly #users: string[] = []

  /** Creates it without tables. */
  static async create(server: string): Promise<MysqlDatabase> {
    const admin = await createConnection({ uri: server, multipleStatements: true, supportBigNumbers: true })
    const database = new MysqlDatabase(server, admin)
    await admin.query(`CREATE DATABASE ${database.name}`)
    await admin.query(`USE ${database.name}`)
    return database
  }

  private constructor(server: string, admin: Connection) {
    this.name = `holdfast_test_${process.pid}_${++lastNumber}`
    this.#server = new URL(server)
    this.#admin = admin
  }

  /** A URL of the database, optionally as another user or through a proxy's port. */
  url({ port, user, parameters = '' }: { port?: number; user?: string; parameters?: string } = {}): string {
    const url = new URL(this.#server)
    url.pathname = `/${this.name}`
    if (port !== undefined) url.port = String(port)
    if (user !== undefined) url.username = user
    return `${url.href}${parameters}`
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#server.hostname, port: Number(this.#server.port || 3306) }
  }

  /** Runs a statement as administrator. */
  async query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const [rows] = await this.#admin.query(sql)
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  }

  /** A user with these privileges on this database only; dropped when disposed. Returns the name; there is no password. */
  async createUser(privileges: string, limits = ''): Promise<string> {
    const user = `holdfast_${process.pid}_${++lastNumber}`
    await this.#admin.query(`CREATE USER '${user}'@'%' ${limits}`)
    this.#users.push(user)
    await this.#admin.query(`GRANT ${privileges} ON ${this.name}.* TO '${user}'@'%'`)
    return user
  }

  /** Opens another administrator connection. */
  async connect(): Promise<Connection> {
    return await createConnection({ uri: this.url(), multipleStatements: true, supportBigNumbers: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const user of this.#users) await this.#admin.query(`DROP USER '${user}'@'%'`)
    await this.#admin.query(`DROP DATABASE IF EXISTS ${this.name}`)
    await this.#admin.end()
  }
}
