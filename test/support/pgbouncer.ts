/** A PgBouncer in front of the PostgreSQL server under test. */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from '../../harness/children.ts'
import { freePort } from './free-port.ts'
import { findInstallation } from '../../harness/server-installations.ts'
import { isAskedFor, serverUnderTest } from '../../harness/stores.ts'

const { url, reason } = serverUnderTest('postgres')
const RULES = 'pgbouncer.ini'
const START_MS_MAX = 30_000
const ASK_AGAIN_MS = 20

const MISSING = spawnSync('pgbouncer', ['--version']).status === 0 ? null : 'no pgbouncer is installed'
if (MISSING !== null && isAskedFor('postgres') === true) throw new Error(`Poolers cannot be tested: ${MISSING}.`)

/** Why tests that need it are skipped; false when they run. */
export const WITHOUT_PGBOUNCER = url === null ? reason : (MISSING ?? false)

export type PoolMode = 'session' | 'transaction' | 'statement'

export class PgBouncer implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  readonly #process: ChildProcess

  /** Accepts every user. */
  static async start(mode: PoolMode, settings: Readonly<Record<string, string | number>> = {}): Promise<PgBouncer> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-pgbouncer-'))
    const server = new URL(url!)
    const [user, password] = [server.username, server.password].map(decodeURIComponent)
    const port = await freePort()
    const lines = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'trust',
      auth_file: join(folder, 'users.txt'),
      pool_mode: mode,
      ...settings,
    }
    const [rules, users] = [join(folder, RULES), lines.auth_file]
    const target = `* = host=${server.hostname || '127.0.0.1'} port=${server.port || '5432'}`
    const own = Object.entries(lines).map(([name, value]) => `${name} = ${value}`)
    await writeFile(rules, ['[databases]', target, '[pgbouncer]', ...own, ''].join('\n'))
    await writeFile(users, `"${user}" "${password}"\n`)
    // It refuses to run as root, as PostgreSQL does.
    const owner = findInstallation('postgres').installation?.owner ?? null
    if (owner !== null) await Promise.all([folder, rules, users].map((path) => chown(path, owner.uid, owner.gid)))
    const child = startChild('pgbouncer', [rules], { stdio: ['ignore', 'ignore', 'pipe'], ...owner })
    const bouncer = new PgBouncer({ port, folder, process: child })
    try {
      await bouncer.#listening()
      return bouncer
    } catch (error) {
      await bouncer[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(parts: { readonly port: number; readonly folder: string; readonly process: ChildProcess }) {
    this.port = parts.port
    this.#folder = parts.folder
    this.#process = parts.process
  }

  /** Reloads the settings, as an administrator would; they take effect soon afterwards. */
  async switchTo(mode: PoolMode): Promise<void> {
    const rules = join(this.#folder, RULES)
    const text = await readFile(rules, 'utf8')
    await writeFile(rules, text.replace(/^pool_mode = .*$/m, `pool_mode = ${mode}`))
    this.#process.kill('SIGHUP')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const closed = once(this.#process, 'close')
      this.#process.kill('SIGKILL')
      await closed
    }
    await rm(this.#folder, { recursive: true })
  }

  async #listening(): Promise<void> {
    let log = ''
    this.#process.stderr!.setEncoding('utf8').on('data', (part: string) => (log += part))
    const deadlineAt = performance.now() + START_MS_MAX
    while (!(await isOpen(this.port))) {
      if (this.#process.exitCode !== null || performance.now() > deadlineAt) {
        throw new Error(`pgbouncer did not start:\n${await readFile(join(this.#folder, RULES), 'utf8')}${log}`)
      }
      await sleep(ASK_AGAIN_MS)
    }
  }
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const opened = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return opened
}
