/**
 * What is asked of the ledger: random requests over so few names that they meet, written down before anything happens.
 *
 * A request is made from names and amounts alone; what will be answered is the auditor's business. A new kind of command is a row
 * of `MAKERS`.
 */
import type { Command, CommandKind } from '../../src/domain/command.ts'
import { charge, declare, deposit, freeze, group, leg, open, release, settle, transfer } from '../support/commands.ts'
import type { Chance } from './chance.ts'
import type { Intent } from './client.ts'
import type { Ask } from './history.ts'
import { EPOCH } from './world.ts'

const AMOUNT_MOST = 2n ** 63n - 1n

/** Request ids that the database refuses for a reason of its own. */
export function isPoison(requestId: string): boolean {
  return requestId.startsWith('poison')
}

/** Request ids of commands that are broken so that the rules themselves fall over them. */
export function isBroken(requestId: string): boolean {
  return requestId.startsWith('broken')
}

export interface WorkloadPlan {
  readonly engines: number
  readonly clients: number
  readonly intents: number
  /** Requests begin between the beginning and then. */
  readonly untilMs: number
}

interface FrozenHold {
  readonly id: string
  readonly amount: bigint
  readonly at: number
  /** Amounts that it was asked to be settled at: each only once, so that what ended it can be told from its row. */
  readonly settledAt: Set<bigint>
}

class Names {
  readonly chance: Chance
  readonly users: readonly string[]
  readonly holds: FrozenHold[] = []
  readonly commands: Command[] = []
  /** When the request being made will be sent. */
  at = 0
  /** Whether amounts near the end of the range come up. */
  readonly hasGiants: boolean
  /** How often somebody does not wait for an answer before he asks on. */
  readonly haste: number
  #requestIds = 0

  constructor(chance: Chance) {
    this.chance = chance
    this.users = ['user:1', 'user:2', 'user:3', 'user:4'].slice(0, chance.between(1, 4))
    this.hasGiants = chance.likely(0.15)
    this.haste = chance.pick([0, 0.2, 0.9])
  }

  readonly requestId = (): string => {
    const prefix = this.chance.likely(0.012) ? 'poison' : 'r'
    return `${prefix}${++this.#requestIds}`
  }

  /** The first user is the busy one. */
  user(): string {
    return this.chance.likely(0.6) ? this.users[0]! : this.chance.pick(this.users)
  }

  account(): string {
    return this.chance.likely(0.9) ? this.user() : this.chance.pick(['@promo', '@revenue'])
  }

  payee(): string {
    return this.chance.likely(0.7) ? '@revenue' : this.chance.pick([...this.users, '@promo'])
  }

  asset(): string {
    return this.chance.weighted({ credit: 20, gem: 8, usd: 3 })
  }

  amount(): bigint {
    if (this.hasGiants && this.chance.likely(0.1)) {
      return this.chance.pick([AMOUNT_MOST, AMOUNT_MOST - 5n, AMOUNT_MOST / 2n])
    }
    return this.chance.amountBetween(1n, 60n)
  }

  metadata(): Record<string, string> | null {
    return this.chance.likely(0.85) ? null : { note: this.chance.pick(['a', 'b']) }
  }

  /** Mostly a recent one. */
  hold(): FrozenHold | null {
    if (this.holds.length === 0) return null
    const recent = this.chance.likely(0.8) ? this.holds.slice(-6) : this.holds
    return this.chance.pick(recent)
  }
}

/** How often each kind comes, and how one is made; null when there is nothing to make one from. */
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
      charge(names.requestId(), names.account(), names.amount(), { payee: names.payee(), asset: names.asset() }),
  },
  transfer: {
    weight: 4,
    make: (names) => {
      const asset = names.asset()
      const legs = Array.from({ length: names.chance.between(1, 4) }, () =>
        leg(names.account(), names.account(), names.amount(), names.chance.likely(0.8) ? asset : names.asset()),
      )
      return transfer(names.requestId(), legs, { memo: names.chance.likely(0.2) ? 'gift' : null })
    },
  },
  freeze: {
    weight: 11,
    make: (names) => {
      const { chance } = names
      const id = names.requestId()
      const amount = names.amount()
      const expiry = chance.weighted({ none: 8, soon: 2, late: 1, never: 0.3, at: 3 })
      // Half of them so soon that trying once more can be too late.
      const inMs = chance.likely(0.5) ? chance.between(0, 50) : chance.between(-200, 1_500)
      const expiresAt = expiry === 'at' ? EPOCH + Math.floor(names.at) + inMs : null
      const expiresInMs = { none: null, soon: 1_000, late: 3_600_000, never: 0, at: null }[expiry]
      names.holds.push({ id, amount, at: names.at, settledAt: new Set() })
      const parties = { payee: names.payee(), asset: names.asset() }
      return freeze(id, names.account(), amount, { ...parties, expiresInMs, expiresAt, metadata: names.metadata() })
    },
  },
  settle: {
    weight: 8,
    make: (names) => {
      const hold = names.hold()
      if (hold === null) return null
      const { chance } = names
      let amount = chance.weighted({ less: 6, all: 3, more: 3, nothing: 1 })
      // At most one settle of a hold is at each amount, and one at nothing.
      if (amount === 'all' && hold.settledAt.has(hold.amount)) amount = 'less'
      const asked = {
        less: hold.amount > 1n ? chance.amountBetween(1n, hold.amount > 1_000n ? 1_000n : hold.amount - 1n) : 1n,
        all: hold.amount,
        more: hold.amount + chance.amountBetween(1n, 80n),
        nothing: 0n,
      }[amount]
      if (hold.settledAt.has(asked) || asked > AMOUNT_MOST) return null
      hold.settledAt.add(asked)
      return settle(hold.id, asked, chance.pick(['reject', 'cap', 'draw']))
    },
  },
  release: {
    weight: 4,
    make: (names) => {
      const hold = names.hold()
      if (hold === null) return names.chance.likely(0.2) ? release('nobody') : null
      return release(hold.id, names.chance.likely(0.5) ? 'caller' : 'expiry')
    },
  },
  open: {
    weight: 2,
    make: (names) => {
      const floor = names.chance.likely(0.2) ? 0n : names.chance.amountBetween(-100n, 20n)
      const attached = { asset: names.asset(), metadata: names.metadata() }
      return open(names.requestId(), names.account(), floor, attached)
    },
  },
  /** None yet: holds have no steps. */
  'settle-part': { weight: 0, make: () => null },
  amend: { weight: 0, make: () => null },
  refund: { weight: 0, make: () => null },
  /** None yet: every transfer stays within one asset. */
  rate: { weight: 0, make: () => null },
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

/** What somebody asks who does not wait for the answer before: the end of a hold, a deposit of a new kind of coin. */
function makeRush({ chance, haste, holds, users, requestId }: Names, { ask }: Intent): Command | null {
  if (!chance.likely(haste)) return null
  if (ask.kind === 'declare') return deposit(requestId(), users[0]!, 20n, { asset: ask.asset })
  const hold = holds.at(-1)
  if (hold === undefined || ask.kind !== 'freeze' || ask.requestId !== hold.id) return null
  if (chance.likely(0.3) || hold.settledAt.has(hold.amount)) return release(hold.id)
  hold.settledAt.add(hold.amount)
  return settle(hold.id, hold.amount)
}

/** Each workload leaves some kinds out. */
function kindWeights(chance: Chance): Record<CommandKind, number> {
  const weights = Object.entries(MAKERS).map(([kind, { weight }]) => [kind, chance.likely(0.8) ? weight : weight / 20])
  return Object.fromEntries(weights) as Record<CommandKind, number>
}

/** Arrivals come alone and in bursts. */
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
    return { kind: 'read_account', account: chance.pick([...names.users, '@issuer', '@revenue', '@promo']) }
  }
  if (chance.likely(0.03)) return { kind: 'read_hold', hold: names.hold()?.id ?? 'nobody' }
  if (chance.likely(0.02)) return { kind: 'ready' }
  if (chance.likely(0.05)) return makeGroup(names, kinds)
  if (chance.likely(0.04)) return names.commands.length > 0 ? again(names) : makeCommand(names, kinds)
  if (chance.likely(0.008)) return { ...freeze(`broken${names.commands.length}`, names.user(), 1n), amount: 1 as never }
  return makeCommand(names, kinds)
}

function makeCommand(names: Names, kinds: Readonly<Record<CommandKind, number>>): Command {
  for (;;) {
    const command = MAKERS[names.chance.weighted(kinds)].make(names)
    if (command === null) continue
    names.commands.push(command)
    return command
  }
}

/** Members of a group have request ids of their own, which nothing else uses. */
function makeGroup(names: Names, kinds: Readonly<Record<CommandKind, number>>): Ask {
  const members: Command[] = []
  const size = names.chance.between(1, 5)
  while (members.length < size) {
    const command = MAKERS[names.chance.weighted(kinds)].make(names)
    if (command !== null && command.kind !== 'declare') members.push(command)
  }
  return group(...members)
}

/** An earlier command once more, or another one under its request id. */
function again({ chance, commands }: Names): Command {
  const earlier = chance.pick(commands)
  if (chance.likely(0.5) || !('requestId' in earlier)) return earlier
  switch (earlier.kind) {
    case 'deposit':
    case 'charge':
    case 'freeze':
      return { ...earlier, amount: earlier.amount > 5n ? earlier.amount - 1n : earlier.amount + 1n }
    case 'open':
      return deposit(earlier.requestId, earlier.account, 7n)
    case 'transfer':
    case 'settle-part':
    case 'amend':
    case 'refund':
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
