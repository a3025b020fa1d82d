/**
 * A database server for one test, with a data directory and a port of its own. It can be killed as by a power cut, and restarted on the
 * same data.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chown, copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import type { Certificate } from './certificates.ts'
import { startChild } from '../../harness/children.ts'
import { freePort } from './free-port.ts'
import { runOnPostgres } from './postgres-statements.ts'
import { killWithChildren } from './process-tree.ts'
import type { NetworkHost } from './test-network.ts'
import type {
  CommandLine,
  Installation,
  ServerName,
  ServerPlace,
  TlsFiles,
} from '../../harness/server-installations.ts'

/** Includes recovery after a kill, on a busy machine. */
const START_MS_MAX = 60_000
const ASK_AGAIN_MS = 20
const LOG_LINES = 20

/** The server refuses connections without TLS; user `certified` must also present a certificate. */
const POSTGRES_RULES = `hostssl all certified all trust clientcert=verify-ca
hostssl all all all trust
`

export interface PrivateServerOptions {
  /** If set, the server only accepts TLS connections. */
  readonly tls?: ServerTls
  /** MySQL and MariaDB: where it runs; null for this machine. Its administrator may connect from everywhere then. */
  readonly host?: NetworkHost | null
}

interface ServerTls {
  /** The authority that the server trusts for client certificates. */
  readonly authority: Certificate
  /** The server's own certificate. */
  readonly certificate: Certificate
}

interface ServerParts {
  readonly folder: string
  readonly port: number
  readonly isEncrypted: boolean
  readonly host: NetworkHost | null
}

const LOCAL = '127.0.0.1'

export class PrivateServer implements AsyncDisposable {
  readonly name: ServerName
  readonly #installation: Installation
  /** As this process sees it. */
  readonly #folder: string
  readonly #place: ServerPlace
  readonly host: NetworkHost | null
  #process: ChildProcess | null = null
  #databaseCount = 0

  /** Creates the data directory and starts the server. */
  static async start(installation: Installation, options: PrivateServerOptions = {}): Promise<PrivateServer> {
    const { name, root } = installation
    const folder = await mkdtemp(join(root === '/' ? tmpdir() : join(root, 'tmp'), `holdfast-${name}-`))
    const { tls, host = null } = options
    const isEncrypted = tls !== undefined
    const server = new PrivateServer(installation, { folder, port: await freePort(), isEncrypted, host })
    try {
      await server.#own(folder)
      if (tls !== undefined) await server.certify(tls)
      const everywhere = host === null ? [] : await server.#letAdministratorIn()
      await server.#run([...installation.initialise(server.#place.folder), ...everywhere])
      await server.start()
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(installation: Installation, { folder, port, isEncrypted, host }: ServerParts) {
    const { name, root } = installation
    this.name = name
    this.#installation = installation
    this.host = host
    this.#folder = folder
    const seen = `/${relative(root, folder)}`
    this.#place = { folder: seen, port, tls: isEncrypted ? filesIn(seen) : null }
  }

  /** The certificate that it presents from its next start on. */
  async certify({ authority, certificate }: ServerTls): Promise<void> {
    const { ca, cert, key, rules } = filesIn(this.#folder)
    await copyFile(authority.cert, ca)
    await copyFile(certificate.cert, cert)
    await copyFile(certificate.key, key)
    await writeFile(rules, POSTGRES_RULES)
    await this.#own(ca, cert, key, rules)
  }

  /** Creates an empty database. Returns its store URL. */
  async createDatabase(): Promise<string> {
    const name = `ledger_${++this.#databaseCount}`
    await this.execute(`CREATE DATABASE ${name}`)
    return this.url(name)
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.host?.address ?? LOCAL, port: this.#place.port }
  }

  /** A store URL, by default as the administrator, who has no password. */
  url(database: string, { host = this.address.host, user = this.#administrator } = {}): string {
    return `${this.name}://${user}@${host}:${this.#place.port}/${database}`
  }

  /** Runs a statement as administrator. */
  async execute(statement: string): Promise<void> {
    await this.executeAll([statement])
  }

  /** Runs statements as administrator, one after another on one connection. */
  async executeAll(statements: readonly string[]): Promise<void> {
    const address = { ...this.address, user: this.#administrator }
    // The server's identity does not matter here.
    const encrypted = { rejectUnauthorized: false }
    if (this.name === 'postgres') {
      const ssl = this.#place.tls !== null && encrypted
      await runOnPostgres({ ...address, database: 'postgres', ssl }, statements)
    } else {
      const connection = await createConnection({ ...address, ...(this.#place.tls === null ? {} : { ssl: encrypted }) })
      try {
        for (const statement of statements) await connection.query(statement)
      } finally {
        connection.destroy()
      }
    }
  }

  /**
   * Starts the server on the existing data. Resolves when it accepts statements.
   *
   * @param parameters appended to its command line: `--read-only=1`, or `-c`, `max_connections=12`
   */
  async start(parameters: readonly string[] = []): Promise<void> {
    const [program, ...own] = this.#installation.serve(this.#place)
    const bound = this.host === null ? [] : [`--bind-address=${this.host.address}`]
    const child = await this.#spawn([program, ...own, ...bound, ...parameters])
    this.#process = child
    const deadlineAt = performance.now() + START_MS_MAX
    for (;;) {
      try {
        return await this.execute('SELECT 1')
      } catch (error) {
        if (hasEnded(child) || performance.now() > deadlineAt) {
          throw new Error(`${this.name} did not start:\n${await this.#log()}`, { cause: error })
        }
      }
      await sleep(ASK_AGAIN_MS)
    }
  }

  /** Sends SIGKILL to all of its processes. Resolves when all are gone. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child === null || hasEnded(child)) return
    const closed = once(child, 'close')
    if (this.name === 'postgres') await killWithChildren(child.pid!)
    else child.kill('SIGKILL')
    await closed
  }

  /** Stops it in order, without waiting for its clients. Resolves when it is gone; `start` starts it again. */
  async stop(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child === null || hasEnded(child)) return
    const closed = once(child, 'close')
    // PostgreSQL waits for its clients after a SIGTERM.
    child.kill(this.name === 'postgres' ? 'SIGINT' : 'SIGTERM')
    await closed
  }

  /** PostgreSQL, while it is stopped: its next start is as a standby. */
  async beStandby(): Promise<void> {
    const signal = join(this.#folder, 'data/standby.signal')
    await writeFile(signal, '')
    await this.#own(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true })
  }

  get #administrator(): string {
    return this.name === 'postgres' ? 'postgres' : 'root'
  }

  async #own(...paths: readonly string[]): Promise<void> {
    const { owner } = this.#installation
    if (owner !== null) await Promise.all(paths.map((path) => chown(path, owner.uid, owner.gid)))
  }

  async #run(command: CommandLine): Promise<void> {
    const child = await this.#spawn(command)
    const [exitCode] = hasEnded(child) ? [child.exitCode] : ((await once(child, 'close')) as [number | null])
    if (exitCode !== 0) throw new Error(`${command[0]} failed:\n${await this.#log()}`)
  }

  async #spawn(command: CommandLine): Promise<ChildProcess> {
    await using log = await open(join(this.#folder, 'server.log'), 'a')
    const [program, ...parameters] = command
    const stdio = ['ignore', log.fd, log.fd] as const
    const own = { program, parameters, owner: this.#installation.owner }
    const run = this.host?.command(own) ?? own
    const child = startChild(run.program, run.parameters, { cwd: this.#folder, stdio: [...stdio], ...run.owner })
    await once(child, 'spawn')
    return child
  }

  /** Parameters of the command that creates the data directory. */
  async #letAdministratorIn(): Promise<readonly string[]> {
    const file = 'everywhere.sql'
    const user = `'${this.#administrator}'@'%'`
    const path = join(this.#folder, file)
    await writeFile(path, `FLUSH PRIVILEGES;\nCREATE USER ${user};\nGRANT ALL ON *.* TO ${user} WITH GRANT OPTION;\n`)
    await this.#own(path)
    return [`--${this.name === 'mysql' ? 'init-file' : 'extra-file'}=${this.#place.folder}/${file}`]
  }

  async #log(): Promise<string> {
    const text = await readFile(join(this.#folder, 'server.log'), 'utf8')
    return text.split('\n').slice(-LOG_LINES).join('\n')
  }
}

function filesIn(folder: string): TlsFiles {
  const [ca, cert, key, rules] = ['ca.pem', 'server.pem', 'server.key', 'rules.conf'].map((name) => `${folder}/${name}`)
  return { ca: ca!, cert: cert!, key: key!, rules: rules! }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
