/** An old system on a server of its own, its callers, the services of Holdfast beside it, and the guide that joins them. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { OldApplication, type Share, type Shares } from '../../harness/old-application.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { connect, type Ledger } from '../../src/client/index.ts'
import type { Chance } from '../simulation/chance.ts'
import { freePort } from '../support/free-port.ts'
import type { PrivateServer } from '../support/private-server.ts'
import { errorOf } from '../bridge/bridged-ledger.ts'
import type { OldRow, OldServer } from '../bridge/old-server.ts'
import { RoadCallers } from './callers.ts'
import type { RoadGuide } from './guide.ts'

const CALLERS = 12
const WAIT_MS_MAX = 60_000
const ASK_AGAIN_MS = 100
const FUNDS = 5_000
const FUNDS_FEW = 30

const OLD: Shares = { atomic: 'old', locking: 'old' }

/** Every tenth user has few coins, and is refused again and again. */
export function isPoor(user: number): boolean {
  return user % 10 === 0
}

export interface SystemOptions {
  readonly server: PrivateServer
  readonly old: OldServer
  readonly guide: RoadGuide
  readonly chance: Chance
  readonly database: string
  readonly users: number
  /** Processes of the old application. */
  readonly workers: number
  readonly services: number
}

interface Status {
  readonly openFreezes: readonly unknown[]
}

export class RoadSystem implements AsyncDisposable {
  readonly callers: RoadCallers
  readonly url: string
  /** To every service. */
  readonly ledger: Ledger
  readonly #options: SystemOptions
  readonly #application: OldApplication
  readonly #ports: readonly number[]
  readonly #services: (ServiceProcess | null)[]

  static async start(options: SystemOptions): Promise<RoadSystem> {
    const { server, guide, database, users } = options
    await server.execute(`CREATE DATABASE ${database}`)
    const ports = await Promise.all(Array.from({ length: options.services }, freePort))
    const application = new OldApplication(
      {
        kind: 'assignment',
        url: server.url(database),
        dialect: server.name === 'postgres' ? 'postgres' : 'mysql',
        services: ports.map((port) => `http://127.0.0.1:${port}`),
        module: guide.module,
        shares: OLD,
      },
      options.workers,
    )
    try {
      const ids = Array.from({ length: users }, (_, index) => index + 1)
      const made = await application.ask({ kind: 'preparation', users: ids, funds: FUNDS })
      assert.equal(made.code, null, made.message)
      const system = new RoadSystem(options, application, ports)
      const poor = ids.filter(isPoor).join(', ')
      await system.query(`UPDATE users SET balance = ${FUNDS_FEW} WHERE id IN (${poor})`)
      return system
    } catch (error) {
      await application[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: SystemOptions, application: OldApplication, ports: readonly number[]) {
    this.#options = options
    this.#application = application
    this.#ports = ports
    this.#services = ports.map(() => null)
    this.url = options.server.url(options.database)
    this.ledger = connect(ports.map((port) => `http://127.0.0.1:${port}`))
    const funds = new Map(
      Array.from({ length: options.users }, (_, index) => [index + 1, isPoor(index + 1) ? FUNDS_FEW : FUNDS]),
    )
    this.callers = new RoadCallers({ application, chance: options.chance, funds, callers: CALLERS })
  }

  /** What the commands of the guide name. */
  get environment(): Readonly<Record<string, string>> {
    const { host, port } = this.#options.server.address
    return { STORE: this.url, HOST: host, PORT: String(port) }
  }

  async startServices(): Promise<void> {
    await Promise.all(this.#ports.map((_, place) => this.#startService(place)))
  }

  /** In order, with an exit code that says so. */
  async stopServices(): Promise<void> {
    for (const [place, service] of this.#services.entries()) {
      if (service === null) continue
      assert.equal(await service.stop(), 0, service.log)
      this.#services[place] = null
    }
  }

  async replaceService(place: number): Promise<void> {
    await this.#services[place]!.kill()
    await this.#startService(place)
  }

  async replaceWorker(place: number): Promise<void> {
    await this.#application.replace(place)
  }

  get workers(): number {
    return this.#options.workers
  }

  get services(): number {
    return this.#options.services
  }

  /** While the callers pause. */
  share(atomic: Share, locking: Share): void {
    this.#application.share({ atomic, locking })
  }

  /** A write of code that everybody forgot. Returns its error. */
  async forgotten(user: number): Promise<string> {
    return await errorOf(this.query(`UPDATE users SET frozen_balance = frozen_balance + 1 WHERE id = ${user}`))
  }

  async createCopy(database: string): Promise<void> {
    await this.#options.server.execute(`CREATE DATABASE ${database}`)
  }

  async query(sql: string, database = this.#options.database): Promise<readonly OldRow[]> {
    const pool = this.#options.old.pool(this.#options.server.url(database), 1)
    try {
      const session = await pool.take()
      try {
        return (await session.run(sql)).rows
      } finally {
        session.release()
      }
    } finally {
      await pool.end()
    }
  }

  /** Commands of the guide, which must succeed. Returns what they print. */
  async run(commands: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#options.guide.run(commands, this.environment)
    assert.equal(exitCode, 0, `${commands}\n${stdout}${stderr}`)
    return stdout
  }

  /** The old row of every user is what the calls that were answered have made of it. While the callers pause. */
  async assertOldRows(): Promise<void> {
    const rows = await this.query('SELECT id, balance, frozen_balance FROM users ORDER BY id')
    const wanted = [...this.callers.book].map(([user, { balance, frozen }]) => [user, balance, frozen])
    assert.deepEqual(
      rows.map((row) => [Number(row['id']), Number(row['balance']), Number(row['frozen_balance'])]),
      wanted,
    )
    assert.ok(
      wanted.every(([, balance, frozen]) => frozen! >= 0 && balance! >= frozen!),
      'nobody was overdrawn',
    )
  }

  /** The same of the accounts of the ledger. */
  async assertAccounts(): Promise<void> {
    const found = await Promise.all([...this.callers.book.keys()].map((user) => this.ledger.balance(`user:${user}`)))
    assert.deepEqual(
      found.map(({ available, held }) => [Number(available + held), Number(held)]),
      [...this.callers.book.values()].map(({ balance, frozen }) => [balance, frozen]),
    )
  }

  /** How many freezes of the old log are open. */
  async oldFreezes(): Promise<number> {
    const [row] = await this.query(`SELECT COUNT(*) AS total FROM compute_freeze_logs WHERE status = 'frozen'`)
    return Number(row!['total'])
  }

  /** Resolves when there are none, and the bridge says the same: a call of the old methods that was under way may still make one. */
  async oldFreezesEnd(): Promise<void> {
    const deadlineAt = performance.now() + WAIT_MS_MAX
    while ((await this.oldFreezes()) > 0 || (await this.#openFreezes()) > 0) {
      assert.ok(performance.now() < deadlineAt, `old freezes were open for ${WAIT_MS_MAX} ms`)
      await sleep(ASK_AGAIN_MS)
    }
  }

  async #openFreezes(): Promise<number> {
    const { openFreezes } = JSON.parse(await this.run('holdfast bridge status --store "$STORE" --json')) as Status
    return openFreezes.length
  }

  /** The ids of freezes that the old log has. */
  async logged(): Promise<ReadonlySet<string>> {
    const rows = await this.query('SELECT request_id FROM compute_freeze_logs')
    return new Set(rows.map((row) => String(row['request_id'])))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#application[Symbol.asyncDispose]()
    await this.callers[Symbol.asyncDispose]()
    for (const service of this.#services) await service?.kill()
    await this.ledger.close()
  }

  async #startService(place: number): Promise<void> {
    this.#services[place] = await ServiceProcess.start(this.url, ['--port', String(this.#ports[place])])
    await this.#services[place].ready()
  }
}
