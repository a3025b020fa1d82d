/** Three members of PostgreSQL under Patroni, with an etcd of their own; where that can be, each on a host whose cable can be cut. */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runChild, startChild } from '../../harness/children.ts'
import { findInstallation, type Installation } from '../../harness/server-installations.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/mysql-ledger.ts'
import { runOnPostgres } from '../support/postgres-statements.ts'
import { killWithChildren, withChildren } from '../support/process-tree.ts'
import { networkIfPossible, type NetworkHost, type TestNetwork } from '../support/test-network.ts'

const MEMBERS = 3
const LOCAL = '127.0.0.1'
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
  /** Null: it shares this machine's network. */
  readonly host: NetworkHost | null
  readonly #folder: string
  readonly #owner: Installation['owner']
  #process: ChildProcess | null = null

  constructor({ number, port, host, folder, owner }: MemberPlace) {
    this.name = `member${number}`
    this.port = port
    this.host = host
    this.#folder = folder
    this.#owner = owner
    this.configuration = join(folder, 'patroni.json')
  }

  get address(): string {
    return this.host?.address ?? LOCAL
  }

  async start(): Promise<void> {
    await using log = await open(join(this.#folder, 'patroni.log'), 'a')
    const own = { program: 'patroni', parameters: [this.configuration], owner: this.#owner }
    const { program, parameters, owner } = this.host?.command(own) ?? own
    const child = startChild(program, parameters, {
      cwd: this.#folder,
      stdio: ['ignore', log.fd, log.fd],
      ...owner,
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

  /** Resolves when a commit has reached a synchronous standby. */
  async write(): Promise<void> {
    await this.query(['CREATE TABLE proof ()', 'DROP TABLE proof'])
  }

  /** As administrator. */
  async query(statements: readonly string[]): Promise<void> {
    await runOnPostgres({ host: this.address, port: this.port, user: 'postgres', database: 'postgres' }, statements)
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
  readonly host: NetworkHost | null
  readonly folder: string
  readonly owner: Installation['owner']
}

interface ClusterParts {
  readonly folder: string
  readonly etcd: ChildProcess
  readonly network: TestNetwork | null
}

export class PatroniCluster implements AsyncDisposable {
  readonly members: readonly Member[]
  readonly #folder: string
  readonly #etcd: ChildProcess
  readonly #network: TestNetwork | null

  static async start(): Promise<PatroniCluster> {
    const network = await networkIfPossible(MEMBERS)
    const { installation } = findInstallation('postgres')
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-patroni-'))
    const { owner } = installation!
    if (owner !== null) await chown(folder, owner.uid, owner.gid)
    const [client, peer] = [await freePort(), await freePort()]
    const own = { cwd: folder, stdio: 'ignore' as const, ...owner }
    const address = network?.address ?? LOCAL
    const etcd = startChild('etcd', etcdParameters(folder, { address, client, peer }), own)
    await once(etcd, 'spawn')
    const members: Member[] = []
    const cluster = new PatroniCluster(members, { folder, etcd, network })
    try {
      const programs = dirname(installation!.serve({ folder: '', port: 0, tls: null })[0])
      for (let number = 0; number < MEMBERS; number++) {
        const host = network?.hosts[number] ?? null
        const place = { number, port: await freePort(), host, folder: join(folder, `member${number}`), owner }
        await mkdir(place.folder, { mode: 0o700 })
        if (owner !== null) await chown(place.folder, owner.uid, owner.gid)
        const member = new Member(place)
        const facts = { etcd: `${address}:${client}`, api: await freePort(), range: network?.range ?? `${LOCAL}/32` }
        const text = configurationOf(member, { ...facts, folder: place.folder, programs })
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

  private constructor(members: readonly Member[], { folder, etcd, network }: ClusterParts) {
    this.members = members
    this.#folder = folder
    this.#etcd = etcd
    this.#network = network
  }

  get store(): string {
    return `postgres://postgres@${this.members.map(({ address, port }) => `${address}:${port}`).join(',')}/${DATABASE}`
  }

  /** @param name `HOST:PORT` */
  at(name: string): Member {
    return this.members.find(({ address, port }) => `${address}:${port}` === name)!
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
    await this.#network?.[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true })
  }

  async #createDatabase(): Promise<void> {
    const leader = (await this.#list()).find(({ Role }) => Role === 'Leader')!.Member
    await this.members.find(({ name }) => name === leader)!.query([`CREATE DATABASE ${DATABASE}`])
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

interface EtcdPlace {
  readonly address: string
  readonly client: number
  readonly peer: number
}

function etcdParameters(folder: string, { address, client, peer }: EtcdPlace): readonly string[] {
  const [clientUrl, peerUrl] = [`http://${address}:${client}`, `http://${address}:${peer}`]
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
  readonly etcd: string
  readonly api: number
  /** Addresses that the members trust. */
  readonly range: string
  readonly folder: string
  readonly programs: string
}

/** JSON is YAML. `synchronous_mode` is what keeps acknowledged commits; `_strict`, that a leader without a standby takes none. */
function configurationOf(
  { name, address, port }: Member,
  { etcd, api, range, folder, programs }: ConfigurationFacts,
): string {
  return JSON.stringify({
    scope: 'holdfast',
    name,
    restapi: { listen: `${address}:${api}`, connect_address: `${address}:${api}` },
    etcd: { host: etcd },
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
      listen: `${address}:${port}`,
      connect_address: `${address}:${port}`,
      data_dir: `${folder}/data`,
      bin_dir: programs,
      pgpass: `${folder}/pgpass`,
      pg_hba: [`host all all ${range} trust`, `host replication all ${range} trust`, 'local all all trust'],
      parameters: { unix_socket_directories: folder },
      authentication: {
        superuser: { username: 'postgres' },
        replication: { username: 'postgres' },
        rewind: { username: 'postgres' },
      },
    },
  })
}
