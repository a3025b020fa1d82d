/**
 * The memory store: the model that the other stores are compared with. Plain maps, checked and written in one synchronous step.
 *
 * Upholds laws 3 and 4 by its keys, laws 2 and 5 by its constraints, as the tables of a database do.
 */
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import { isCharge, showHoldAsFrozen, type HoldRecord } from '../../domain/hold-record.ts'
import type { HouseAccount } from '../../domain/house-account.ts'
import { isHouse, type AccountName, type AssetCode, type Instant, type RequestId } from '../../domain/ids.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import { type RequestRecord, type Snapshot } from '../../domain/snapshot.ts'
import { newStanding, type StandingRecord } from '../../domain/standing.ts'
import {
  companionsOf,
  footprintOfHold,
  footprintOfSuccessor,
  footprintOfWhole,
  type Footprint,
} from '../../domain/footprint.ts'
import { type Changes } from '../../domain/changes.ts'
import { NEWEST_ROWS_MAX, type CommitResult, type Store, type StoreClock } from '../../engine/store.ts'
import { changeKey, postingKey, type Connection, type Tables } from './tables.ts'
import { isWritable, keyOf, runsOf, type WriteOrder } from './write-orders.ts'

export class MemoryStore implements Store {
  /** Always 0: there is no connection. */
  readonly connectionsLost = 0
  readonly #connection: Connection
  readonly #order: WriteOrder

  /** @param order in which a commit meets keys, guards and constraints */
  constructor(connection: Connection, order: WriteOrder) {
    this.#connection = connection
    this.#order = order
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    return read(await this.#connection.tables(), footprint)
  }

  async commit(changes: Changes): Promise<CommitResult> {
    const tables = await this.#connection.tables()
    return tables.inTurn(async () => write(tables, changes, this.#order))
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    const tables = await this.#connection.tables()
    return tables.inTurn(async () => {
      const snapshot = read(tables, footprint)
      // A database answers later, and other writers may run in between: the turn has to keep them out.
      await Promise.resolve()
      return write(tables, plan(snapshot), this.#order)
    })
  }

  /** None: a commit is one step. */
  async locked(): Promise<ReadonlySet<string>> {
    return new Set()
  }

  async ping(): Promise<void> {
    await this.#connection.tables()
  }

  async clock(): Promise<StoreClock> {
    return { serverAt: null, newestAt: newestAtOf(await this.#connection.tables()) }
  }
}

/** Looks at the oldest balances only: no index by name finds the house accounts, which appear with the first coins. */
function newestAtOf({ balances, postings }: Tables): Instant | null {
  let newestAt: Instant | null = null
  let left = NEWEST_ROWS_MAX
  for (const { account, id, version } of balances.values()) {
    if (left-- === 0) break
    const at = isHouse(account) ? postings.get(postingKey(id, version))?.at : undefined
    if (at !== undefined) newestAt = Math.max(newestAt ?? at, at)
  }
  return newestAt
}

function read(tables: Tables, footprint: Footprint): Snapshot {
  const requests = new Map<RequestId, RequestRecord | null>()
  const balances = new Map<string, BalanceRecord>()
  const assets = new Map<AssetCode, Asset | null>()
  const standings = new Map<AccountName, StandingRecord>()
  const addStanding = (account: AccountName): StandingRecord => {
    const standing = tables.standings.get(account) ?? newStanding(account)
    standings.set(account, standing)
    return standing
  }
  const addBalance = (name: BalanceName): void => {
    const key = balanceKey(name.account, name.asset, name.stripe)
    if (balances.has(key)) return
    // A new balance is as its account.
    const stands = tables.balances.has(key) || isHouse(name.account) ? undefined : addStanding(name.account)
    const balance = tables.balances.get(key) ?? emptyBalance(tables.nextBalanceId(), name, stands)
    balances.set(key, balance)
    const successor = footprintOfSuccessor(balance, footprint)
    if (successor !== null) addBalance(successor)
    companionsOf(name, footprint).forEach(addBalance)
  }
  for (const name of footprint.balances.values()) addBalance(name)
  for (const id of footprint.requests) {
    const request = tables.requests.get(id) ?? null
    requests.set(id, request)
    if (request?.kind === 'freeze') footprintOfHold(request, footprint).forEach(addBalance)
  }
  for (const account of footprint.standings) footprintOfWhole(addStanding(account), footprint).forEach(addBalance)
  for (const code of footprint.assets) assets.set(code, tables.assets.get(code) ?? null)
  const houses = new Map<AccountName, HouseAccount | null>()
  for (const account of footprint.houses) houses.set(account, tables.houses.get(account) ?? null)
  const rates = new Map<string, Rate | null>()
  for (const key of footprint.rates.keys()) rates.set(key, tables.rates.get(key)?.at(-1) ?? null)
  return { requests, balances, standings, assets, houses, rates }
}

function write(tables: Tables, changes: Changes, order: WriteOrder): CommitResult {
  if (!isWritable(tables, changes, order)) return 'stale'
  for (const request of [...changes.holdsOpened, ...changes.charges, ...changes.entries]) {
    tables.requests.set(request.id, request)
    tables.requestIds.set(request.seq, request.id)
    if (request.kind === 'freeze') tables.freezes.set(request.seq, asFrozen(request))
  }
  for (const change of changes.holdChanges) {
    const { after } = change
    tables.holdChanges.set(changeKey(after.seq, after.changes), change)
    tables.requests.set(after.id, after)
  }
  for (const posting of changes.postings) tables.postings.set(postingKey(posting.balanceId, posting.version), posting)
  for (const run of runsOf(changes)) tables.runs.set(postingKey(run.balanceId, run.firstVersion), run)
  if (changes.entryOrder.length > 0) tables.feed.push(changes.entryOrder)
  for (const { after } of changes.balances) tables.balances.set(keyOf(after), after)
  for (const { account, metadata } of changes.accounts) tables.accounts.set(account, metadata)
  for (const { after } of changes.standings) tables.standings.set(after.account, after)
  for (const asset of changes.assets) tables.assets.set(asset.code, asset)
  for (const house of changes.houses) tables.houses.set(house.account, house)
  for (const rate of changes.rates) {
    const key = rateKey(rate.from, rate.to)
    tables.rates.set(key, [...(tables.rates.get(key) ?? []), rate])
  }
  return 'committed'
}

/** The hold as it was opened, or the charge as it was made, before its changes. */
function asFrozen(hold: HoldRecord): HoldRecord {
  const { endedAt: _, steps: changes, ...frozen } = showHoldAsFrozen(hold)
  if (isCharge(hold)) return { ...hold, ...frozen, changes, firstAnswers: null }
  return { ...hold, ...frozen, end: null, changes, firstAnswers: null }
}
