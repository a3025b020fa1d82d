/** All rules, one per command, and the functions that use them. */
import { amend } from './commands/amend.ts'
import { charge } from './commands/charge.ts'
import { declare } from './commands/declare.ts'
import { deposit } from './commands/deposit.ts'
import { freeze } from './commands/freeze.ts'
import { open } from './commands/open.ts'
import { rate } from './commands/rate.ts'
import { refund } from './commands/refund.ts'
import { release } from './commands/release.ts'
import { settlePart } from './commands/settle-part.ts'
import { settle } from './commands/settle.ts'
import { transfer } from './commands/transfer.ts'
import { commandsOf, type Command, type CommandKind, type Work } from './command.ts'
import type { Decision, Moment, State } from './decision.ts'
import { fingerprintOf } from './fingerprint.ts'
import { FootprintKeys, type Footprint } from './footprint.ts'
import type { HouseStripes } from './house-stripes.ts'
import type { RequestId } from './ids.ts'
import type { Rule } from './rule.ts'
import type { RequestRecord } from './snapshot.ts'

const RULES: { readonly [Kind in CommandKind]: Rule<Kind> } = {
  open,
  deposit,
  charge,
  transfer,
  freeze,
  settle,
  'settle-part': settlePart,
  amend,
  refund,
  release,
  declare,
  rate,
}

/** The rule of a command. The types cannot express that each row of the table takes commands of its own kind. */
export function ruleOf(command: Command): Rule<CommandKind> {
  return RULES[command.kind]
}

export function decide(command: Command, state: State, moment: Moment): Decision {
  return ruleOf(command).decide(command, state, moment)
}

/** The request id of the row that makes a command idempotent, or null if the command is idempotent by nature. */
export function requestOf(command: Command): RequestId | null {
  return ruleOf(command).request(command)
}

/** The hold that must exist before the command; null for other commands. */
export function holdOf(command: Command): RequestId | null {
  return ruleOf(command).hold(command)
}

/** Equal for equal contents; null if no row has a fingerprint of the command. */
export function fingerprint(command: Command): number | null {
  const contents = ruleOf(command).contents(command)
  return contents === null ? null : fingerprintOf(contents)
}

const NONE: ReadonlyMap<RequestId, RequestRecord> = new Map()

/**
 * The keys that `work` may read. The balances of a hold are only known from its row, unless the same work opens the hold or it is in
 * `known`. Therefore code that loads a hold must also load its balances (`footprintOfHold`).
 */
export function footprint(
  work: Iterable<Work>,
  houseStripes: HouseStripes,
  known: ReadonlyMap<RequestId, RequestRecord> = NONE,
): Footprint {
  const keys = new FootprintKeys(houseStripes, known)
  for (const item of work) {
    for (const command of commandsOf(item)) ruleOf(command).addKeys(command, keys)
  }
  keys.addPayeesOfNewHolds()
  return keys
}
