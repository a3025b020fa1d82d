/**
 * One ledger in front of two: each call goes to the ledger to which its account belongs. For a staged rollout.
 *
 * Nothing is remembered that counts: an account's ledger follows from the rule alone, in every process. Where a hold is, follows from the
 * memory of its freeze, or else from a look into both ledgers.
 */
import { answeredOf, type AnswerOf } from '../api/answered.ts'
import { CheckedLedger } from '../api/checked-ledger.ts'
import type { BatchRequest } from '../api/contracts.ts'
import { LedgerError } from '../api/error.ts'
import type { BatchOutcome, CallOptions, Keys, Ledger, Reads } from '../api/ledger.ts'
import type { Command, CommandKind } from '../domain/command.ts'
import { isHouse, type AccountName, type RequestId } from '../domain/ids.ts'
import { accountsIn } from '../domain/named-accounts.ts'
import type { RoutingRule } from './cohort.ts'
import { readsOf, relay } from './relay.ts'

export interface RoutedOptions {
  /** True for the accounts that belong to `chosen`. It is asked for accounts of users only; `cohort` makes one. */
  readonly rule: RoutingRule
  readonly chosen: Ledger
  readonly otherwise: Ledger
  /**
   * Whether both are services of one database, such as two versions of the service. Then every call can be answered by either, and
   * calls without an account go to `otherwise`. Default false: an account exists in one of the two only.
   */
  readonly sameBooks?: boolean
}

/** Holds whose ledger is remembered, each with about 100 bytes. Others cost one more call. */
const HOLDS_REMEMBERED_MAX = 50_000

const IN_EITHER = 'Ask each of the two ledgers itself.'

/**
 * A ledger that sends the calls of some accounts to `chosen` and all others to `otherwise`. Closing it closes both.
 *
 * A hold is where it was frozen: settles, amends, refunds, releases and reads go there if this process froze it, and otherwise to `otherwise`
 * first, and to `chosen` if that answers `hold_not_found`. An entry is looked for in the same order.
 *
 * With two sets of books, a command that names accounts of both is refused as `invalid_request` before it has any effect, and so is an
 * atomic batch across both. Other batches are split: each ledger gets its commands in order. Assets, rates and house accounts are declared
 * in both, first in `otherwise`. Lists without an account (`accounts`, `entries`, `stats`, `holds`) and reads of house accounts are refused.
 */
export function routed(options: RoutedOptions): Ledger {
  return new RoutedLedger(options)
}

/** Keys are those of a database, and the two ledgers may have one each. */
function refuseKeys(): Keys {
  const refuse = async (): Promise<never> => {
    throw LedgerError.invalid('', `Keys belong to one of two ledgers. ${IN_EITHER}`)
  }
  return { create: refuse, list: refuse, rotate: refuse, revoke: refuse }
}

class RoutedLedger extends CheckedLedger {
  override readonly keys: Keys
  readonly #rule: RoutingRule
  readonly #chosen: Ledger
  readonly #otherwise: Ledger
  readonly #sameBooks: boolean
  readonly #homes = new Map<RequestId, Ledger>()
  protected override readonly reads: Reads

  constructor({ rule, chosen, otherwise, sameBooks = false }: RoutedOptions) {
    super()
    this.#rule = rule
    this.#chosen = chosen
    this.#otherwise = otherwise
    this.#sameBooks = sameBooks
    this.keys = sameBooks ? otherwise.keys : refuseKeys()
    this.reads = this.#routedReads()
  }

  protected async submit<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options: CallOptions | undefined,
  ): Promise<AnswerOf<Kind>> {
    const outcome = await this.#submitOne(command, options)
    if (outcome.status !== 'applied') throw outcome.error
    return answeredOf<Kind>(command.kind, outcome)
  }

  protected async submitBatch({ commands, atomic }: BatchRequest, options: CallOptions = {}): Promise<BatchOutcome[]> {
    const places: (readonly Ledger[])[] = []
    for (const [index, command] of commands.entries()) {
      try {
        places.push(await this.#placesOf(command, commands.slice(0, index), places))
      } catch (error) {
        throw error instanceof LedgerError ? error.under(`/commands/${index}`) : error
      }
    }
    if (!atomic) return await this.#split(commands, places, options)
    const [ledger, ...others] = new Set(places.flat())
    if (others.length > 0) {
      throw LedgerError.invalid('/atomic', 'An atomic batch cannot have commands for both ledgers.')
    }
    const outcomes = await relay(ledger!, commands, { ...options, atomic })
    for (const outcome of outcomes) if (outcome.status === 'faulted') throw outcome.error
    this.#remember(commands, outcomes, ledger!)
    return outcomes
  }

  async close(): Promise<void> {
    await Promise.all([this.#chosen.close(), this.#otherwise.close()])
  }

  async #submitOne(command: Command, options: CallOptions = {}): Promise<BatchOutcome> {
    if (!this.#mustBeLookedFor(command)) {
      const [outcome] = await this.#split([command], [await this.#placesOf(command)], options)
      return outcome!
    }
    // A rejection has no effect, so the call itself finds the hold, without a read before it.
    const [first] = await relay(this.#otherwise, [command], options)
    if (!isHoldNotFound(first!)) return first!
    const [second] = await relay(this.#chosen, [command], options)
    if (second!.status === 'applied') this.#rememberOne(command.hold, this.#chosen)
    return second!
  }

  /** Whether only its hold says to which ledger a command belongs, and the hold is not remembered. */
  #mustBeLookedFor(command: Command): command is Command & { readonly hold: RequestId } {
    return 'hold' in command && !this.#sameBooks && !this.#homes.has(command.hold) && payeesOf(command).length === 0
  }

  /** The ledgers that a command belongs to: one, or both for what is declared in both. @throws LedgerError `invalid_request` */
  async #placesOf(
    command: Command,
    before: readonly Command[] = [],
    places: readonly (readonly Ledger[])[] = [],
  ): Promise<readonly Ledger[]> {
    if ('hold' in command) {
      const opened = before.findIndex(({ kind, ...fields }) => opensHold(kind) && idIn(fields) === command.hold)
      const home = opened === -1 ? await this.#homeOf(command.hold) : places[opened]![0]!
      this.#requireSame(home, payeesOf(command))
      return [home]
    }
    // What is declared has no request id, and is needed in both.
    if (!('requestId' in command)) return this.#sameBooks ? [this.#otherwise] : [this.#otherwise, this.#chosen]
    return [this.#ledgerOf(accountsIn(command))]
  }

  #ledgerOf(accounts: readonly AccountName[]): Ledger {
    const [first, ...others] = accounts.filter((account) => !isHouse(account))
    if (first !== undefined) {
      const ledger = this.#rule(first) ? this.#chosen : this.#otherwise
      this.#requireSame(ledger, others)
      return ledger
    }
    if (this.#sameBooks) return this.#otherwise
    throw LedgerError.invalid('', `House accounts are in both ledgers. ${IN_EITHER}`)
  }

  #requireSame(ledger: Ledger, accounts: readonly AccountName[]): void {
    if (this.#sameBooks) return
    for (const account of accounts) {
      if ((this.#rule(account) ? this.#chosen : this.#otherwise) !== ledger) {
        throw LedgerError.invalid('', `The account "${account}" is in the other of the two ledgers.`)
      }
    }
  }

  /** For a hold that neither has, `chosen`: its answer says so. */
  async #homeOf(hold: RequestId): Promise<Ledger> {
    const known = this.#homes.get(hold)
    if (known !== undefined || this.#sameBooks) return known ?? this.#otherwise
    // A charge has an entry and no hold of its own, and can be refunded.
    const isThere = await isFound(this.#otherwise.hold(hold)).then(
      (found) => found || isFound(this.#otherwise.entry(hold)),
    )
    return isThere ? this.#otherwise : this.#chosen
  }

  /** Each ledger gets its commands in order. A command for both has the first outcome that is not applied. */
  async #split(
    commands: readonly Command[],
    places: readonly (readonly Ledger[])[],
    options: CallOptions,
  ): Promise<BatchOutcome[]> {
    const merged: BatchOutcome[] = []
    const deliver = async (ledger: Ledger): Promise<void> => {
      const indexes = commands.flatMap((_, index) => (places[index]!.includes(ledger) ? [index] : []))
      if (indexes.length === 0) return
      const own = indexes.map((index) => commands[index]!)
      const outcomes = await relay(ledger, own, options)
      this.#remember(own, outcomes, ledger)
      for (const [position, index] of indexes.entries()) {
        const earlier = merged[index]
        if (earlier === undefined || earlier.status === 'applied') merged[index] = outcomes[position]!
      }
    }
    if (places.every(({ length }) => length === 1)) {
      await Promise.all([deliver(this.#otherwise), deliver(this.#chosen)])
    } else {
      await deliver(this.#otherwise)
      await deliver(this.#chosen)
    }
    return merged
  }

  #remember(commands: readonly Command[], outcomes: readonly BatchOutcome[], ledger: Ledger): void {
    for (const [index, command] of commands.entries()) {
      const id = opensHold(command.kind) ? idIn(command) : undefined
      if (id !== undefined && outcomes[index]!.status === 'applied') this.#rememberOne(id, ledger)
    }
  }

  #rememberOne(hold: RequestId, ledger: Ledger): void {
    if (this.#homes.size >= HOLDS_REMEMBERED_MAX) {
      const [oldest] = this.#homes.keys()
      this.#homes.delete(oldest!)
    }
    this.#homes.set(hold, ledger)
  }

  #routedReads(): Reads {
    // What is no name is refused by the ledger that is asked.
    const of = (account: AccountName): Reads =>
      readsOf(typeof account === 'string' ? this.#ledgerOf([account]) : this.#otherwise)
    const all = (): Reads => {
      if (this.#sameBooks) return readsOf(this.#otherwise)
      throw LedgerError.invalid('', `A list without an account would show one of two ledgers. ${IN_EITHER}`)
    }
    const ofHold = async <Value>(hold: RequestId, read: (ledger: Ledger) => Promise<Value>): Promise<Value> => {
      const known = this.#homes.get(hold)
      return known === undefined ? await this.#either(read) : await read(known)
    }
    return {
      ...readsOf(this.#otherwise),
      account: async (account, input) => await of(account).account(account, input),
      balance: async (account, asset) => await of(account).balance(account, asset),
      postings: async (account, input) => await of(account).postings(account, input),
      holds: async (input = {}) => await (input.account === undefined ? all() : of(input.account)).holds(input),
      accounts: async (input) => await all().accounts(input),
      stats: async (input) => await all().stats(input),
      entries: async (input) => await all().entries(input),
      hold: (id) => ofHold(id, (ledger) => ledger.hold(id)),
      holdHistory: (id, input) => ofHold(id, (ledger) => ledger.holdHistory(id, input)),
      entry: (id) => this.#either((ledger) => ledger.entry(id)),
    }
  }

  async #either<Value>(read: (ledger: Ledger) => Promise<Value>): Promise<Value> {
    try {
      return await read(this.#otherwise)
    } catch (error) {
      if (this.#sameBooks || !isNotFound(error)) throw error
      return await read(this.#chosen)
    }
  }
}

/** The account of a user that a command on a hold pays, if it names one. */
function payeesOf(command: Command): readonly AccountName[] {
  const payee = command.kind === 'settle' || command.kind === 'settle-part' ? command.payee : null
  return payee === null || isHouse(payee) ? [] : [payee]
}

function opensHold(kind: CommandKind): boolean {
  return kind === 'freeze' || kind === 'charge'
}

function idIn(command: object): RequestId | undefined {
  return 'requestId' in command ? (command.requestId as RequestId) : undefined
}

function isHoldNotFound(outcome: BatchOutcome): boolean {
  return outcome.status !== 'applied' && outcome.error.code === 'hold_not_found'
}

function isNotFound(error: unknown): boolean {
  return error instanceof LedgerError && (error.code === 'hold_not_found' || error.code === 'entry_not_found')
}

async function isFound(reading: Promise<unknown>): Promise<boolean> {
  try {
    await reading
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}
