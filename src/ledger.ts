/**
 * `openLedger`: the ledger in process. Only this file joins the engine and the stores.
 */
import { answeredOf, type AnswerOf } from './api/answered.ts'
import { CheckedLedger } from './api/checked-ledger.ts'
import type { BatchRequest } from './api/contracts.ts'
import { LedgerError } from './api/error.ts'
import { errorOfRejection } from './api/rejection-error.ts'
import { LedgerKeys } from './api/ledger-keys.ts'
import { LedgerReads } from './api/ledger-reads.ts'
import type { BatchOutcome, CallOptions } from './api/ledger.ts'
import { type Command, type CommandKind } from './domain/command.ts'
import { isAccountName } from './domain/ids.ts'
import { requestOf } from './domain/rules.ts'
import type { Outcome } from './domain/outcome.ts'
import type { ClockEvent } from './engine/clock-watch.ts'
import { RememberedActors } from './engine/remembered-actors.ts'
import { systemClock } from './engine/clock.ts'
import { Engine, type EngineOptions, type SubmitOptions } from './engine/engine.ts'
import { ReplicaWatch } from './engine/replica-watch.ts'
import { SplitReader, type ReplicaEvent } from './engine/split-reader.ts'
import { Sweeper, SWEEPER, type ExpiryEvent } from './engine/sweeper.ts'
import { Fault } from './engine/faults.ts'
import type { Observer } from './engine/observer.ts'
import type { BackupProgress, BackupReport } from './stores/backup.ts'
import type { ErasureProgress, ErasureReport } from './stores/erasure.ts'
import {
  backupStorage,
  eraseStorage,
  houseStripeFor,
  migrateStorage,
  openReading,
  openStorage,
  StoreUrlError,
  type StorageOptions,
} from './stores/open.ts'
import type { MigrationReport } from './stores/sql/migrator.ts'
import { LateReading } from './stores/late-reading.ts'
import { ReadOnlyError, refusingWrites } from './stores/read-storage.ts'
import type { Storage } from './stores/storage.ts'
import type { CallSpan, CallTracing, TracingOptions } from './telemetry/call-tracing.ts'
import { openTracing } from './telemetry/tracing.ts'

export type { ClockEvent, ExpiryEvent, Observer, ReplicaEvent }

/** The options of the sweeper of this process. */
export interface SweepOptions {
  /** Whether this process ends due holds while the ledger is open. Default true. If no process does, due holds stay open. */
  readonly sweep?: boolean
  /** Called when the sweeper lags behind, catches up, or fails. Errors that it throws are ignored. */
  readonly onExpiryEvent?: (event: ExpiryEvent) => void
}

export interface OpenLedgerOptions extends EngineOptions, StorageOptions, SweepOptions {
  /**
   * Opens the database for reading only, on a replica or a primary: nothing of it is changed, not even the last use of a key, and no hold is
   * ended. Commands and changes of keys throw `read_only`. `migrate` and `sweep` have no effect. Default false.
   */
  readonly readOnly?: boolean
  /**
   * The store URL of a replica from which statements, exports, lists and figures are read. What is looked up by name is read where it is written.
   * While the replica is away, or too far behind (`replicaLagMsMax`), everything is. Not with `readOnly`.
   */
  readonly readStore?: string
  /** Called when lists are read elsewhere from now on: from the replica, or from the primary instead. Errors that it throws fail the read. */
  readonly onReplicaEvent?: (event: ReplicaEvent) => void
  /** Beyond this lag of a replica it is `behind`, in milliseconds; so is one whose lag is not known. Null: never. Default 60,000. */
  readonly replicaLagMsMax?: number | null
  /** Traces are made if a tracer of OpenTelemetry is registered before the ledger is opened. False: never. */
  readonly tracing?: TracingOptions | false
}

/**
 * Opens the ledger at a store URL: `sqlite:holdfast.db`, `memory:`, `mysql://…`, `mariadb://…` or `postgres://…`.
 *
 * @throws StoreUrlError for an invalid URL, MigrationError if the tables belong to another version, LedgerError
 *   `store_unavailable` if the database cannot be opened
 */
export async function openLedger(url: string, options: OpenLedgerOptions = {}): Promise<EmbeddedLedger> {
  try {
    const { storage, replica } = await openStorages(url, options)
    const tracing = options.tracing === false ? null : await openTracing(options.tracing, options.clock)
    return new EmbeddedLedger(storage, { houseStripe: houseStripeFor(url), ...options, replica }, tracing)
  } catch (error) {
    throw error instanceof Fault ? LedgerError.fromFault(error) : error
  }
}

interface Opened {
  readonly storage: Storage
  readonly replica: ReplicaWatch | null
}

async function openStorages(url: string, options: OpenLedgerOptions): Promise<Opened> {
  const { readOnly = false, readStore, replicaLagMsMax: lagMsMax } = options
  const limits = lagMsMax === undefined ? {} : { lagMsMax }
  if (readOnly) {
    if (readStore !== undefined)
      throw new StoreUrlError('A ledger that only reads has one store URL, that of the replica.')
    const reading = await openReading(url, options)
    return { storage: refusingWrites(reading), replica: new ReplicaWatch(reading, limits) }
  }
  const storage = await openStorage(url, options)
  if (readStore === undefined) return { storage, replica: null }
  const late = new LateReading(() => openReading(readStore, { reads: options.reads ?? 'thread' }))
  try {
    await late.begin()
  } catch (error) {
    await storage.close()
    throw error
  }
  const watch = new ReplicaWatch(late, limits)
  await watch.check()
  return { storage: readingFrom(late, { storage, watch, options }), replica: watch }
}

interface Beside {
  readonly storage: Storage
  readonly watch: ReplicaWatch
  readonly options: Pick<OpenLedgerOptions, 'onReplicaEvent'>
}

/** The storage, with its lists read from the replica. */
function readingFrom(late: LateReading, { storage, watch, options }: Beside): Storage {
  const { onReplicaEvent } = options
  const close = async (): Promise<void> => void (await Promise.all([storage.close(), late.close()]))
  return {
    ...storage,
    reader: new SplitReader({ primary: storage.reader, replica: () => late.reader(), watch, onReplicaEvent }),
    gauges: () => {
      const { pools, logBytes } = storage.gauges()
      return { pools: [...pools, ...late.pools()], logBytes }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/**
 * Migrates the tables of the database at a store URL to this version. `openLedger` does the same for embedded stores.
 *
 * @throws the same errors as `openLedger`
 */
export async function migrateLedger(url: string): Promise<MigrationReport> {
  try {
    return await migrateStorage(url)
  } catch (error) {
    throw error instanceof Fault ? LedgerError.fromFault(error) : error
  }
}

/**
 * Copies the SQLite file at a store URL and checks the copy. Services may write to the file meanwhile.
 *
 * @throws BackupError if the copy fails, StoreUrlError for another kind of database, and the errors of `openLedger`
 */
export async function backupLedger(url: string, target: string, onProgress: BackupProgress): Promise<BackupReport> {
  try {
    return await backupStorage(url, target, onProgress)
  } catch (error) {
    throw error instanceof Fault ? LedgerError.fromFault(error) : error
  }
}

/**
 * Erases the memos and metadata of an account's requests, and the metadata of the account, for good. The books stay whole: amounts,
 * times, names and repeats. Services may go on; until they are started again, one of them can still answer a recent repeat from its
 * memory. Needs the rights of the tables' owner.
 *
 * @throws StoreUrlError, and the errors of `openLedger`
 */
export async function eraseAccount(
  url: string,
  account: string,
  onProgress: ErasureProgress = () => {},
): Promise<ErasureReport> {
  if (!isAccountName(account)) throw LedgerError.invalid('/account', 'account must be the name of an account.')
  try {
    return await eraseStorage(url, account, onProgress)
  } catch (error) {
    throw error instanceof Fault ? LedgerError.fromFault(error) : error
  }
}

type EmbeddedOptions = EngineOptions &
  SweepOptions &
  Pick<OpenLedgerOptions, 'readOnly'> & { readonly replica?: ReplicaWatch | null }

/** A ledger in this process, with the parts that the HTTP service and the command line use. */
export class EmbeddedLedger extends CheckedLedger {
  readonly engine: Engine
  readonly storage: Storage
  /** The API keys that gave commands, with their addresses. */
  readonly actors: RememberedActors
  /** Whether it was opened for reading only. */
  readonly isReadOnly: boolean
  /** How far behind the database is that it reads; null if it reads where it writes. */
  readonly replica: ReplicaWatch | null
  /** Null if this process does not sweep. */
  readonly sweeper: Sweeper | null
  override readonly keys: LedgerKeys
  /** Null if no tracer was registered when it was opened. */
  readonly tracing: CallTracing | null
  protected override readonly reads: LedgerReads

  constructor(storage: Storage, options: EmbeddedOptions = {}, tracing: CallTracing | null = null) {
    super()
    this.storage = storage
    this.tracing = tracing
    const observers = [...(options.observers ?? []), ...(tracing === null ? [] : [tracing])]
    this.engine = new Engine(storage.store, { ...options, observers })
    this.actors = new RememberedActors(storage.actors, options.clock ?? systemClock)
    this.reads = new LedgerReads(storage.reader, (error) => ledgerError(error, null))
    this.keys = new LedgerKeys(storage.keys, (error) => ledgerError(error, null))
    this.replica = options.replica ?? null
    this.isReadOnly = options.readOnly ?? false
    this.sweeper = options.sweep === false || this.isReadOnly ? null : this.#makeSweeper(options)
    this.sweeper?.start()
  }

  protected async submit<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options: CallOptions | undefined,
  ): Promise<AnswerOf<Kind>> {
    this.#requireWrites()
    let outcome: Outcome<Kind>
    try {
      outcome = await (this.tracing === null
        ? this.engine.submit<Kind>(command, options)
        : this.#traced([command], (span) => this.engine.submit<Kind>(command, { ...options, ...span })))
    } catch (error) {
      throw ledgerError(error, requestOf(command))
    }
    if (outcome.status === 'rejected') throw errorOfRejection(outcome.rejection)
    return answeredOf<Kind>(command.kind, outcome)
  }

  protected async submitBatch(batch: BatchRequest, options: CallOptions | undefined): Promise<BatchOutcome[]> {
    this.#requireWrites()
    const { commands, atomic } = batch
    try {
      return await this.#traced(commands, async (span) => {
        const all = { ...options, ...span }
        if (!atomic) return await Promise.all(commands.map((command) => this.#batchOne(command, all)))
        return (await this.engine.submit({ kind: 'group', commands }, all)).map(batchOutcome)
      })
    } catch (error) {
      throw ledgerError(error, null)
    }
  }

  #requireWrites(): void {
    if (this.isReadOnly) throw readOnly()
  }

  async #traced<Result extends Outcome | readonly unknown[]>(
    commands: readonly Command[],
    submit: (span: Pick<CallSpan, 'origin'> | undefined) => Promise<Result>,
  ): Promise<Result> {
    const span = this.tracing?.begin({ commands }) ?? null
    return span === null ? await submit(undefined) : await span.around(() => submit({ origin: span.origin }))
  }

  async close(): Promise<void> {
    // The sweeper stops first, so that its last commands are answered like all others.
    await this.sweeper?.stop()
    await this.engine.stop()
    await this.storage.close()
  }

  #makeSweeper({ clock = systemClock, onExpiryEvent: onEvent }: EngineOptions & SweepOptions): Sweeper {
    const { engine } = this
    return new Sweeper({
      reader: this.storage.reader,
      submit: (release) => engine.submit(release, { caller: SWEEPER }),
      now: () => engine.now(),
      clock,
      limits: engine.limits,
      onEvent,
    })
  }

  async #batchOne(command: Command, options: SubmitOptions): Promise<BatchOutcome> {
    try {
      return batchOutcome(await this.engine.submit(command, options))
    } catch (error) {
      if (error instanceof Fault) return { status: 'faulted', error: LedgerError.fromFault(error, requestOf(command)) }
      throw error
    }
  }
}

function readOnly(): LedgerError {
  return new LedgerError('read_only', new ReadOnlyError().message, { details: { allow: '' } })
}

function ledgerError(error: unknown, requestId: string | null): unknown {
  if (error instanceof ReadOnlyError) return readOnly()
  return error instanceof Fault ? LedgerError.fromFault(error, requestId) : error
}

function batchOutcome(outcome: Outcome): BatchOutcome {
  if (outcome.status === 'applied') return outcome
  return { status: 'rejected', error: errorOfRejection(outcome.rejection) }
}
