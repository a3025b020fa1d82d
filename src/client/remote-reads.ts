/** The reads of a ledger over HTTP. */
import { LedgerError } from '../api/error.ts'
import { accountFromWire, type AccountWire } from '../api/account.ts'
import { assetFromWire, type AssetsWire } from '../api/asset.ts'
import { balanceFromWire, type BalancePageWire, type BalanceWire } from '../api/balance.ts'
import { entryFromWire, feedPageFromWire, type EntryWire } from '../api/entry.ts'
import {
  holdEventFromWire,
  holdFromWire,
  type HoldEventPageWire,
  type HoldPageWire,
  type HoldWire,
} from '../api/hold.ts'
import type {
  AccountInput,
  AccountView,
  AssetStats,
  BalancesInput,
  FeedInput,
  FeedPage,
  HoldsInput,
  PageInput,
  PageView,
  PostingsInput,
  Reads,
  StatsInput,
} from '../api/ledger.ts'
import { balancesQueryOf, feedQueryOf, statsQueryOf } from '../api/list-queries.ts'
import { lineFromWire, type PostingPageWire } from '../api/posting.ts'
import {
  accountParameter,
  accountQueryOf,
  assetParameter,
  entryParameter,
  holdsQueryOf,
  pageQueryOf,
  postingsQueryOf,
  requestIdParameter,
} from '../api/queries.ts'
import { rateFromWire, type RatePageWire } from '../api/rate.ts'
import { pageFromWire } from '../api/resource.ts'
import { statsFromWire, type StatsPageWire } from '../api/stats.ts'
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Hold } from '../domain/hold.ts'
import { DEFAULT_ASSET, type AccountName, type RequestId } from '../domain/ids.ts'
import type { Entry, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Rate } from '../domain/rate.ts'
import type { Fleet, Member } from './fleet.ts'
import { call, unexpected } from './http-call.ts'
import type { ClientLimits } from './limits.ts'
import { pauseAfter } from './pause.ts'
import { queryText } from './query-text.ts'
import { traceOf } from './trace.ts'

export interface RemoteReadsOptions {
  readonly limits: ClientLimits
  /** Null if it is not known. */
  readonly accountOfHold: (hold: RequestId) => AccountName | null
}

export class RemoteReads implements Reads {
  readonly #fleet: Fleet<Member>
  readonly #limits: ClientLimits
  readonly #accountOfHold: (hold: RequestId) => AccountName | null
  #closed = false

  constructor(fleet: Fleet<Member>, { limits, accountOfHold }: RemoteReadsOptions) {
    this.#fleet = fleet
    this.#limits = limits
    this.#accountOfHold = accountOfHold
  }

  /** No further read can begin. */
  close(): void {
    this.#closed = true
  }

  async account(account: string, input: AccountInput = {}): Promise<AccountView> {
    const name = accountParameter(account, 'account')
    const { limit, ...query } = accountQueryOf(input)
    // An older service has no pages and refuses `limit`.
    const text = queryText({ ...query, limit: input.limit === undefined ? null : limit })
    const path = `/v1/accounts/${encodeURIComponent(name)}${text === '' ? '' : `?${text}`}`
    return await this.#read(path, (wire: AccountWire) => accountFromWire(wire), name)
  }

  async accounts(input: BalancesInput = {}): Promise<PageView<Balance>> {
    const { prefix, ...query } = balancesQueryOf(input)
    const path = `/v1/accounts?${queryText({ ...query, prefix: prefix === '' ? null : prefix })}`
    return await this.#read(path, (wire: BalancePageWire) => pageFromWire(wire, balanceFromWire))
  }

  async stats(input: StatsInput = {}): Promise<PageView<AssetStats>> {
    const { days, cursor } = statsQueryOf(input)
    const path = `/v1/stats?${queryText({ days, cursor })}`
    return await this.#read(path, (wire: StatsPageWire) => pageFromWire(wire, statsFromWire))
  }

  async balance(account: string, asset: string = DEFAULT_ASSET): Promise<Balance> {
    const name = accountParameter(account, 'account')
    const path = `/v1/accounts/${encodeURIComponent(name)}/balances/${assetParameter(asset, 'asset')}`
    return await this.#read(path, (wire: BalanceWire) => balanceFromWire(wire), name)
  }

  async hold(id: string): Promise<Hold> {
    const name = requestIdParameter(id, 'id')
    const path = `/v1/holds/${encodeURIComponent(name)}`
    return await this.#read(path, (wire: HoldWire) => holdFromWire(wire), this.#accountOfHold(name))
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
    return await this.#read(path, (wire: PostingPageWire) => pageFromWire(wire, lineFromWire), name)
  }

  async entry(id: string): Promise<Entry> {
    const name = entryParameter(id, 'id')
    return await this.#read(`/v1/entries/${encodeURIComponent(name)}`, (wire: EntryWire) => entryFromWire(wire))
  }

  async entries(input: FeedInput = {}): Promise<FeedPage> {
    const path = `/v1/entries?${queryText({ ...feedQueryOf(input) })}`
    return await this.#read(path, feedPageFromWire)
  }

  async assetPage({ cursor }: PageInput = {}): Promise<PageView<Asset>> {
    const query = queryText({ cursor: cursor ?? null })
    const path = `/v1/assets${query === '' ? '' : `?${query}`}`
    // An older service has no pages: it sends all assets and no cursor.
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

  /** A read has no effect, so it can be repeated after any failure. */
  async #read<Wire, Result>(
    path: string,
    decode: (wire: Wire) => Result,
    account: string | null = null,
  ): Promise<Result> {
    if (this.#closed) throw closed()
    const deadlineAt = performance.now() + this.#limits.callTimeoutMsDefault
    const trace = traceOf(this.#fleet.all[0]!.service.trace)
    for (let failures = 0; ;) {
      const member = this.#fleet.pick(account ?? path)
      try {
        const timeoutMs = Math.min(this.#limits.requestTimeoutMs, deadlineAt - performance.now())
        const controller = new AbortController()
        const wire = await call(member.service, { path, body: null, timeoutMs, trace, account, controller })
        this.#fleet.served(member)
        return decoded(wire, decode)
      } catch (error) {
        this.#fleet.failed(member, error as LedgerError)
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
    throw unexpected('The service answered in a format that this client does not know.', { cause })
  }
}

export function closed(): LedgerError {
  return new LedgerError('shutting_down', 'This ledger is closed.')
}
