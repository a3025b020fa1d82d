/**
 * The road of docs/guides/bridge.md from beginning to end, by the guide's own commands and code, with an old application at work all the time.
 *
 * Processes of the old application, services, commands of the bridge and the database are killed at random moments. After each step the callers
 * pause for a moment: both books must be exact, and the old row of every user what the answered calls say.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Share } from '../../harness/old-application.ts'
import { installationUnderTest, type ServerName } from '../../harness/server-installations.ts'
import { Chance } from '../simulation/chance.ts'
import { PrivateServer } from '../support/private-server.ts'
import type { OldServer } from '../bridge/old-server.ts'
import { RoadGuide } from './guide.ts'
import { RoadKills, type Victim } from './kills.ts'
import { ALL, FEW, NONE, ruleOf, SOME } from './shares.ts'
import { isPoor, RoadSystem } from './system.ts'
import { goThereAndBack, STATIONS } from './way-back.ts'

const LARGE = { users: 200, workers: 3, services: 2 } as const
/** For the ways back. */
const SMALL = { users: 100, workers: 1, services: 1 } as const
/** Calls between two moments of a step. */
const STRETCH = 100

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
      const own = { chance: chance.stream('walk'), database: 'shop', ...LARGE }
      await using system = await RoadSystem.start({ server, old, guide, ...own })
      const kills = new RoadKills(chance.stream('kills'), server)
      const walk = new Walk(system, guide, name, kills)
      const steps = {
        'Back up': () => walk.backUp((why) => t.diagnostic(why)),
        Install: () => walk.install(),
        Watch: () => walk.watch(),
        'Move the atomic methods': () => walk.moveAtomic(),
        'Move the methods with row locks': () => walk.moveLocking(),
        'Pause the old side': () => walk.pause(),
        'Stop the old writers': () => walk.stopOldWriters(),
        'Remove the bridge': () => walk.remove(),
      }
      for (const [step, take] of Object.entries(steps)) {
        const since = performance.now()
        await take()
        t.diagnostic(`${step}: ${Math.round((performance.now() - since) / 100) / 10} s`)
      }
      const { doneCount, declinedCount } = system.callers
      t.diagnostic(`${doneCount} calls were done, ${declinedCount} declined; killed: ${JSON.stringify(kills.counts)}.`)
    })

    for (const [index, station] of STATIONS.entries()) {
      test(`leads back from "${station.name}", and the old system goes on by itself`, async () => {
        const own = { chance: chance.stream(`back ${index}`), database: `back_${index}`, ...SMALL }
        await using system = await RoadSystem.start({ server, old, guide, ...own })
        await goThereAndBack(system, guide, name, station)
      })
    }
  })
}

class Walk {
  readonly #system: RoadSystem
  readonly #guide: RoadGuide
  readonly #server: ServerName
  readonly #kills: RoadKills

  constructor(system: RoadSystem, guide: RoadGuide, server: ServerName, kills: RoadKills) {
    this.#system = system
    this.#guide = guide
    this.#server = server
    this.#kills = kills
  }

  async backUp(tell: (why: string) => void): Promise<void> {
    const { callers } = this.#system
    await this.#stretch('worker')
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
    await this.#system.run(commands!.split('\n')[0]!)
    const installing = this.#kills.interrupt(this.#system, ['install', '--version-column', 'version'])
    await Promise.all([installing, this.#kills.kill(this.#system, 'worker')])
    const failing = this.#kills.interrupt(this.#system, ['install', '--version-column', 'version'])
    await Promise.all([failing, this.#kills.kill(this.#system, 'database')])
    await this.#system.run(commands!)
    await callers.progress(STRETCH)
    await this.#assertExact({ mayDeadlock: this.#server !== 'postgres' })
  }

  async watch(): Promise<void> {
    await this.#system.startServices()
    await this.#stretch('service')
    await this.#see()
    const [status] = this.#guide.commands('3.')
    assert.match(await this.#system.run(status!), /open/)
    await this.#assertExact()
  }

  async moveAtomic(): Promise<void> {
    await this.#move(FEW, 'old', 'worker')
    await this.#move(SOME, 'old', 'service')
    await this.#move(FEW, 'old', 'database')
    await this.#move(ALL, 'old', 'service')
  }

  async moveLocking(): Promise<void> {
    await this.#move(ALL, FEW, 'worker')
    await this.#move(ALL, NONE, 'service')
    await this.#move(ALL, ALL, 'database')
  }

  async pause(): Promise<void> {
    const { callers } = this.#system
    callers.resume()
    await this.#system.oldFreezesEnd()
    const [pause, resume] = this.#guide.commands('6.')
    for (const commands of [pause!, resume!, pause!]) {
      await this.#system.run(commands)
      await callers.progress(STRETCH)
    }
    await this.#stretch('worker')
    assert.match(await this.#system.forgotten(1), /the bridge is paused/)
    await this.#assertExact()
  }

  async stopOldWriters(): Promise<void> {
    this.#system.share('ledger', 'ledger')
    await this.#stretch('service')
    await this.#assertExact()
  }

  async remove(): Promise<void> {
    const { callers } = this.#system
    callers.resume()
    const [commands] = this.#guide.commands('8.')
    const [removal, verification] = commands!.split('\n')
    const removing = this.#kills.interrupt(this.#system, ['remove', '--leave-holds'])
    const [isRemoved] = await Promise.all([removing, this.#kills.kill(this.#system, 'service')])
    await this.#system.run(isRemoved ? verification! : `${removal}\n${verification}`)
    const rows = await this.#system.query('SELECT id, balance, frozen_balance, version FROM users ORDER BY id')
    await this.#stretch('database')
    await callers.pause()
    await this.#system.assertAccounts()
    assert.deepEqual(
      await this.#system.query('SELECT id, balance, frozen_balance, version FROM users ORDER BY id'),
      rows,
      'the old tables stay as they are',
    )
    await callers.end()
    await this.#system.assertAccounts()
    await this.#system.run(verification!)
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
    assert.equal(copied.length, LARGE.users)
    for (const { frozen, logged } of copied) assert.equal(Number(frozen), Number(logged))
  }

  /** Gives the methods these shares, and looks where new freezes are. */
  async #move(atomic: Share, locking: Share, victim: Victim): Promise<void> {
    const { callers } = this.#system
    this.#system.share(atomic, locking)
    await this.#stretch(victim)
    await this.#assertExact()
    const logged = await this.#system.logged()
    const isMoved = { atomic: ruleOf(atomic), locking: ruleOf(locking) }
    const strayed = callers.frozen.filter(
      ({ requestId, family, user }) =>
        // Where one side had too few coins, the other one was asked a moment later.
        !isPoor(user) && logged.has(requestId) === isMoved[family](`user:${user}`),
    )
    assert.deepEqual(strayed, [], 'freezes of users with a share are holds of the ledger, and no others')
  }

  /** Calls go on, and one process is killed meanwhile. */
  async #stretch(victim: Victim): Promise<void> {
    const { callers } = this.#system
    callers.resume()
    await callers.progress(STRETCH)
    await this.#kills.kill(this.#system, victim)
    await callers.progress(STRETCH)
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
