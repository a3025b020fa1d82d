/** Kills processes of a system at random moments, and starts them again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnHoldfast } from '../../harness/service-process.ts'
import type { Chance } from '../simulation/chance.ts'
import type { PrivateServer } from '../support/private-server.ts'
import type { RoadSystem } from './system.ts'

const WAIT_MS_MAX = 200
/** A command of the bridge is killed within this time: while it starts, works, or is done. */
const COMMAND_MS_MAX = 2_500

export type Victim = 'worker' | 'service' | 'database'

export class RoadKills {
  readonly counts: Record<Victim | 'command', number> = { worker: 0, service: 0, database: 0, command: 0 }
  readonly #chance: Chance
  readonly #server: PrivateServer

  constructor(chance: Chance, server: PrivateServer) {
    this.#chance = chance
    this.#server = server
  }

  async kill(system: RoadSystem, victim: Victim): Promise<void> {
    await sleep(this.#chance.below(WAIT_MS_MAX))
    this.counts[victim]++
    if (victim === 'worker') await system.replaceWorker(this.#chance.below(system.workers))
    else if (victim === 'service') await system.replaceService(this.#chance.below(system.services))
    else {
      await this.#server.kill()
      await this.#server.start()
    }
  }

  /** Starts a command of the bridge and kills it. Returns whether it had come to its end. */
  async interrupt(system: RoadSystem, parameters: readonly string[]): Promise<boolean> {
    const child = spawnHoldfast(['bridge', ...parameters, '--store', system.url])
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
    child.stdout.resume()
    child.stderr.resume()
    await Promise.race([closed, sleep(this.#chance.below(COMMAND_MS_MAX))])
    this.counts.command++
    child.kill('SIGKILL')
    return (await closed) === 0
  }
}
