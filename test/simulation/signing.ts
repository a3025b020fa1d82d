/** Some callers have keys, and some keys are confined. A repeat can be given with another key. */
import type { By } from '../../src/domain/by.ts'
import type { Command } from '../../src/domain/command.ts'
import type { Confinement } from '../../src/domain/confinement.ts'
import { ACTORS, TRACE } from '../support/authors.ts'
import type { Chance } from './chance.ts'
import { isQuestion, type Ask } from './history.ts'
import { isBroken } from './workload.ts'

export class Signing {
  readonly #chance: Chance
  readonly #users: readonly string[]
  /** How often a command is given with a key. */
  readonly #often: number

  constructor(chance: Chance, users: readonly string[]) {
    this.#chance = chance
    this.#users = users
    this.#often = chance.pick([0, 0.1, 0.5])
  }

  sign(ask: Ask): Ask {
    if (ask.kind === 'group') return { ...ask, commands: ask.commands.map((command) => this.#sign(command)) }
    return isQuestion(ask) ? ask : this.#sign(ask)
  }

  #sign(command: Command): Command {
    // Nothing is expected of a malformed command but that the rules throw.
    if ('requestId' in command && isBroken(command.requestId)) return command
    return this.#chance.likely(this.#often) ? { ...command, givenBy: this.#author() } : command
  }

  #author(): By {
    const chance = this.#chance
    const actor = chance.pick(ACTORS)
    return { actor, trace: chance.likely(0.5) ? TRACE : null, within: chance.likely(0.4) ? this.#limits() : null }
  }

  #limits(): Confinement {
    const chance = this.#chance
    return {
      accounts: chance.pick([null, [this.#users[0]!], [chance.pick(this.#users), 'user:1'], []]),
      assets: chance.pick([null, null, ['credit'], ['gem', 'usd']]),
      amountMax: chance.pick([null, null, 40n, 5n]),
    }
  }
}
