/** Two PostgreSQL servers for one test: a primary and its standby. */
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { PrivateServer } from './private-server.ts'
import { installationUnderTest, type Installation } from '../../harness/server-installations.ts'

const { installation, reason } = installationUnderTest('postgres')

/** Why tests that need them are skipped; false when they run. */
export const WITHOUT_POSTGRES_PAIR = installation === null && reason

export class PostgresPair implements AsyncDisposable {
  readonly primary: PrivateServer
  readonly standby: PrivateServer

  private constructor(primary: PrivateServer, standby: PrivateServer) {
    this.primary = primary
    this.standby = standby
  }

  /** `prepare` runs on the primary before it is copied. */
  static async start(prepare: (primary: PrivateServer) => Promise<void>): Promise<PostgresPair> {
    if (installation === null) throw new Error(reason)
    const primary = await PrivateServer.start(installation)
    try {
      await prepare(primary)
      return new PostgresPair(primary, await PrivateServer.start(copying(installation, primary)))
    } catch (error) {
      await primary[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Makes commits of the primary wait for the standby, from soon after this call on. */
  async synchronise(): Promise<void> {
    await this.primary.execute(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
    await this.primary.execute('SELECT pg_reload_conf()')
    // This statement itself waits once synchronous commit is on.
    await this.primary.execute(`CREATE ROLE r_${randomBytes(4).toString('hex')}`)
  }

  /**
   * After the primary was stopped and the standby promoted: the one that was the primary comes back as a standby, and commits of the other one
   * wait for it.
   */
  async turnRound(): Promise<void> {
    const { primary: old, standby: promoted } = this
    await promoted.execute(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
    await old.beStandby()
    // `start` resolves when it can be read, which may be before it follows.
    await old.start(['-c', `primary_conninfo=host=127.0.0.1 port=${promoted.address.port} user=postgres`])
    // There is no third server for which it could wait once it is the primary again.
    await old.execute('ALTER SYSTEM RESET synchronous_standby_names')
    for (const server of [old, promoted]) await server.execute('SELECT pg_reload_conf()')
    await promoted.execute(`CREATE ROLE r_${randomBytes(4).toString('hex')}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.standby[Symbol.asyncDispose]()
    await this.primary[Symbol.asyncDispose]()
  }
}

function copying(of: Installation, { address }: PrivateServer): Installation {
  const program = join(dirname(of.serve({ folder: '', port: 0, tls: null })[0]), 'pg_basebackup')
  const from = [`--host=${address.host}`, `--port=${address.port}`, '--username=postgres']
  const initialise: Installation['initialise'] = (folder) => [
    program,
    ...from,
    `--pgdata=${folder}/data`,
    '--write-recovery-conf',
    '--checkpoint=fast',
    '--no-sync',
  ]
  return { ...of, initialise }
}
