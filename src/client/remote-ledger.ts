/** The ledger over HTTP: commands are sent in combined requests, each read in a request of its own. */
import { answeredOf, type AnswerOf } from '../api/answered.ts'
import { CheckedLedger } from '../api/checked-ledger.ts'
import type { BatchRequest } from '../api/contracts.ts'
import { LedgerError } from '../api/error.ts'
import type { BatchOutcome, CallOptions } from '../api/ledger.ts'
import type { Command, CommandKind } from '../domain/command.ts'
import { Combiner } from './combiner.ts'
import { Fleet } from './fleet.ts'
import { HoldAccounts } from './hold-accounts.ts'
import type { Service } from './http-call.ts'
import type { ClientLimits } from './limits.ts'
import { RemoteKeys } from './remote-keys.ts'
import { Parcel, type ParcelOptions } from './parcel.ts'
import { closed, RemoteReads } from './remote-reads.ts'
import { traceOf, type Trace } from './trace.ts'

export class RemoteLedger extends CheckedLedger {
  readonly #limits: ClientLimits
  readonly #fleet: Fleet<Combiner>
  readonly #accounts = new HoldAccounts()
  override readonly keys: RemoteKeys
  readonly #trace: Trace
  protected override readonly reads: RemoteReads
  #closed = false

  /** @param services of one database, at least one */
  constructor(services: readonly Service[], limits: ClientLimits) {
    super()
    this.#limits = limits
    this.#trace = services[0]!.trace
    this.#fleet = new Fleet(services.map((service) => this.#combinerOf(service, limits)))
    this.keys = new RemoteKeys(this.#fleet, limits)
    this.reads = new RemoteReads(this.#fleet, { limits, accountOfHold: (hold) => this.#accounts.of(hold) })
  }

  protected async submit<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options: CallOptions | undefined,
  ): Promise<AnswerOf<Kind>> {
    const [outcome] = await this.#deliver([command], options)
    if (outcome!.status !== 'applied') throw outcome!.error
    return answeredOf<Kind>(command.kind, outcome!)
  }

  protected async submitBatch(batch: BatchRequest, options: CallOptions | undefined): Promise<BatchOutcome[]> {
    const { commands, atomic } = batch
    const outcomes = await this.#deliver(commands, { ...options, atomic })
    // The commands of a group share their fate: the fault of one command is the fault of the call.
    for (const outcome of outcomes) if (atomic && outcome.status === 'faulted') throw outcome.error
    return outcomes
  }

  async close(): Promise<void> {
    this.#closed = true
    this.reads.close()
    await Promise.all(this.#fleet.all.map((combiner) => combiner.idle()))
    // An answer takes a few steps to its caller. Whoever waits for the end has heard of every answer then.
    await new Promise((resolve) => setTimeout(resolve, 0))
  }

  #combinerOf(service: Service, limits: ClientLimits): Combiner {
    const combiner: Combiner = new Combiner(service, limits, {
      onServed: () => this.#fleet.served(combiner),
      onFailed: (error) => this.#fleet.failed(combiner, error),
      again: (parcels) => {
        const targets = parcels.map(({ key }) => this.#fleet.pick(key))
        for (const next of new Set(targets)) next.adopt(parcels.filter((_, index) => targets[index] === next))
      },
    })
    return combiner
  }

  #deliver(
    commands: readonly Command[],
    options: Omit<ParcelOptions, 'timeoutMsDefault' | 'trace'> = {},
  ): Promise<BatchOutcome[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closed())
      const timeoutMsDefault = this.#limits.callTimeoutMsDefault
      const [trace, account] = [traceOf(this.#trace), this.#accounts.in(commands)]
      const parcel = new Parcel(commands, { ...options, timeoutMsDefault, trace, account }, resolve)
      if (parcel.answered || this.#fleet.pick(parcel.key).offer(parcel)) return
      parcel.lose(
        new LedgerError('overloaded', `${this.#limits.unansweredCommandsMax} commands are already unanswered.`),
      )
      parcel.end()
    })
  }
}
