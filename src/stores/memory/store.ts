/**
 * The memory store: the model that the other stores are held against. Plain maps, checked and written in one go.
 *
 * Upholds laws 3 and 4 by its keys, laws 2 and 5 by its constraints, as the tables of a database do.
 */
import { isInt64 } from '../../domain/amount.ts'
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import type { HoldRecord } from '../../domain/hold.ts'
import { isHouse, type AssetCode, type Instant, type RequestId } from '../../domain/ids.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import {
  footprintOfHold,
  type BalanceChange,
  type Changes,
  type Footprint,
  type HoldChange,
  type RequestRecord,
  type Snapshot,
} from '../../domain/snapshot.ts'
import { Fault } from '../../engine/faults.ts'
import { NEWEST_ROWS_MAX, type CommitResult, type Store, type StoreClock } from '../../engine/store.ts'
import { postingKey, stepKey, type Connection, type Tables } from './tables.ts'

export class MemoryStore implements Store {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    return read(await this.#connection.tables(), footprint)
  }

  async commit(changes: Changes): Promise<CommitResult> {
    const tables = await this.#connection.tables()
    return tables.inTurn(async () => write(tables, changes))
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    const tables = await this.#connection.tables()
    return tables.inTurn(async () => {
      const snapshot = read(tables, footprint)
      // A database answers later, and other writers get their chance to break in: the turn has to keep them out.
      await Promise.resolve()
      return write(tables, plan(snapshot))
    })
  }

  async ping(): Promise<void> {
    await this.#connection.tables()
  }

  async clock(): Promise<StoreClock> {
    return { serverAt: null, newestAt: newestAtOf(await this.#connection.tables()) }
  }
}

/** Among the balances that are oldest: there is no order of names to find the house's by, and they come with the first coins. */
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
  const addBalance = (name: BalanceName): void => {
    const key = balanceKey(name.account, name.asset, name.stripe)
    if (!balances.has(key)) balances.set(key, tables.balances.get(key) ?? emptyBalance(tables.nextBalanceId(), name))
  }
  for (const name of footprint.balances.values()) addBalance(name)
  for (const id of footprint.requests) {
    const request = tables.requests.get(id) ?? null
    requests.set(id, request)
    if (request?.kind === 'freeze') footprintOfHold(request, footprint).forEach(addBalance)
  }
  for (const code of footprint.assets) assets.set(code, tables.assets.get(code) ?? null)
  const rates = new Map<string, Rate | null>()
  for (const key of footprint.rates.keys()) rates.set(key, tables.rates.get(key)?.at(-1) ?? null)
  return { requests, balances, assets, rates }
}

function write(tables: Tables, changes: Changes): CommitResult {
  if (isStale(tables, changes)) return 'stale'
  refuseViolations(changes)
  for (const entry of changes.entries) tables.requests.set(entry.id, entry)
  for (const hold of changes.holdsOpened) tables.requests.set(hold.id, hold)
  for (const hold of changes.holdsChanged) tables.requests.set(hold.id, hold)
  for (const { after } of changes.holdsStepped) tables.requests.set(after.id, after)
  for (const { hold, number, entry } of changes.holdSteps) tables.holdSteps.set(stepKey(hold, number), entry)
  for (const posting of changes.postings) tables.postings.set(postingKey(posting.balanceId, posting.version), posting)
  for (const { after } of changes.balances) tables.balances.set(keyOf(after), after)
  for (const { account, metadata } of changes.accounts) tables.accounts.set(account, metadata)
  for (const asset of changes.assets) tables.assets.set(asset.code, asset)
  for (const rate of changes.rates) {
    const key = rateKey(rate.from, rate.to)
    tables.rates.set(key, [...(tables.rates.get(key) ?? []), rate])
  }
  return 'committed'
}

/** Whether a row that the changes were decided on has moved, or a key that they need is taken. */
function isStale(tables: Tables, changes: Changes): boolean {
  const isAs = (id: RequestId, { state, steps }: HoldChange['before']): boolean => {
    const hold = tables.requests.get(id)
    return hold?.kind === 'freeze' && hold.state === state && hold.steps === steps
  }
  const opened = new Set(changes.holdsOpened.map(({ id }) => id))
  const versionOf = ({ from, to }: Rate): number => tables.rates.get(rateKey(from, to))?.length ?? 0
  return (
    changes.entries.some((entry) => tables.requests.has(entry.id)) ||
    changes.holdsOpened.some((hold) => tables.requests.has(hold.id)) ||
    changes.holdsChanged.some((hold) => !isAs(hold.id, { state: 'open', steps: 0 })) ||
    changes.holdsStepped.some(({ before, after }) => !opened.has(after.id) && !isAs(after.id, before)) ||
    changes.holdSteps.some(({ hold, number }) => tables.holdSteps.has(stepKey(hold, number))) ||
    changes.postings.some((posting) => tables.postings.has(postingKey(posting.balanceId, posting.version))) ||
    changes.balances.some((change) => hasMoved(tables, change)) ||
    changes.assets.some((asset) => isDeclaredOtherwise(asset, tables.assets.get(asset.code))) ||
    changes.rates.some((rate) => rate.version <= versionOf(rate)) ||
    changes.ratesUsed.some((rate) => rate.version !== versionOf(rate))
  )
}

/** Whoever declared it first decided its decimals and when it was declared; only its name changes. */
function isDeclaredOtherwise(asset: Asset, stored: Asset = asset): boolean {
  return stored.decimals !== asset.decimals || stored.createdAt !== asset.createdAt
}

function hasMoved(tables: Tables, { before, after }: BalanceChange): boolean {
  const stored = tables.balances.get(keyOf(after))
  if (stored === undefined) return before.version !== 0 || tables.balanceById(after.id) !== null
  const { id, version, available, held, floor } = stored
  return (
    id !== after.id ||
    version !== before.version ||
    available !== before.available ||
    held !== before.held ||
    floor !== before.floor
  )
}

function keyOf(balance: BalanceRecord): string {
  return balanceKey(balance.account, balance.asset, balance.stripe)
}

/** @throws Fault `store_refused` where a database's constraints would. */
function refuseViolations(changes: Changes): void {
  for (const { after } of changes.balances) {
    if (after.held < 0n) throw refused(`The balance "${keyOf(after)}" would hold less than nothing.`)
    if (after.floor !== null && after.available < after.floor) {
      throw refused(`The balance "${keyOf(after)}" would be below its floor.`)
    }
    if (!isInt64(after.available) || !isInt64(after.held)) {
      throw refused(`The balance "${keyOf(after)}" would not fit 64 bits.`)
    }
  }
  const stepped = changes.holdsStepped.map(({ after }) => after)
  for (const hold of [...changes.holdsOpened, ...changes.holdsChanged, ...stepped]) {
    if (!addsUp(hold)) throw refused(`The amounts of the hold "${hold.id}" would not add up.`)
    if ((hold.state === 'open') !== (hold.endedAt === null)) {
      throw refused(`The hold "${hold.id}" would be open and ended.`)
    }
    if (hold.refunded > hold.settled) throw refused(`More of the hold "${hold.id}" would be refunded than was settled.`)
    if (hold.settledLate > hold.drawn)
      throw refused(`More of the hold "${hold.id}" would be settled late than was drawn.`)
    if (hold.held < 0n) throw refused(`The hold "${hold.id}" would hold less than nothing.`)
  }
}

function addsUp(hold: HoldRecord): boolean {
  return hold.amount + hold.drawn === hold.settled + hold.released + hold.held
}

function refused(message: string): Fault {
  return new Fault('store_refused', message)
}
