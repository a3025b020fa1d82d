/**
 * The workload: random requests about so few names that they conflict, generated before the simulation starts.
 *
 * A request is made from names and amounts alone; the auditor decides what the answer must be. A new kind of command is a row of `MAKERS`.
 */
import type { Command, CommandKind } from '../../src/domain/command.ts'
import {
  across,
  amend,
  block,
  charge,
  declare,
  deposit,
  freeze,
  group,
  house,
  leg,
  merge,
  onlyIf,
  open,
  rate,
  refund,
  refundTo,
  release,
  settle,
  settlePart,
  transfer,
  unblock,
} from '../support/commands.ts'
import type { Chance } from './chance.ts'
import type { Intent } from './client.ts'
import type { Ask } from './history.ts'
import { AMOUNT_MOST, HOUSES, Names, NO_EXPIRY } from './names.ts'

/** Request ids that the database refuses for a reason of its own. */
export function isPoison(requestId: string): boolean {
  return requestId.startsWith('poison')
}

/** Request ids of commands that are malformed, so that the rules themselves throw. */
export function isBroken(requestId: string): boolean {
  return requestId.startsWith('broken')
}

export interface WorkloadPlan {
  readonly engines: number
  readonly clients: number
  readonly intents: number
  /** Requests begin between the start and this time. */
  readonly untilMs: number
}

/** The relative frequency of each kind, and how a command is made; null when no suitable names exist yet. */
const MAKERS: Readonly<Record<CommandKind, { weight: number; make: (names: Names) => Command | null }>> = {
  deposit: {
    weight: 8,
    make: (names) => {
      const amount = names.chance.likely(0.5) ? names.amount() : names.chance.amountBetween(50n, 400n)
      return deposit(names.requestId(), names.account(), amount, { asset: names.asset(), metadata: names.metadata() })
    },
  },
  charge: {
    weight: 4,
    make: (names) =>
      charge(names.requestId(), names.account(), names.amount(), {
        payee: names.payee(),
        asset: names.asset(),
        overdraft: names.chance.likely(0.1),
      }),
  },
  transfer: {
    weight: 6,
    make: (names) => {
      const asset = names.asset()
      const legs = Array.from({ length: names.chance.between(1, 4) }, () => {
        const [from, to, amount] = [names.party(), names.party(), names.amount()]
        if (names.chance.likely(names.exchanging)) return names.across(from, to, amount)
        return leg(from, to, amount, names.chance.likely(0.8) ? asset : names.asset())
      })
      return transfer(names.requestId(), legs, { memo: names.chance.likely(0.2) ? 'gift' : null })
    },
  },
  freeze: {
    weight: 11,
    make: (names) => {
      const { chance } = names
      const id = names.requestId()
      const amount = names.amount()
      const expiry = chance.likely(0.55) ? NO_EXPIRY : names.expiry()
      const onExpiry = chance.likely(0.3) ? names.onExpiry() : null
      const [account, payee, asset] = [names.account(), names.payee(), names.asset()]
      const isLikely = !account.startsWith('@') && payee !== account && asset === 'credit' && amount < 60n
      names.holds.push({ id, amount, at: names.at, settledAt: new Set(), isLikely })
      return freeze(id, account, amount, { payee, asset, ...expiry, onExpiry, metadata: names.metadata() })
    },
  },
  settle: {
    weight: 8,
    make: (names) => {
      const { chance } = names
      const late = chance.likely(0.4)
      const hold = late && chance.likely(0.7) ? names.oldHold() : names.hold()
      if (hold === null) return null
      let amount = chance.weighted({ less: 6, all: 3, more: 3, nothing: 1 })
      // Each hold has at most one settle per amount, and at most one of 0.
      if (amount === 'all' && hold.settledAt.has(hold.amount)) amount = 'less'
      const asked = {
        less: hold.amount > 1n ? chance.amountBetween(1n, hold.amount > 1_000n ? 1_000n : hold.amount - 1n) : 1n,
        all: hold.amount,
        more: hold.amount + chance.amountBetween(1n, 80n),
        nothing: 0n,
      }[amount]
      if (hold.settledAt.has(asked) || asked > AMOUNT_MOST) return null
      hold.settledAt.add(asked)
      const more = { payee: names.otherPayee(), late }
      return settle(hold.id, asked, chance.pick(['reject', 'cap', 'draw']), more)
    },
  },
  release: {
    weight: 4,
    make: (names) => {
      const hold = names.hold()
      if (hold === null) return names.chance.likely(0.2) ? release('nobody') : null
      return release(hold.id, names.chance.likely(0.6) ? 'caller' : 'expiry')
    },
  },
  open: {
    weight: 3,
    make: (names) => {
      const floor = names.chance.likely(0.2) ? 0n : names.chance.amountBetween(-100n, 20n)
      const attached = { asset: names.asset(), metadata: names.metadata() }
      const { chance } = names
      if (attached.metadata !== null && chance.likely(0.4)) {
        return open(names.requestId(), names.account(), null, { ...attached, asset: null })
      }
      return open(names.requestId(), names.account(), chance.likely(0.3) ? null : floor, attached)
    },
  },
  'settle-part': {
    weight: 7,
    make: (names) => {
      const hold = names.hold()
      if (hold === null) return null
      const { chance } = names
      const most = chance.likely(0.7) ? hold.amount : hold.amount + 40n
      const amount = chance.amountBetween(1n, most > 1_000n ? 1_000n : most)
      const memo = chance.likely(0.2) ? 'part' : null
      const overage = chance.pick(['reject', 'reject', 'cap', 'draw'] as const)
      return settlePart(names.requestId(), hold.id, amount, { overage, payee: names.otherPayee(), memo })
    },
  },
  amend: {
    weight: 6,
    make: (names) => {
      const hold = names.hold()
      if (hold === null) return null
      const { chance } = names
      const how = chance.weighted({ same: 4, total: 4, by: 3 })
      const amount = how === 'total' ? names.amountAround(hold.amount) : null
      const by = how === 'by' ? names.change() : null
      const change = { amount, by, ...(chance.likely(0.6) ? NO_EXPIRY : names.expiry()) }
      const onExpiry = chance.weighted({ same: 5, some: 3, none: 1 })
      if (onExpiry === 'same') return amend(names.requestId(), hold.id, change)
      return amend(names.requestId(), hold.id, { ...change, onExpiry: onExpiry === 'some' ? names.onExpiry() : null })
    },
  },
  refund: {
    weight: 5,
    make: (names) => {
      const hold = names.chance.likely(0.25) ? names.charge() : names.hold()
      if (hold === null) return null
      const amount = names.chance.amountBetween(1n, hold.amount > 30n ? 30n : hold.amount + 1n)
      const refundBy = names.chance.likely(0.3) ? refundTo : refund
      return refundBy(names.requestId(), hold.id, amount, { metadata: names.metadata() })
    },
  },
  rate: {
    weight: 3,
    make: (names) => {
      const { chance, hasGiants } = names
      const earlier = chance.likely(0.1) ? names.rates.at(-1) : undefined
      if (earlier !== undefined) return earlier
      const some = (most = 12n): bigint => (chance.likely(0.4) ? 1n : chance.amountBetween(1n, most))
      const numerator = hasGiants && chance.likely(0.6) ? AMOUNT_MOST : some()
      const rounding = chance.pick(['down', 'up', 'half-even'] as const)
      const terms = { rounding, tolerancePpm: chance.pick([0, 50_000, 250_000, 1_000_000]) }
      const command = rate(...names.pair(), [numerator, some(60n)], terms)
      names.rates.push(command)
      return command
    },
  },
  house: {
    weight: 1.5,
    make: ({ chance, users }) => house(chance.likely(0.95) ? chance.pick(HOUSES) : chance.pick(['@issuer', users[0]!])),
  },
  block: { weight: 0.7, make: (names) => block(names.requestId(), names.account()) },
  unblock: { weight: 1.2, make: (names) => unblock(names.requestId(), names.account()) },
  merge: {
    weight: 0.5,
    make: (names) => {
      const into = names.chance.likely(0.8) ? names.user() : names.payee()
      return merge(names.requestId(), names.closable(), into)
    },
  },
  declare: {
    weight: 1,
    make: ({ chance }) => {
      const asset = chance.pick(['gem', 'gem', 'usd'])
      const name = chance.pick(['Gem', 'Gem', 'Jewel', 'Stone'])
      return declare(asset, chance.likely(0.9) ? 2 : 3, name)
    },
  },
}

export function makeWorkload(
  chance: Chance,
  plan: WorkloadPlan,
): { intents: readonly Intent[]; users: readonly string[] } {
  const names = new Names(chance.stream('names'))
  const kinds = kindWeights(chance)
  const asks: Ask[] = [
    declare('gem', 2, 'Gem'),
    ...names.users.map((user) => deposit(names.requestId(), user, chance.amountBetween(50n, 500n))),
    deposit(names.requestId(), names.users[0]!, 100n, { asset: 'gem' }),
    rate('credit', 'gem', [1n, 10n], { rounding: 'half-even' }),
  ]
  const early = asks.length
  const times = arrivals(chance, plan)
  const intents: Intent[] = []
  for (let number = 0; number < plan.intents; number++) {
    names.at = number < early ? 0 : times[number]!
    const before = intents.at(-1)
    const rush = number <= early || before === undefined ? null : makeRush(names, before)
    if (rush === null || before === undefined) {
      const ask = asks[number] ?? makeAsk(names, kinds)
      intents.push(makeIntent(chance.stream(`intent ${number}`), { number, at: names.at, ask, plan }))
      continue
    }
    const copies = [{ engine: names.chance.below(plan.engines), afterMs: names.chance.fraction() * 2 }]
    intents[number - 1] = { ...before, copies, networkMs: 0.1 }
    const next = makeIntent(chance.stream(`intent ${number}`), { number, at: before.at, ask: rush, plan })
    intents.push({ ...next, route: before.route, networkMs: 0.2 })
  }
  return { intents, users: names.users }
}

/** The next command of a caller that does not wait for an answer: the end of a hold, a deposit of a new asset, an exchange. */
function makeRush(names: Names, { ask }: Intent): Command | null {
  const { chance, haste, users, requestId } = names
  if (!chance.likely(haste)) return null
  if (ask.kind === 'declare' && ask.asset !== 'credit' && chance.likely(0.4)) return rate('credit', ask.asset, [1n, 2n])
  if (ask.kind === 'declare') return deposit(requestId(), users[0]!, 20n, { asset: ask.asset })
  // The successor of a closed account is closed too.
  if (ask.kind === 'merge' && !ask.into.startsWith('@')) return merge(requestId(), ask.into, chance.pick(users))
  if (ask.kind === 'house') return transfer(requestId(), [leg(ask.account, users[0]!, 20n)])
  if (ask.kind === 'rate') {
    return transfer(requestId(), [across(users[0]!, users.at(-1)!, [10n, ask.from], [ask.to])])
  }
  return rushHold(names, ask)
}

/** The next command about a hold. It may be a repeat of the freeze, which must get the first answer. */
function rushHold(names: Names, ask: Ask): Command | null {
  const { chance, requestId } = names
  const id = ask.kind === 'freeze' ? ask.requestId : 'hold' in ask ? ask.hold : null
  const hold = names.holds.findLast((each) => each.id === id)
  if (hold === undefined || ask.kind.startsWith('read')) return null
  const part = chance.amountBetween(1n, hold.amount > 60n ? 30n : hold.amount / 2n + 1n)
  const next = chance.weighted({ end: 4, part: 3, amend: 2, refund: ask.kind === 'freeze' ? 0 : 3, again: 1 })
  switch (next) {
    case 'part':
      return names.conditional(settlePart(requestId(), hold.id, part, { payee: names.otherPayee() }))
    case 'amend':
      return amend(requestId(), hold.id, { amount: part, ...(chance.likely(0.5) ? NO_EXPIRY : names.expiry()) })
    case 'refund':
      return refund(requestId(), hold.id, part)
    case 'again':
      return names.commands.find((command) => command.kind === 'freeze' && command.requestId === id) ?? null
    case 'end':
      if (chance.likely(0.3) || hold.settledAt.has(hold.amount)) return release(hold.id)
      hold.settledAt.add(hold.amount)
      return names.conditional(settle(hold.id, hold.amount, chance.pick(['reject', 'cap'])))
  }
}

/** Each workload makes some kinds rare. */
function kindWeights(chance: Chance): Record<CommandKind, number> {
  const weights = Object.entries(MAKERS).map(([kind, { weight }]) => [kind, chance.likely(0.8) ? weight : weight / 20])
  return Object.fromEntries(weights) as Record<CommandKind, number>
}

/** Requests arrive alone and in bursts. */
function arrivals(chance: Chance, { intents, untilMs }: WorkloadPlan): readonly number[] {
  const times: number[] = []
  while (times.length < intents) {
    const at = chance.fraction() * untilMs
    const count = chance.likely(0.1) ? chance.between(5, 40) : 1
    for (let index = 0; index < count; index++) times.push(at + (chance.likely(0.5) ? 0 : chance.fraction() * 3))
  }
  return times.slice(0, intents).sort((left, right) => left - right)
}

function makeAsk(names: Names, kinds: Readonly<Record<CommandKind, number>>): Ask {
  const { chance } = names
  if (chance.likely(0.08)) {
    return { kind: 'read_account', account: chance.pick([...names.users, '@issuer', '@revenue', ...HOUSES]) }
  }
  if (chance.likely(0.03)) return { kind: 'read_hold', hold: names.hold()?.id ?? 'nobody' }
  if (chance.likely(0.02)) return { kind: 'read_history', hold: names.hold()?.id ?? 'nobody' }
  if (chance.likely(0.02 * names.exchanging)) {
    const [from, to] = names.pair()
    return { kind: 'read_rate', from, to }
  }
  if (chance.likely(0.02)) return { kind: 'ready' }
  if (chance.likely(0.05)) return makeGroup(names, kinds)
  if (chance.likely(0.06)) return names.commands.length > 0 ? again(names) : makeCommand(names, kinds)
  if (chance.likely(0.008)) return makeBroken(chance, `broken${names.commands.length}`)
  return makeCommand(names, kinds)
}

/** Malformed commands that no API accepts: an amount of the wrong type, legs that are not a list. The rules throw on them. */
function makeBroken(chance: Chance, requestId: string): Command {
  if (chance.likely(0.5)) return { ...transfer(requestId, []), legs: null as never }
  // Of an account that nobody blocks, which would be refused before the amount is looked at.
  return { ...freeze(requestId, 'unblocked', 1n), amount: 1 as never }
}

function makeCommand(names: Names, kinds: Readonly<Record<CommandKind, number>>): Command {
  for (;;) {
    const made = MAKERS[names.chance.weighted(kinds)].make(names)
    if (made === null) continue
    const command = names.conditional(made)
    names.commands.push(command)
    return command
  }
}

/** The members of a group have request ids and rates of their own, which no other command uses. */
function makeGroup(names: Names, kinds: Readonly<Record<CommandKind, number>>): Ask {
  const members: Command[] = []
  const size = names.chance.between(1, 5)
  while (members.length < size) {
    const made = MAKERS[names.chance.weighted(kinds)].make(names)
    if (made === null || made.kind === 'declare') continue
    const command = names.conditional(made)
    members.push(command.kind === 'rate' ? { ...command, tolerancePpm: names.uniqueTolerance() } : command)
  }
  return group(...members)
}

/** An earlier command again, perhaps on another condition; or a different one under its request id. */
function again(names: Names): Command {
  const { chance, commands } = names
  const earlier = chance.pick(commands)
  if (chance.likely(0.2)) return onlyIf(earlier, names.required(earlier))
  if (chance.likely(0.5) || !('requestId' in earlier)) {
    return chance.likely(0.3) ? { ...earlier, ifReplayed: 'refuse' } : earlier
  }
  switch (earlier.kind) {
    case 'deposit':
    case 'charge':
    case 'freeze':
    case 'settle-part':
      return { ...earlier, amount: earlier.amount > 5n ? earlier.amount - 1n : earlier.amount + 1n }
    case 'refund':
      // Another amount or total could come to the same coins, and then nobody could tell which of the two was applied.
      return { ...earlier, memo: `${earlier.memo ?? ''}!` }
    case 'open':
    case 'block':
    case 'unblock':
    case 'merge':
      return deposit(earlier.requestId, earlier.account, 7n)
    case 'transfer':
    case 'amend':
      return freeze(earlier.requestId, 'user:1', 3n)
  }
}

function makeIntent(
  chance: Chance,
  { number, at, ask, plan }: { number: number; at: number; ask: Ask; plan: WorkloadPlan },
): Intent {
  const home = chance.below(plan.engines)
  const tries = chance.likely(0.7) ? 8 : chance.between(1, 3)
  const route = Array.from({ length: tries }, () => (chance.likely(0.7) ? home : chance.below(plan.engines)))
  const copies = Array.from({ length: chance.likely(0.1) ? chance.between(1, 2) : 0 }, () => ({
    engine: chance.below(plan.engines),
    afterMs: chance.fraction() * 30,
  }))
  return {
    number,
    client: chance.below(plan.clients),
    at,
    ask,
    route,
    patienceMs: chance.pick([50, 300, 2_000]),
    copies,
    timeoutMs: chance.likely(0.2) ? chance.pick([1, 5, 50, 500]) : null,
    abortAfterMs: chance.likely(0.05) ? chance.fraction() * 20 : null,
    networkMs: chance.pick([0.1, 2, 20]),
  }
}
