/** The ledger over HTTP: commands travel by `Combiner`, reads go straight. */
import { CheckedLedger } from '../api/checked-ledger.ts'
import type { BatchRequest } from '../api/commands.ts'
import { LedgerError } from '../api/error.ts'
import type {
  AccountInput,
  AccountView,
  BatchOutcome,
  CallOptions,
  HoldsInput,
  PageInput,
  PageView,
  PostingsInput,
} from '../api/ledger.ts'
import {
  accountParameter,
  accountQueryOf,
  assetParameter,
  entryParameter,
  holdsQueryOf,
  postingsQueryOf,
  pageQueryOf,
  requestIdParameter,
  type PageQuery,
} from '../api/queries.ts'
import type { HoldEventPageWire, HoldPageWire, HoldWire } from '../api/hold-schemas.ts'
import type { AccountWire, AssetsWire, EntryWire, PostingPageWire, RatePageWire } from '../api/schemas.ts'
import {
  accountFromWire,
  assetFromWire,
  entryFromWire,
  holdEventFromWire,
  holdFromWire,
  pageFromWire,
  instantToWire,
  lineFromWire,
  rateFromWire,
} from '../api/wire.ts'
import type { Asset } from '../domain/asset.ts'
import type { Command, CommandKind, Answers } from '../domain/command.ts'
import type { Hold } from '../domain/hold.ts'
import type { Entry, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Metadata } from '../domain/metadata.ts'
import type { Rate } from '../domain/rate.ts'
import { Combiner } from './combiner.ts'
import { exchange, unexpected, type Service } from './exchange.ts'
import type { ClientLimits } from './limits.ts'
import { Parcel, type ParcelOptions } from './parcel.ts'
import { pauseAfter } from './pause.ts'

export class RemoteLedger extends CheckedLedger {
  readonly #service: Service
  readonly #limits: ClientLimits
  readonly #combiner: Combiner
  #closed = false

  constructor(service: Service, limits: ClientLimits) {
    super()
    this.#service = service
    this.#limits = limits
    this.#combiner = new Combiner(service, limits)
  }

  protected async submit<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options: CallOptions | undefined,
  ): Promise<Answers[Kind]> {
    const [outcome] = await this.#deliver([command], options)
    if (outcome!.status !== 'applied') throw outcome!.error
    return outcome!.answer as Answers[Kind]
  }

  protected async submitBatch(batch: BatchRequest, options: CallOptions | undefined): Promise<BatchOutcome[]> {
    const { commands, atomic } = batch
    const outcomes = await this.#deliver(commands, { ...options, atomic })
    // A group is decided as one: a fault of one command is the fault of the call.
    for (const outcome of outcomes) if (atomic && outcome.status === 'faulted') throw outcome.error
    return outcomes
  }

  async account(account: string, input: AccountInput = {}): Promise<AccountView> {
    const name = accountParameter(account, 'account')
    const { limit, ...query } = accountQueryOf(input)
    // A service from before there were pages knows no limit, and needs none.
    const text = queryText({ ...query, limit: input.limit === undefined ? null : limit })
    const path = `/v1/accounts/${encodeURIComponent(name)}${text === '' ? '' : `?${text}`}`
    return await this.#read(path, (wire: AccountWire) => accountFromWire(wire))
  }

  async hold(id: string): Promise<Hold> {
    const name = requestIdParameter(id, 'id')
    return await this.#read(`/v1/holds/${encodeURIComponent(name)}`, (wire: HoldWire) => holdFromWire(wire))
  }

  async holds(input: HoldsInput = {}): Promise<PageView<Hold>> {
    const query = queryText({ ...holdsQueryOf(input) })
    return await this.#read(`/v1/holds?${query}`, (wire: HoldPageWire) => pageFromWire(wire, holdFromWire))
  }

  async holdHistory(id: string, input: PageInput = {}): Promise<PageView<HoldEvent>> {
    const path = `/v1/holds/${encodeURIComponent(requestIdParameter(id, 'id'))}/history`
    const query = queryText({ ...pageQueryOf(input) })
    return await this.#read(`${path}?${query}`, (wire: HoldEventPageWire) => pageFromWire(wire, holdEventFromWire))
  }

  async postings(account: string, input: PostingsInput = {}): Promise<PageView<StatementLine>> {
    const { account: name, ...filters } = postingsQueryOf(accountParameter(account, 'account'), input)
    const path = `/v1/accounts/${encodeURIComponent(name)}/postings?${queryText(filters)}`
    return await this.#read(path, (wire: PostingPageWire) => pageFromWire(wire, lineFromWire))
  }

  async entry(id: string): Promise<Entry> {
    const name = entryParameter(id, 'id')
    return await this.#read(`/v1/entries/${encodeURIComponent(name)}`, (wire: EntryWire) => entryFromWire(wire))
  }

  protected async assetPage({ cursor }: PageQuery): Promise<PageView<Asset>> {
    const query = queryText({ cursor })
    const path = `/v1/assets${query === '' ? '' : `?${query}`}`
    // A service from before there were pages sends all of them.
    return await this.#read(path, (wire: AssetsWire) =>
      pageFromWire({ ...wire, next: wire.next ?? null }, assetFromWire),
    )
  }

  async rates(input: PageInput = {}): Promise<PageView<Rate>> {
    const path = `/v1/rates?${queryText({ ...pageQueryOf(input) })}`
    return await this.#read(path, (wire: RatePageWire) => pageFromWire(wire, rateFromWire))
  }

  async rateHistory(from: string, to: string, input: PageInput = {}): Promise<PageView<Rate>> {
    const pair = `${assetParameter(from, 'from')}/${assetParameter(to, 'to')}`
    const path = `/v1/rates/${pair}?${queryText({ ...pageQueryOf(input) })}`
    return await this.#read(path, (wire: RatePageWire) => pageFromWire(wire, rateFromWire))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#combiner.idle()
  }

  #deliver(
    commands: readonly Command[],
    options: Omit<ParcelOptions, 'timeoutMsDefault'> = {},
  ): Promise<BatchOutcome[]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closed())
      const timeoutMsDefault = this.#limits.callTimeoutMsDefault
      const parcel = new Parcel(commands, { ...options, timeoutMsDefault }, resolve)
      if (parcel.answered || this.#combiner.offer(parcel)) return
      parcel.lose(
        new LedgerError('overloaded', `${this.#limits.unansweredCommandsMax} commands are unanswered already.`),
      )
      parcel.end()
    })
  }

  /** A read has no effect, so that it can be tried again whatever happened. */
  async #read<Wire, Result>(path: string, decode: (wire: Wire) => Result): Promise<Result> {
    if (this.#closed) throw closed()
    const deadlineAt = performance.now() + this.#limits.callTimeoutMsDefault
    for (let failures = 0; ;) {
      try {
        const timeoutMs = Math.min(this.#limits.requestTimeoutMs, deadlineAt - performance.now())
        const controller = new AbortController()
        return decoded(await exchange(this.#service, { path, body: null, timeoutMs, controller }), decode)
      } catch (error) {
        failures += 1
        const pauseMs = pauseAfter(error as LedgerError, { failures, chance: Math.random() }, this.#limits)
        if (pauseMs === null || performance.now() + pauseMs >= deadlineAt) throw error
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
      }
    }
  }
}

function decoded<Wire, Result>(value: unknown, decode: (wire: Wire) => Result): Result {
  try {
    return decode(value as Wire)
  } catch (cause) {
    throw unexpected('The service answered in a form that is not known here.', { cause })
  }
}

const INSTANTS: ReadonlySet<string> = new Set(['at', 'from', 'until'])

function queryText(filters: Readonly<Record<string, string | number | Metadata | null>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) {
    if (value === null) continue
    if (typeof value === 'object') query.set(name, JSON.stringify(value))
    else query.set(name, INSTANTS.has(name) ? instantToWire(Number(value)) : String(value))
  }
  return query.toString()
}

function closed(): LedgerError {
  return new LedgerError('shutting_down', 'This ledger is closed.')
}
