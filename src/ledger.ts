/**
 * `openLedger`: the ledger in process. The one place that sees both the engine and the stores.
 */
import {
  commandOf,
  chargeOf,
  declareOf,
  depositOf,
  freezeOf,
  openOf,
  releaseOf,
  settleOf,
  transferOf,
} from './api/commands.ts'
import { LedgerError } from './api/error.ts'
import {
  BATCH_COMMANDS_MAX,
  type AccountView,
  type BatchOutcome,
  type CallOptions,
  type ChargeInput,
  type CommandInput,
  type DeclareInput,
  type DepositInput,
  type FreezeInput,
  type HoldsInput,
  type Ledger,
  type OpenInput,
  type PageView,
  type PostingsInput,
  type SettleInput,
  type TransferInput,
} from './api/ledger.ts'
import { accountParameter, entryParameter, holdsQueryOf, postingsQueryOf, requestIdParameter } from './api/queries.ts'
import { newRequestId } from './api/request-id.ts'
import type { Asset } from './domain/asset.ts'
import type { Balance } from './domain/balance.ts'
import { requestOf, type Command, type CommandKind, type Work } from './domain/command.ts'
import type { Hold } from './domain/hold.ts'
import type { Entry, Posting } from './domain/journal.ts'
import type { Answers, Outcome } from './domain/outcome.ts'
import { Engine, type EngineOptions } from './engine/engine.ts'
import { Fault } from './engine/faults.ts'
import type { Reader } from './engine/reader.ts'
import { chooseHouseStripe, migrateStorage, openStorage, type StorageOptions } from './stores/open.ts'
import type { MigrationReport } from './stores/sql/migrator.ts'
import type { Storage } from './stores/storage.ts'

export interface OpenLedgerOptions extends EngineOptions, StorageOptions {}

/**
 * Opens the ledger at a store URL: `sqlite:holdfast.db`, `memory:`, `mysql://…`, `mariadb://…` or `postgres://…`.
 *
 * @throws StoreUrlError for a URL of another form, MigrationError when the database's tables belong to another version,
 *   LedgerError `store_unavailable` when the database cannot be opened
 */
export async function openLedger(url: string, options: OpenLedgerOptions = {}): Promise<EmbeddedLedger> {
  try {
    const storage = await openStorage(url, options)
    return new EmbeddedLedger(storage, { houseStripe: chooseHouseStripe(url), ...options })
  } catch (error) {
    throw error instanceof Fault ? LedgerError.fromFault(error) : error
  }
}

/**
 * Brings the database at a store URL to this version's tables. `openLedger` does the same for embedded stores.
 *
 * @throws as `openLedger`
 */
export async function migrateLedger(url: string): Promise<MigrationReport> {
  try {
    return await migrateStorage(url)
  } catch (error) {
    throw error instanceof Fault ? LedgerError.fromFault(error) : error
  }
}

/** A ledger in this process, and the parts that the HTTP service and the command line stand on. */
export class EmbeddedLedger implements Ledger {
  readonly engine: Engine
  readonly storage: Storage
  readonly #reader: Reader

  constructor(storage: Storage, options: EngineOptions = {}) {
    this.storage = storage
    this.engine = new Engine(storage.store, options)
    this.#reader = storage.reader
  }

  async open(input: OpenInput, options?: CallOptions): Promise<Balance> {
    const { account, ...rest } = input
    return await this.#submit<'open'>(openOf(account, rest, newRequestId), options)
  }

  async declare(input: DeclareInput, options?: CallOptions): Promise<Asset> {
    const { asset, ...rest } = input
    return await this.#submit<'declare'>(declareOf(asset, rest), options)
  }

  async deposit(input: DepositInput, options?: CallOptions): Promise<Entry> {
    return await this.#submit<'deposit'>(depositOf(input, newRequestId), options)
  }

  async charge(input: ChargeInput, options?: CallOptions): Promise<Entry> {
    return await this.#submit<'charge'>(chargeOf(input, newRequestId), options)
  }

  async transfer(input: TransferInput, options?: CallOptions): Promise<Entry> {
    return await this.#submit<'transfer'>(transferOf(input, newRequestId), options)
  }

  async freeze(input: FreezeInput, options?: CallOptions): Promise<Hold> {
    return await this.#submit<'freeze'>(freezeOf(input, newRequestId), options)
  }

  async settle(hold: string, input: SettleInput, options?: CallOptions): Promise<Hold> {
    return await this.#submit<'settle'>(settleOf(hold, input), options)
  }

  async release(hold: string, options?: CallOptions): Promise<Hold> {
    return await this.#submit<'release'>(releaseOf(hold, undefined), options)
  }

  async batch(
    commands: readonly CommandInput[],
    options: CallOptions & { readonly atomic?: boolean } = {},
  ): Promise<BatchOutcome[]> {
    if (commands.length === 0 || commands.length > BATCH_COMMANDS_MAX) {
      throw LedgerError.invalid('/commands', `A batch has 1 to ${BATCH_COMMANDS_MAX} commands.`)
    }
    const parsed = commands.map((input, index) => {
      try {
        return commandOf(input, newRequestId)
      } catch (error) {
        throw error instanceof LedgerError ? error.under(`/commands/${index}`) : error
      }
    })
    if (options.atomic === true) {
      const group: Work = { kind: 'group', commands: parsed }
      const outcomes = await this.#decide(group, options, null)
      return (outcomes as readonly Outcome[]).map(batchOutcome)
    }
    return await Promise.all(parsed.map((command) => this.#batchOne(command, options)))
  }

  async account(account: string): Promise<AccountView> {
    const name = accountParameter(account, 'account')
    const found = await this.#read((reader) => reader.account(name))
    if (found === null) throw LedgerError.accountNotFound(account)
    return found
  }

  async hold(id: string): Promise<Hold> {
    const name = requestIdParameter(id, 'id')
    const found = await this.#read((reader) => reader.hold(name))
    if (found === null) throw LedgerError.holdNotFound(id)
    return found
  }

  async holds(input: HoldsInput = {}): Promise<PageView<Hold>> {
    const query = holdsQueryOf(input)
    return await this.#read((reader) => reader.holds(query))
  }

  async postings(account: string, input: PostingsInput = {}): Promise<PageView<Posting>> {
    const query = postingsQueryOf(accountParameter(account, 'account'), input)
    return await this.#read((reader) => reader.postings(query))
  }

  async entry(id: string): Promise<Entry> {
    const name = entryParameter(id, 'id')
    const found = await this.#read((reader) => reader.entry(name))
    if (found === null) throw LedgerError.entryNotFound(id)
    return found
  }

  async assets(): Promise<readonly Asset[]> {
    return await this.#read((reader) => reader.assets())
  }

  async close(): Promise<void> {
    await this.engine.stop()
    await this.storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #submit<Kind extends CommandKind>(command: Command, options: CallOptions | undefined): Promise<Answers[Kind]> {
    const outcome = (await this.#decide(command, options, requestOf(command))) as Outcome<Kind>
    if (outcome.status === 'rejected') throw LedgerError.fromRejection(outcome.rejection)
    return outcome.answer
  }

  async #decide(work: Work, options: CallOptions | undefined, requestId: string | null): Promise<unknown> {
    try {
      return await this.engine.submit(work, options)
    } catch (error) {
      throw error instanceof Fault ? LedgerError.fromFault(error, requestId) : error
    }
  }

  async #batchOne(command: Command, options: CallOptions): Promise<BatchOutcome> {
    try {
      return batchOutcome((await this.#decide(command, options, requestOf(command))) as Outcome)
    } catch (error) {
      if (error instanceof LedgerError) return { status: 'faulted', error }
      throw error
    }
  }

  async #read<Result>(read: (reader: Reader) => Promise<Result>): Promise<Result> {
    try {
      return await read(this.#reader)
    } catch (error) {
      if (error instanceof Fault) throw LedgerError.fromFault(error)
      if (error instanceof RangeError) throw LedgerError.invalidParameter('cursor', error.message)
      throw error
    }
  }
}

function batchOutcome(outcome: Outcome): BatchOutcome {
  if (outcome.status === 'applied') return outcome
  return { status: 'rejected', error: LedgerError.fromRejection(outcome.rejection) }
}
