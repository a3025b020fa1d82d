/** Three members of PostgreSQL under Patroni, with an etcd of their own. */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { runChild, startChild } from '../../harness/children.ts'
import { findInstallation, type Installation } from '../../harness/server-installations.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/mysql-ledger.ts'
import { killWithChildren, withChildren } from '../support/process-tree.ts'

const MEMBERS = 3
const DATABASE = 'ledger_1'
const READY_MS_MAX = 120_000
/** How long the leader may be silent before another one is promoted; Patroni takes no less. */
const TTL_SECONDS = 20

/** Why it cannot be started; false when it can. */
export function withoutPatroni(): string | false {
  for (const program of ['patroni', 'etcd']) {
    if (spawnSync(program, ['--version']).status !== 0) return `${program} is not installed`
  }
  const { installation, reason } = findInstallation('postgres')
  return installation === null && reason
}

/** One member: Patroni and the PostgreSQL server that it runs. */
class Member {
  readonly name: string
  readonly port: number
  readonly configuration: string
  readonly #folder: string
  readonly #owner: Installation['owner']
  #process: ChildProcess | null = null

  constructor({ number, port, folder, owner }: MemberPlace) {
    this.name = `member${number}`
    this.port = port
    this.#folder = folder
    this.#owner = owner
    this.configuration = join(folder, 'patroni.json')
  }

  async start(): Promise<void> {
    await using log = await open(join(this.#folder, 'patroni.log'), 'a')
    const child = startChild('patroni', [this.configuration], {
      cwd: this.#folder,
      stdio: ['ignore', log.fd, log.fd],
      ...this.#owner,
    })
    await once(child, 'spawn')
    this.#process = child
  }

  /** As when its machine is lost. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    // Patroni first: it would start its server again. The server is no child of it.
    child.kill('SIGKILL')
    const server = await this.#server()
    if (server !== null) await killWithChildren(server)
    await closed
  }

  /** As when its machine stands still. */
  freeze(): Promise<void> {
    return this.#signal('SIGSTOP')
  }

  thaw(): Promise<void> {
    return this.#signal('SIGCONT')
  }

  async log(): Promise<string> {
    return (await readFile(join(this.#folder, 'patroni.log'), 'utf8').catch(() => '')).split('\n').slice(-20).join('\n')
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const server = await this.#server()
    for (const pid of [this.#process!.pid!, ...(server === null ? [] : withChildren(server))]) process.kill(pid, signal)
  }

  /** The process of PostgreSQL; null if it does not run. */
  async #server(): Promise<number | null> {
    const text = await readFile(join(this.#folder, 'data/postmaster.pid'), 'utf8').catch(() => null)
    if (text === null) return null
    const pid = Number(text.split('\n', 1)[0])
    try {
      process.kill(pid, 0)
      return pid
    } catch {
      return null
    }
  }
}

interface MemberPlace {
  readonly number: number
  readonly port: number
  readonly folder: string
  readonly owner: Installation['owner']
}

export class PatroniCluster implements AsyncDisposable {
  readonly members: readonly Member[]
  readonly #folder: string
  readonly #etcd: ChildProcess

  static async start(): Promise<PatroniCluster> {
    const { installation } = findInstallation('postgres')
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-patroni-'))
    const { owner } = installation!
    if (owner !== null) await chown(folder, owner.uid, owner.gid)
    const [client, peer] = [await freePort(), await freePort()]
    const own = { cwd: folder, stdio: 'ignore' as const, ...owner }
    const etcd = startChild('etcd', etcdParameters(folder, client, peer), own)
    await once(etcd, 'spawn')
    const members: Member[] = []
    const cluster = new PatroniCluster(members, folder, etcd)
    try {
      const programs = dirname(installation!.serve({ folder: '', port: 0, tls: null })[0])
      for (let number = 0; number < MEMBERS; number++) {
        const place = { number, port: await freePort(), folder: join(folder, `member${number}`), owner }
        await mkdir(place.folder, { mode: 0o700 })
        if (owner !== null) await chown(place.folder, owner.uid, owner.gid)
        const member = new Member(place)
        const text = configurationOf(member, { etcd: client, api: await freePort(), folder: place.folder, programs })
        await writeFile(member.configuration, text)
        await member.start()
        members.push(member)
      }
      await cluster.awaitSynchronous()
      await cluster.#createDatabase()
      return cluster
    } catch (error) {
      const logs = await Promise.all(members.map((member) => member.log()))
      await cluster[Symbol.asyncDispose]()
      throw new Error(`Patroni did not start:\n${logs.join('\n')}`, { cause: error })
    }
  }

  private constructor(members: readonly Member[], folder: string, etcd: ChildProcess) {
    this.members = members
    this.#folder = folder
    this.#etcd = etcd
  }

  get store(): string {
    return `postgres://postgres@${this.members.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${DATABASE}`
  }

  /** @param name `HOST:PORT` */
  at(name: string): Member {
    return this.members.find(({ port }) => `127.0.0.1:${port}` === name)!
  }

  /** Resolves when a leader has a synchronous standby, and all members follow. */
  async awaitSynchronous(): Promise<void> {
    const isThere = async (): Promise<boolean> => {
      const members = await this.#list()
      const states = members.map(({ Role, State }) => `${Role} ${State}`)
      return (
        states.some((state) => state.startsWith('Leader running')) &&
        states.some((state) => /^Sync Standby (?:running|streaming)/.test(state)) &&
        states.length === MEMBERS &&
        states.every((state) => /running|streaming/.test(state))
      )
    }
    await until(isThere, 'a leader has a synchronous standby', READY_MS_MAX)
  }

  /** To the synchronous standby. */
  async switchOver(): Promise<void> {
    const members = await this.#list()
    const leader = members.find(({ Role }) => Role === 'Leader')!.Member
    const candidate = members.find(({ Role }) => Role === 'Sync Standby')!.Member
    await this.#control('switchover', '--master', leader, '--candidate', candidate, '--force')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members) await member.kill()
    if (this.#etcd.exitCode === null && this.#etcd.signalCode === null) {
      const closed = once(this.#etcd, 'close')
      this.#etcd.kill('SIGKILL')
      await closed
    }
    await rm(this.#folder, { recursive: true })
  }

  async #createDatabase(): Promise<void> {
    const leader = (await this.#list()).find(({ Role }) => Role === 'Leader')!.Member
    const { port } = this.members.find(({ name }) => name === leader)!
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
    try {
      await client.connect()
      await client.query(`CREATE DATABASE ${DATABASE}`)
    } finally {
      await client.end()
    }
  }

  async #list(): Promise<readonly { readonly Member: string; readonly Role: string; readonly State: string }[]> {
    try {
      return JSON.parse(await this.#control('list', '--format', 'json')) as []
    } catch {
      return []
    }
  }

  async #control(...parameters: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runChild('patronictl', [
      '-c',
      this.members[0]!.configuration,
      ...parameters,
    ])
    if (exitCode !== 0) throw new Error(`patronictl ${parameters[0]} failed: ${stdout}${stderr}`)
    return stdout
  }
}

function etcdParameters(folder: string, client: number, peer: number): readonly string[] {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
  return [
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--enable-v2=true',
  ]
}

interface ConfigurationFacts {
  readonly etcd: number
  readonly api: number
  readonly folder: string
  readonly programs: string
}

/** JSON is YAML. `synchronous_mode` is what keeps acknowledged commits; `_strict`, that a leader without a standby takes none. */
function configurationOf({ name, port }: Member, { etcd, api, folder, programs }: ConfigurationFacts): string {
  return JSON.stringify({
    scope: 'holdfast',
    name,
    restapi: { listen: `127.0.0.1:${api}`, connect_address: `127.0.0.1:${api}` },
    etcd: { host: `127.0.0.1:${etcd}` },
    bootstrap: {
      dcs: {
        ttl: TTL_SECONDS,
        loop_wait: 2,
        retry_timeout: 5,
        synchronous_mode: true,
        synchronous_mode_strict: true,
        postgresql: {
          use_pg_rewind: true,
          parameters: { max_connections: 100, wal_log_hints: 'on', shared_buffers: '64MB' },
        },
      },
      initdb: ['data-checksums', { encoding: 'UTF8' }, { locale: 'C' }],
    },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${port}`,
      data_dir: `${folder}/data`,
      bin_dir: programs,
      pgpass: `${folder}/pgpass`,
      pg_hba: ['host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust', 'local all all trust'],
      parameters: { unix_socket_directories: folder },
      authentication: {
        superuser: { username: 'postgres' },
        replication: { username: 'postgres' },
        rewind: { username: 'postgres' },
      },
    },
  })
}
