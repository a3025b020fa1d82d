/** The laws as checks of the maps. Each check reads every row and returns the rows that break the law. */
import type { BalanceRecord } from '../../domain/balance.ts'
import { EXCHANGE } from '../../domain/ids.ts'
import { endingKeysOf, openingKeyOf, type PostingKey } from '../../domain/hold-history.ts'
import { kindOfEnd, showHold, type HoldRecord } from '../../domain/hold.ts'
import { endOfHold, type EntryRecord, type PostingRecord } from '../../domain/journal.ts'
import { rateKey } from '../../domain/rate.ts'
import type { RequestRecord } from '../../domain/snapshot.ts'
import type { AuditCheck, Auditor, Violation } from '../../engine/auditor.ts'
import { AUDIT_CHECKS, type AuditCheckId } from '../audit-checks.ts'
import { postingKey, stepKey, type Connection, type Tables } from './tables.ts'

export class MemoryAuditor implements Auditor {
  readonly checks: readonly AuditCheck[] = AUDIT_CHECKS
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async run(check: AuditCheck, limit: number): Promise<readonly Violation[]> {
    const tables = await this.#connection.tables()
    const known = AUDIT_CHECKS.find(({ id }) => id === check.id)
    if (known === undefined) throw new RangeError(`There is no check "${check.id}".`)
    return RUN[known.id](tables).slice(0, limit)
  }
}

const RUN: Readonly<Record<AuditCheckId, (tables: Tables) => Violation[]>> = {
  '1a': unbalancedEntries,
  '1b': unbalancedAssets,
  '1c': exchangesThatMovedOtherwise,
  '1d': unknownRates,
  '2a': (tables) => balancesWhere(tables, ({ held }) => held < 0n),
  '2b': (tables) => balancesWhere(tables, ({ available, floor }) => floor !== null && available < floor),
  '2c': miscountedHolds,
  '3a': miscountedPostings,
  '3b': strayedBalances,
  '3c': brokenChains,
  '4a': missingPostings,
  '4b': unnamedPostings,
  '5a': (tables) => holdsWhere(tables, (hold) => !addsUp(hold)),
  '5b': (tables) => holdsWhere(tables, (hold) => !(hold.state === 'open' ? isWhole(hold) : hasEnded(hold))),
  '5c': (tables) =>
    holdsWhere(tables, (hold) => !(hold.steps > 0 ? stepsMovedAsTold(tables, hold) : movedAsTold(tables, hold))),
  '5d': miscountedSteps,
  '5e': (tables) => holdsWhere(tables, (hold) => !isAsItsLastStepLeftIt(tables, hold)),
}

function unbalancedEntries(tables: Tables): Violation[] {
  const sums = new Map<string, bigint>()
  for (const posting of tables.postings.values()) {
    const asset = tables.balanceById(posting.balanceId)?.asset ?? ''
    const key = `${posting.entryId} ${asset}`
    sums.set(key, (sums.get(key) ?? 0n) + posting.availableDelta + posting.heldDelta)
  }
  return nonZero(sums, (key) => {
    const [entry = '', asset = ''] = key.split(' ')
    return { entry, asset }
  })
}

function unbalancedAssets(tables: Tables): Violation[] {
  const sums = new Map<string, bigint>()
  for (const { asset, available, held } of tables.balances.values()) {
    sums.set(asset, (sums.get(asset) ?? 0n) + available + held)
  }
  return nonZero(sums, (asset) => ({ asset }))
}

/** By account, because every engine writes a stripe of `@exchange` of its own. */
function exchangesThatMovedOtherwise(tables: Tables): Violation[] {
  const sums = new Map<string, bigint>()
  const add = (entry: string, account: string, asset: string, amount: bigint): void => {
    const key = `${entry} ${account} ${asset}`
    sums.set(key, (sums.get(key) ?? 0n) + amount)
  }
  const exchanges = exchangesOf(tables)
  for (const { id, legs } of exchanges) {
    for (const { from, to, asset, amount, toAsset, toAmount, rate } of legs) {
      add(id, from, asset, amount)
      add(id, to, toAsset, -toAmount)
      if (rate === null) continue
      add(id, EXCHANGE, asset, -amount)
      add(id, EXCHANGE, toAsset, toAmount)
    }
  }
  const ids = new Set(exchanges.map(({ id }) => id))
  for (const { entryId, balanceId, availableDelta } of tables.postings.values()) {
    if (!ids.has(entryId)) continue
    const balance = tables.balanceById(balanceId)
    add(entryId, balance?.account ?? '', balance?.asset ?? '', availableDelta)
  }
  return nonZero(sums, (key) => {
    const [entry = '', account = '', asset = ''] = key.split(' ')
    return { entry, account, asset }
  })
}

function unknownRates(tables: Tables): Violation[] {
  const violations = new Map<string, Violation>()
  for (const { id, legs } of exchangesOf(tables)) {
    for (const { asset, toAsset, rate } of legs) {
      if (rate === null) continue
      const { version, numerator, denominator, rounding } = rate
      const declared = tables.rates.get(rateKey(asset, toAsset))?.find((each) => each.version === version)
      const isSame =
        declared?.numerator === numerator && declared.denominator === denominator && declared.rounding === rounding
      const violation = { entry: id, asset, toAsset, version: String(version) }
      if (!isSame) violations.set(Object.values(violation).join(' '), violation)
    }
  }
  return [...violations.values()]
}

type Exchange = EntryRecord & { readonly legs: NonNullable<EntryRecord['legs']> }

function exchangesOf(tables: Tables): Exchange[] {
  return [...tables.requests.values()].filter(
    (request): request is Exchange => request.kind !== 'freeze' && request.legs !== null,
  )
}

function nonZero(sums: ReadonlyMap<string, bigint>, describe: (key: string) => Violation): Violation[] {
  return [...sums].filter(([, sum]) => sum !== 0n).map(([key, sum]) => ({ ...describe(key), sum: String(sum) }))
}

function miscountedHolds(tables: Tables): Violation[] {
  const sums = new Map<number, bigint>()
  for (const hold of holdsOf(tables)) {
    if (hold.state === 'open') sums.set(hold.balanceId, (sums.get(hold.balanceId) ?? 0n) + hold.held)
  }
  return balancesWhere(tables, ({ id, held }) => held !== (sums.get(id) ?? 0n))
}

function miscountedPostings(tables: Tables): Violation[] {
  const versions = new Map<number, Set<number>>()
  for (const { balanceId, version } of tables.postings.values()) {
    versions.set(balanceId, (versions.get(balanceId) ?? new Set()).add(version))
  }
  const violations: Violation[] = []
  for (const { id, account, asset, version } of tables.balances.values()) {
    const found = versions.get(id) ?? new Set()
    versions.delete(id)
    let complete = found.size === version
    for (let expected = 1; expected <= version && complete; expected++) complete = found.has(expected)
    const counts = { version: String(version), postings: String(found.size) }
    if (!complete) violations.push({ balance: String(id), account, asset, ...counts })
  }
  for (const [id, found] of versions) violations.push({ balance: String(id), postings: String(found.size) })
  return violations
}

function strayedBalances(tables: Tables): Violation[] {
  return balancesWhere(tables, ({ id, version, available, held }) => {
    const last = tables.postings.get(postingKey(id, version))
    return last !== undefined && (last.available !== available || last.held !== held)
  })
}

function brokenChains(tables: Tables): Violation[] {
  return postingsWhere(tables, ({ balanceId, version, available, held, availableDelta, heldDelta }) => {
    const nothing = { available: 0n, held: 0n }
    const before = version === 1 ? nothing : tables.postings.get(postingKey(balanceId, version - 1))
    if (before === undefined) return false // A gap is for 3a to tell.
    return available !== before.available + availableDelta || held !== before.held + heldDelta
  })
}

/** A posting that a request names, and the entry id that it must have. */
interface Reference {
  readonly key: string
  readonly entryId: string
}

function referencesOf(request: RequestRecord): readonly Reference[] {
  if (request.kind !== 'freeze') {
    return request.postings.map(({ balanceId, posting }) => ({
      key: postingKey(balanceId, posting.version),
      entryId: request.id,
    }))
  }
  const entryId = endOfHold(request.id, kindOfEnd(request))
  return [
    { key: postingKey(...openingKeyOf(request)), entryId: request.id },
    ...endingKeysOf(request).map((key) => ({ key: postingKey(...key), entryId })),
  ]
}

function missingPostings(tables: Tables): Violation[] {
  const violations: Violation[] = []
  for (const request of tables.requests.values()) {
    for (const { key, entryId } of referencesOf(request)) {
      if (tables.postings.get(key)?.entryId === entryId) continue
      const [balance = '', version = ''] = key.split(' ')
      violations.push({ entry: entryId, balance, version })
    }
  }
  return violations
}

function unnamedPostings(tables: Tables): Violation[] {
  const named = new Set<string>()
  for (const request of tables.requests.values()) {
    for (const { key, entryId } of referencesOf(request)) named.add(`${key} ${entryId}`)
  }
  return postingsWhere(
    tables,
    ({ balanceId, version, entryId }) => !named.has(`${postingKey(balanceId, version)} ${entryId}`),
  )
}

function addsUp({ amount, drawn, settled, released, held, refunded, settledLate }: HoldRecord): boolean {
  const isPart = (part: bigint, of: bigint): boolean => part >= 0n && part <= of
  return amount + drawn === settled + released + held && isPart(refunded, settled) && isPart(settledLate, drawn)
}

function isWhole({ amount, held, steps, end }: HoldRecord): boolean {
  return (held === amount || (steps > 0 && held >= 0n)) && end === null
}

function hasEnded(hold: HoldRecord): boolean {
  return hold.held === 0n && hold.end !== null && hold.end.at > 0
}

/** Missing postings are reported by check 4a. */
function movedAsTold(tables: Tables, hold: HoldRecord): boolean {
  const { amount, settled, released, drawn, end } = hold
  const moved = (key: PostingKey | undefined, available: bigint, held: bigint): boolean => {
    const posting = key === undefined ? undefined : tables.postings.get(postingKey(...key))
    return posting === undefined || (posting.availableDelta === available && posting.heldDelta === held)
  }
  const [holders, payees] = endingKeysOf(hold)
  return (
    moved(openingKeyOf(hold), -amount, amount) &&
    moved(holders, released - drawn, -amount) &&
    moved(payees, settled, 0n) &&
    (end !== null && end.payee !== null) === settled > 0n
  )
}

/** A missing posting moved nothing. */
function stepsMovedAsTold(tables: Tables, hold: HoldRecord): boolean {
  const keys = new Set(referencesOf(hold).map(({ key }) => key))
  for (const [key, entryId] of tables.holdSteps) {
    const entry = tables.requests.get(entryId)
    if (key.split(' ')[0] !== hold.id || entry === undefined || entry.kind === 'freeze') continue
    for (const reference of referencesOf(entry)) keys.add(reference.key)
  }
  let [available, held, paid] = [0n, 0n, 0n]
  for (const key of keys) {
    const posting = tables.postings.get(key)
    if (posting === undefined) continue
    const { balanceId, availableDelta, heldDelta } = posting
    if (balanceId === hold.balanceId) {
      available += availableDelta
      held += heldDelta
    } else if (tables.balanceById(balanceId)?.account === hold.payee && heldDelta === 0n) {
      paid += availableDelta
    } else return false
  }
  const { amount, drawn, settled, released, refunded } = hold
  return available + amount + drawn === released + refunded && held === hold.held && paid + refunded === settled
}

function miscountedSteps(tables: Tables): Violation[] {
  const violations: Violation[] = []
  const add = (hold: string, step: number, entry: string): void => {
    violations.push({ hold, step: String(step), entry })
  }
  const counted = new Map<string, number[]>()
  for (const [key, entryId] of tables.holdSteps) {
    const [hold = '', text] = key.split(' ')
    const step = Number(text)
    counted.set(hold, [...(counted.get(hold) ?? []), step])
    const entry = tables.requests.get(entryId)
    const stored = entry === undefined || entry.kind === 'freeze' ? null : entry.step
    if (stored?.hold !== hold || stored.number !== step) add(hold, step, entryId)
  }
  for (const { id, steps } of holdsOf(tables)) {
    const numbers = counted.get(id) ?? []
    counted.delete(id)
    const isComplete = numbers.toSorted((left, right) => left - right).every((step, index) => step === index + 1)
    if (!isComplete || numbers.length !== steps) add(id, steps, '')
  }
  for (const hold of counted.keys()) add(hold, 0, '')
  for (const request of tables.requests.values()) {
    if (request.kind === 'freeze' || request.step === null) continue
    const { hold, number } = request.step
    if (tables.holdSteps.get(stepKey(hold, number)) !== request.id) add(hold, number, request.id)
  }
  return violations
}

/** A missing last step is reported by check 5d. */
function isAsItsLastStepLeftIt(tables: Tables, hold: HoldRecord): boolean {
  const entry = tables.requests.get(tables.holdSteps.get(stepKey(hold.id, hold.steps)) ?? '')
  if (entry === undefined || entry.kind === 'freeze' || entry.step === null) return true
  const { after } = entry.step
  const fields = [
    'payee',
    'state',
    'amount',
    'held',
    'settled',
    'released',
    'drawn',
    'shortfall',
    'refunded',
    'settledLate',
    'expiresAt',
    'endedAt',
  ] as const
  const shown = showHold(hold)
  return fields.every((field) => shown[field] === after[field])
}

function holdsOf(tables: Tables): HoldRecord[] {
  return [...tables.requests.values()].filter((request) => request.kind === 'freeze')
}

function holdsWhere(tables: Tables, isBroken: (hold: HoldRecord) => boolean): Violation[] {
  return holdsOf(tables)
    .filter(isBroken)
    .map((hold) => ({
      hold: hold.id,
      state: hold.state,
      amount: String(hold.amount),
      held: String(hold.held),
      settled: String(hold.settled),
      released: String(hold.released),
      drawn: String(hold.drawn),
    }))
}

function balancesWhere(tables: Tables, isBroken: (balance: BalanceRecord) => boolean): Violation[] {
  return [...tables.balances.values()].filter(isBroken).map((balance) => ({
    balance: String(balance.id),
    account: balance.account,
    asset: balance.asset,
    available: String(balance.available),
    held: String(balance.held),
    floor: String(balance.floor),
    version: String(balance.version),
  }))
}

function postingsWhere(tables: Tables, isBroken: (posting: PostingRecord) => boolean): Violation[] {
  return [...tables.postings.values()].filter(isBroken).map((posting) => ({
    balance: String(posting.balanceId),
    version: String(posting.version),
    entry: posting.entryId,
    availableDelta: String(posting.availableDelta),
    heldDelta: String(posting.heldDelta),
    available: String(posting.available),
    held: String(posting.held),
  }))
}
