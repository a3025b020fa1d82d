/** All rules, one per command, and the functions that use them. */
import { amend } from './commands/amend.ts'
import { block, unblock } from './commands/block.ts'
import { charge } from './commands/charge.ts'
import { merge } from './commands/merge.ts'
import { declare } from './commands/declare.ts'
import { house } from './commands/house.ts'
import { deposit } from './commands/deposit.ts'
import { freeze } from './commands/freeze.ts'
import { open } from './commands/open.ts'
import { rate } from './commands/rate.ts'
import { refund } from './commands/refund.ts'
import { release } from './commands/release.ts'
import { settlePart } from './commands/settle-part.ts'
import { settle } from './commands/settle.ts'
import { transfer } from './commands/transfer.ts'
import { authorOf } from './by.ts'
import { commandsOf, type Command, type CommandKind, type Work } from './command.ts'
import { decideWithin } from './confining.ts'
import { reject, type Decision, type Moment, type Refusal, type Replay, type State } from './decision.ts'
import { differencesOf, type Differences } from './differences.ts'
import { fingerprintOf } from './fingerprint.ts'
import { FootprintKeys, NOTHING_KNOWN, type Footprint, type Known } from './footprint.ts'
import { holdIn } from './hold-step.ts'
import type { HouseStripes } from './house-stripes.ts'
import type { AccountName, RequestId } from './ids.ts'
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
  house,
  block,
  unblock,
  merge,
}

/** The rule of a command. The types cannot express that each row of the table takes commands of its own kind. */
export function ruleOf(command: Command): Rule<CommandKind> {
  return RULES[command.kind]
}

export function decide(command: Command, state: State, moment: Moment): Decision {
  const { givenBy } = command
  if (givenBy === undefined) return decideFreely(command, state, moment)
  const own = { ...moment, by: authorOf(givenBy) }
  const { within } = givenBy
  if (within === null) return decideFreely(command, state, own)
  return decideWithin(within, { command, hold: holdOf(command) }, state, (seen) => decideFreely(command, seen, own))
}

function decideFreely(command: Command, state: State, moment: Moment): Decision {
  const decision = ruleOf(command).decide(command, state, moment)
  if (decision.verdict === 'reject' && decision.rejection.code === 'request_id_reused') {
    return reject({ ...decision.rejection, ...differences(command, state) })
  }
  if (decision.verdict !== 'replay' || command.ifReplayed !== 'refuse') return decision
  return refuseReplay(command, decision, state)
}

/** Says when the first request had its effect, and how the hold of the command is now. */
function refuseReplay(command: Command, { at }: Replay, state: State): Refusal {
  const id = command.kind === 'freeze' ? command.requestId : holdOf(command)
  const hold = id === null ? null : holdIn(state, id)
  const now =
    hold === null
      ? { hold: null, state: null, held: null, settled: null }
      : { hold: hold.id, state: hold.state, held: hold.held, settled: hold.settled }
  return reject({ code: 'request_replayed', at, ...now, applied: 'no' })
}

/** How a command differs from the one that used its request id first. */
function differences(command: Command, state: State): Differences {
  const { kept } = ruleOf(command) as { readonly kept: KeptReader | null }
  const earlier = 'requestId' in command ? state.request(command.requestId) : null
  return differencesOf(command, kept === null || earlier === null ? null : kept(earlier))
}

/** The types cannot express that the rule takes commands of its own kind. */
type KeptReader = (earlier: RequestRecord) => object | null

/** The request id of the row that makes a command idempotent, or null if the command is idempotent by nature. */
export function requestOf(command: Command): RequestId | null {
  return ruleOf(command).request(command)
}

/** The hold that must exist before the command; null for other commands. */
export function holdOf(command: Command): RequestId | null {
  return ruleOf(command).hold(command)
}

/** The accounts of users that spend coins by the command. */
export function payersOf(command: Command): readonly AccountName[] {
  return ruleOf(command).payers?.(command) ?? []
}

/** Equal for equal contents; null if no row has a fingerprint of the command. */
export function fingerprint(command: Command): number | null {
  const contents = ruleOf(command).contents(command)
  return contents === null ? null : fingerprintOf(contents)
}

/** The holds that the commands are about. */
export function holdsOf(work: readonly Work[]): readonly RequestId[] {
  return work
    .flatMap(commandsOf)
    .map(holdOf)
    .filter((hold) => hold !== null)
}

/**
 * The keys that `work` may read. The balances of a hold are only known from its row, unless the same work opens the hold or it is in
 * `known`. Therefore code that loads a hold must also load its balances (`footprintOfHold`); the same is true of a whole account
 * (`footprintOfWhole`), and of a balance of a closed one (`footprintOfSuccessor`).
 */
export function footprint(work: Iterable<Work>, houseStripes: HouseStripes, known: Known = NOTHING_KNOWN): Footprint {
  const keys = new FootprintKeys(houseStripes, known)
  for (const item of work) {
    for (const command of commandsOf(item)) ruleOf(command).addKeys(command, keys)
  }
  keys.complete()
  return keys
}
