/**
 * The road of docs/guides/bridge.md from beginning to end, by the guide's own commands and code, with an old application at work all the time.
 *
 * After each step the callers pause for a moment: both books must be exact, and the old row of every user what the answered calls say.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Share } from '../../harness/old-application.ts'
import { installationUnderTest, type ServerName } from '../../harness/server-installations.ts'
import { cohort } from '../../src/client/index.ts'
import { Chance } from '../simulation/chance.ts'
import { PrivateServer } from '../support/private-server.ts'
import type { OldServer } from '../bridge/old-server.ts'
import { RoadGuide } from './guide.ts'
import { RoadSystem } from './system.ts'

const USERS = 200
/** Calls between two moments of a step. */
const STRETCH = 150
const WAIT_MS_MAX = 60_000
const ASK_AGAIN_MS = 100

/** The shares of the guide. */
const FEW = { percent: 1, prefixes: ['user:9'] } as const
const SOME = { percent: 10, prefixes: ['user:9'] } as const
const ALL = { percent: 100, prefixes: [] } as const
const NONE = { percent: 0, prefixes: [] } as const

export function describeRoad(name: ServerName, old: OldServer): void {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) {
    test(`the road of the guide to a bridge on ${name}`, { skip: reason }, () => {})
    return
  }
  describe(`the road of the guide to a bridge on ${name}`, () => {
    const seed = Number(process.env['HOLDFAST_ROAD_SEED'] ?? randomInt(2 ** 31))
    const chance = new Chance(`road ${name} ${seed}`)
    const owned = new AsyncDisposableStack()
    let server: PrivateServer
    let guide: RoadGuide

    before(async () => {
      guide = owned.use(new RoadGuide())
      server = owned.use(await PrivateServer.start(installation))
    })

    after(() => owned.disposeAsync())

    test('is walked to its end with old code at work, and both books are exact after every step', async (t) => {
      t.diagnostic(`HOLDFAST_ROAD_SEED=${seed}`)
      const options = { server, old, guide, chance: chance.stream('walk'), database: 'shop', users: USERS }
      await using system = await RoadSystem.start(options)
      const walk = new Walk(system, guide, name)
      for (const step of [
        () => walk.backUp((why) => t.diagnostic(why)),
        () => walk.install(),
        () => walk.watch(),
        () => walk.moveAtomic(),
        () => walk.moveLocking(),
        () => walk.pause(),
        () => walk.stopOldWriters(),
        () => walk.remove(),
      ]) {
        await step()
      }
      t.diagnostic(`${system.callers.doneCount} calls were done, ${system.callers.declinedCount} declined.`)
    })
  })
}

class Walk {
  readonly #system: RoadSystem
  readonly #guide: RoadGuide
  readonly #server: ServerName

  constructor(system: RoadSystem, guide: RoadGuide, server: ServerName) {
    this.#system = system
    this.#guide = guide
    this.#server = server
  }

  async backUp(tell: (why: string) => void): Promise<void> {
    const { callers } = this.#system
    callers.resume()
    await callers.progress(STRETCH)
    const title = { mysql: '# MySQL', mariadb: '# MariaDB', postgres: '# PostgreSQL' }[this.#server]
    const commands = this.#guide.commands('1.').find((text) => text.startsWith(title))!
    const [, program] = /^(\S+) /m.exec(commands.slice(title.length).trimStart())!
    if (spawnSync(program!, ['--version']).status !== 0) tell(`The backup is not made: there is no ${program} here.`)
    else await this.#backUp(commands)
    await callers.pause()
    await this.#system.assertOldRows()
  }

  async install(): Promise<void> {
    const { callers } = this.#system
    callers.resume()
    if (this.#server === 'mariadb') await this.#system.query(this.#guide.statement('2.'))
    const [commands] = this.#guide.commands('2.')
    await this.#system.run(commands!)
    await callers.progress(STRETCH)
    await this.#assertExact({ mayDeadlock: this.#server !== 'postgres' })
  }

  async watch(): Promise<void> {
    const { callers } = this.#system
    await this.#system.startServices()
    callers.resume()
    await callers.progress(STRETCH)
    await this.#see()
    const [status] = this.#guide.commands('3.')
    assert.match(await this.#system.run(status!), /open/)
    await this.#assertExact()
  }

  async moveAtomic(): Promise<void> {
    for (const share of [FEW, SOME, FEW, ALL]) await this.#move(share, 'old')
  }

  async moveLocking(): Promise<void> {
    for (const share of [FEW, NONE, ALL]) await this.#move(ALL, share)
  }

  async pause(): Promise<void> {
    const { callers } = this.#system
    callers.resume()
    await until('no freeze of the old side is open', async () => (await this.#openFreezes()) === 0)
    const [pause, resume] = this.#guide.commands('6.')
    for (const commands of [pause!, resume!, pause!]) {
      await this.#system.run(commands)
      await callers.progress(STRETCH)
    }
    assert.match(await this.#system.forgotten(1), /the bridge is paused/)
    await this.#assertExact()
  }

  async stopOldWriters(): Promise<void> {
    const { callers } = this.#system
    this.#system.share('ledger', 'ledger')
    callers.resume()
    await callers.progress(STRETCH)
    await this.#assertExact()
  }

  async remove(): Promise<void> {
    const { callers } = this.#system
    callers.resume()
    const [commands] = this.#guide.commands('8.')
    await this.#system.run(commands!)
    const rows = await this.#system.query('SELECT id, balance, frozen_balance, version FROM users ORDER BY id')
    await callers.progress(STRETCH)
    await callers.pause()
    await this.#system.assertAccounts()
    assert.deepEqual(
      await this.#system.query('SELECT id, balance, frozen_balance, version FROM users ORDER BY id'),
      rows,
      'the old tables stay as they are',
    )
    await callers.end()
    await this.#system.assertAccounts()
    await this.#system.run(commands!.split('\n')[1]!)
    await this.#system.stopServices()
  }

  /** Restores into another database, which has what the old tables had at one instant. */
  async #backUp(commands: string): Promise<void> {
    await this.#system.createCopy('shop_copy')
    await this.#system.run(commands)
    const copied = await this.#system.query(
      `SELECT u.id, u.frozen_balance AS frozen,
         (SELECT COALESCE(SUM(f.amount), 0) FROM compute_freeze_logs f WHERE f.user_id = u.id AND f.status = 'frozen') AS logged
       FROM users u`,
      'shop_copy',
    )
    assert.equal(copied.length, USERS)
    for (const { frozen, logged } of copied) assert.equal(Number(frozen), Number(logged))
  }

  /** Gives the methods these shares, and looks where new freezes are. */
  async #move(atomic: Share, locking: Share): Promise<void> {
    const { callers } = this.#system
    this.#system.share(atomic, locking)
    callers.resume()
    await callers.progress(STRETCH)
    await this.#assertExact()
    const logged = await this.#system.logged()
    const isMoved = { atomic: ruleOf(atomic), locking: ruleOf(locking) }
    const strayed = callers.frozen.filter(
      ({ requestId, family, user }) => logged.has(requestId) === isMoved[family](`user:${user}`),
    )
    assert.deepEqual(strayed, [], 'freezes of users with a share are holds of the ledger, and no others')
  }

  async #openFreezes(): Promise<number> {
    const stdout = await this.#system.run('holdfast bridge status --store "$STORE" --json')
    const { openFreezes } = JSON.parse(stdout) as { openFreezes: readonly { count: number }[] }
    return openFreezes.reduce((sum, { count }) => sum + count, 0)
  }

  /** The two commands of the guide that exit with 0. */
  async #see(): Promise<void> {
    await this.#system.run(this.#guide.commands('The road')[0]!)
  }

  async #assertExact({ mayDeadlock = false } = {}): Promise<void> {
    const { callers } = this.#system
    await callers.pause()
    await this.#see()
    await this.#system.assertOldRows()
    if (!mayDeadlock) assert.equal(callers.troubles.get('deadlock'), undefined, 'no side ended a call of the other')
  }
}

function ruleOf(share: Share): (account: string) => boolean {
  if (share === 'old') return () => false
  return share === 'ledger' ? () => true : cohort(share)
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineAt = performance.now() + WAIT_MS_MAX
  while (!(await isSo())) {
    assert.ok(performance.now() < deadlineAt, `not within ${WAIT_MS_MAX} ms: ${what}`)
    await sleep(ASK_AGAIN_MS)
  }
}
