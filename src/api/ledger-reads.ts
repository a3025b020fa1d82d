/**
 * The reads of a ledger over its read port: they check the input, fill in defaults, and throw an error if a resource does not exist.
 *
 * The library and the routes of the service share them.
 */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Hold } from '../domain/hold.ts'
import { DEFAULT_ASSET } from '../domain/ids.ts'
import type { Entry, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Rate } from '../domain/rate.ts'
import {
  BALANCES_SORTED_MAX,
  CursorError,
  FeedCursorError,
  TooManyBalances,
  type AssetStats,
  type FeedPage,
  type Page,
  type Reader,
} from '../engine/reader.ts'
import { LedgerError } from './error.ts'
import { errorOfRejection } from './rejection-error.ts'
import type { AccountView, Reads } from './ledger.ts'
import { balancesQueryOf, feedQueryOf, statsQueryOf } from './list-queries.ts'
import {
  accountParameter,
  accountQueryOf,
  assetParameter,
  assetsQueryOf,
  entryParameter,
  holdsQueryOf,
  pageQueryOf,
  postingsQueryOf,
  requestIdParameter,
} from './queries.ts'

export class LedgerReads implements Reads {
  readonly #reader: Reader
  readonly #errorOf: (thrown: unknown) => unknown
  /** Callers at the same time share one pass over the balances. */
  readonly #statsUnderWay = new Map<string, Promise<Page<AssetStats>>>()

  /** @param errorOf converts an error of the reader to the error to throw */
  constructor(reader: Reader, errorOf: (thrown: unknown) => unknown) {
    this.#reader = reader
    this.#errorOf = errorOf
  }

  async account(account: unknown, input: unknown = {}): Promise<AccountView> {
    const name = accountParameter(account, 'account')
    const { at, ...page } = accountQueryOf(input)
    const found = await this.#read((reader) =>
      at === null ? reader.account(name, page) : reader.accountAt(name, at, page),
    )
    if (found === null) throw LedgerError.accountNotFound(name)
    return found
  }

  async accounts(input: unknown = {}): Promise<Page<Balance>> {
    const query = balancesQueryOf(input)
    return await this.#read((reader) => reader.balances(query))
  }

  async stats(input: unknown = {}): Promise<Page<AssetStats>> {
    const query = { ...statsQueryOf(input), now: Date.now() }
    const key = `${query.days} ${query.cursor}`
    const underWay = this.#statsUnderWay.get(key) ?? this.#read((reader) => reader.stats(query))
    this.#statsUnderWay.set(key, underWay)
    try {
      return await underWay
    } finally {
      this.#statsUnderWay.delete(key)
    }
  }

  async balance(account: unknown, asset: unknown = DEFAULT_ASSET): Promise<Balance> {
    const name = accountParameter(account, 'account')
    const code = assetParameter(asset, 'asset')
    const found = await this.#read((reader) => reader.balance(name, code))
    if (found === null) throw LedgerError.balanceNotFound(name, code)
    return found
  }

  async hold(id: unknown): Promise<Hold> {
    const name = requestIdParameter(id, 'id')
    const found = await this.#read((reader) => reader.hold(name))
    if (found === null) throw errorOfRejection({ code: 'hold_not_found', hold: name })
    return found
  }

  async holds(input: unknown = {}): Promise<Page<Hold>> {
    const query = holdsQueryOf(input)
    return await this.#read((reader) => reader.holds(query))
  }

  async holdHistory(id: unknown, input: unknown = {}): Promise<Page<HoldEvent>> {
    const hold = requestIdParameter(id, 'id')
    const query = { hold, ...pageQueryOf(input) }
    const found = await this.#read((reader) => reader.holdHistory(query))
    if (found === null) throw errorOfRejection({ code: 'hold_not_found', hold })
    return found
  }

  async postings(account: unknown, input: unknown = {}): Promise<Page<StatementLine>> {
    const query = postingsQueryOf(accountParameter(account, 'account'), input)
    return await this.#read((reader) => reader.postings(query))
  }

  async entry(id: unknown): Promise<Entry> {
    const name = entryParameter(id, 'id')
    const found = await this.#read((reader) => reader.entry(name))
    if (found === null) throw LedgerError.entryNotFound(name)
    return found
  }

  async entries(input: unknown = {}): Promise<FeedPage> {
    const query = feedQueryOf(input)
    return await this.#read((reader) => reader.feed(query))
  }

  async assetPage(input: unknown = {}): Promise<Page<Asset>> {
    const query = assetsQueryOf(input)
    return await this.#read((reader) => reader.assets(query))
  }

  async rates(input: unknown = {}): Promise<Page<Rate>> {
    const query = pageQueryOf(input)
    return await this.#read((reader) => reader.rates(query))
  }

  async rateHistory(from: unknown, to: unknown, input: unknown = {}): Promise<Page<Rate>> {
    const pair = { from: assetParameter(from, 'from'), to: assetParameter(to, 'to') }
    const query = { ...pair, ...pageQueryOf(input) }
    return await this.#read((reader) => reader.rateHistory(query))
  }

  async #read<Result>(read: (reader: Reader) => Promise<Result>): Promise<Result> {
    try {
      return await read(this.#reader)
    } catch (error) {
      if (error instanceof CursorError) {
        throw LedgerError.invalidParameter('cursor', 'cursor must be the `next` of a page.')
      }
      if (error instanceof FeedCursorError) {
        const gone = 'The feed does not have the entry that this cursor stands behind'
        throw LedgerError.invalidParameter(
          'cursor',
          `${gone}: the database is another one, or has gone back to an earlier state. Read the feed from its beginning.`,
        )
      }
      if (error instanceof TooManyBalances) {
        const rule = `An order by an amount is possible for up to ${BALANCES_SORTED_MAX} balances.`
        throw LedgerError.invalidParameter('order', `${rule} Name a longer prefix, or list by name.`)
      }
      throw this.#errorOf(error)
    }
  }
}
