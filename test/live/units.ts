/**
 * The journal of a database as units: what became durable at one moment and can be told apart from what did so before and after.
 *
 * A unit is an entry with its postings, a version of a rate, or an asset; the members of a group are one unit together. Which came
 * first the rows tell where two units share one: the versions of a balance and of a rate follow each other without gaps, an exchange
 * comes after the rate that it used and before the next one, and coins of an asset come after the asset. Between units that share
 * nothing the rows know no order.
 */
import type { Command } from '../../src/domain/command.ts'
import type { PostingRecord } from '../../src/domain/journal.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'
import { commandsOf, type Call } from '../simulation/history.ts'
import { ratesUsedBy } from '../simulation/journal-audit.ts'
import type { AssetBook } from '../simulation/reference-books.ts'
import type { RateBook } from '../simulation/reference-exchange.ts'

export type Member =
  | { readonly kind: 'entry'; readonly id: string; readonly at: number; readonly postings: readonly PostingRecord[] }
  | { readonly kind: 'rate'; readonly at: number; readonly rate: RateBook }
  | { readonly kind: 'asset'; readonly at: number; readonly asset: AssetBook }

export interface Unit {
  readonly members: Member[]
  /** Units that came before it for certain. */
  readonly before: Set<Unit>
  readonly after: Set<Unit>
}

/** In an order that every row allows; null when there is none: the rows contradict each other. */
export function unitsOf(tables: Tables, calls: readonly Call[]): readonly Unit[] | null {
  const { byEntry, all } = membersOf(tables, calls)
  linkBalances(tables, byEntry)
  linkRates(tables, byEntry, all)
  linkAssets(tables, byEntry, all)
  return sorted(all)
}

function membersOf(tables: Tables, calls: readonly Call[]): { byEntry: Map<string, Unit>; all: Unit[] } {
  const byEntry = new Map<string, Unit>()
  const all: Unit[] = []
  const unit = (...members: Member[]): Unit => {
    const made = { members, before: new Set<Unit>(), after: new Set<Unit>() }
    all.push(made)
    return made
  }
  const entries = new Map<string, Member>()
  for (const [id, postings] of Map.groupBy(tables.postings.values(), ({ entryId }) => entryId)) {
    entries.set(id, { kind: 'entry', id, at: postings[0]!.at, postings })
  }
  const rates = [...tables.rates.values()].flat()
  const grouped = new Set<RateBook>()
  for (const commands of groupsIn(calls)) {
    const ids = commands.flatMap((command) => ('requestId' in command ? [command.requestId] : []))
    const own = ids.flatMap((id) => entries.get(id) ?? [])
    // A group's rates are its own, and are known by their tolerance.
    const declared = rates.filter((rate) => commands.some((command) => isOf(rate, command)))
    if (own.length === 0 || byEntry.has(ids.find((id) => entries.has(id))!)) continue
    // Declared once more by a repeat that came after another rate, it is another version, and no part of the first effect.
    const first = [...Map.groupBy(declared, (rate) => rate.tolerancePpm).values()].map((versions) => versions[0]!)
    for (const rate of first) grouped.add(rate)
    const made = unit(...own, ...first.map((rate) => ({ kind: 'rate', at: rate.declaredAt, rate }) as const))
    for (const id of ids) if (entries.has(id)) byEntry.set(id, made)
  }
  for (const [id, member] of entries) if (!byEntry.has(id)) byEntry.set(id, unit(member))
  for (const rate of rates) if (!grouped.has(rate)) unit({ kind: 'rate', at: rate.declaredAt, rate })
  for (const asset of tables.assets.values()) {
    if (asset.code !== 'credit') unit({ kind: 'asset', at: asset.createdAt, asset })
  }
  return { byEntry, all }
}

function groupsIn(calls: readonly Call[]): ReadonlySet<readonly Command[]> {
  return new Set(calls.filter(({ ask }) => ask.kind === 'group').map(({ ask }) => commandsOf(ask)))
}

export function isOf(rate: RateBook, command: Command): boolean {
  if (command.kind !== 'rate') return false
  const terms = ['from', 'to', 'numerator', 'denominator', 'rounding', 'tolerancePpm'] as const
  return terms.every((term) => rate[term] === command[term])
}

function linkBalances(tables: Tables, byEntry: ReadonlyMap<string, Unit>): void {
  let last: PostingRecord | null = null
  // By balance and version.
  for (const posting of tables.postings.values()) {
    if (last?.balanceId === posting.balanceId) link(byEntry.get(last.entryId)!, byEntry.get(posting.entryId)!)
    last = posting
  }
}

function linkRates(tables: Tables, byEntry: ReadonlyMap<string, Unit>, all: readonly Unit[]): void {
  const byRate = new Map<RateBook, Unit>()
  for (const unit of all) for (const member of unit.members) if (member.kind === 'rate') byRate.set(member.rate, unit)
  for (const versions of tables.rates.values()) {
    for (const [index, rate] of versions.entries()) {
      if (index > 0) link(byRate.get(versions[index - 1]!)!, byRate.get(rate)!)
    }
  }
  for (const request of tables.requests.values()) {
    const unit = byEntry.get(request.id)
    if (unit === undefined || request.kind === 'freeze') continue
    for (const [pair, version] of ratesUsedBy(request)) {
      const [used, next] = [version - 1, version].map((index) => tables.rates.get(pair)?.[index])
      if (used !== undefined) link(byRate.get(used)!, unit)
      if (next !== undefined) link(unit, byRate.get(next)!)
    }
  }
}

function linkAssets(tables: Tables, byEntry: ReadonlyMap<string, Unit>, all: readonly Unit[]): void {
  const byCode = new Map<string, Unit>()
  for (const unit of all) {
    for (const member of unit.members) if (member.kind === 'asset') byCode.set(member.asset.code, unit)
  }
  const assetOf = new Map([...tables.balances.values()].map(({ id, asset }) => [id, asset]))
  for (const { balanceId, version, entryId } of tables.postings.values()) {
    const asset = byCode.get(assetOf.get(balanceId) ?? '')
    if (version === 1 && asset !== undefined) link(asset, byEntry.get(entryId)!)
  }
  for (const unit of all) {
    for (const member of unit.members) {
      if (member.kind !== 'rate' || member.rate.version > 1) continue
      for (const code of [member.rate.from, member.rate.to]) if (byCode.has(code)) link(byCode.get(code)!, unit)
    }
  }
}

function link(first: Unit, second: Unit): void {
  if (first === second) return
  first.after.add(second)
  second.before.add(first)
}

/** Where the rows leave a choice, by the time that they tell. */
function sorted(all: readonly Unit[]): readonly Unit[] | null {
  const missing = new Map(all.map((unit) => [unit, unit.before.size]))
  const ready = all.filter(({ before }) => before.size === 0)
  const order: Unit[] = []
  for (;;) {
    const next = takeEarliest(ready)
    if (next === null) break
    order.push(next)
    for (const unit of next.after) {
      const left = missing.get(unit)! - 1
      missing.set(unit, left)
      if (left === 0) ready.push(unit)
    }
  }
  return order.length === all.length ? order : null
}

function takeEarliest(ready: Unit[]): Unit | null {
  let best = -1
  for (const [index, unit] of ready.entries()) if (best === -1 || isEarlier(unit, ready[best]!)) best = index
  return best === -1 ? null : ready.splice(best, 1)[0]!
}

function isEarlier({ members: [left] }: Unit, { members: [right] }: Unit): boolean {
  if (left!.at !== right!.at) return left!.at < right!.at
  return nameOf(left!) < nameOf(right!)
}

export function nameOf(member: Member): string {
  switch (member.kind) {
    case 'entry':
      return member.id
    case 'rate':
      return `rate ${member.rate.from} ${member.rate.to} ${member.rate.version}`
    case 'asset':
      return `asset ${member.asset.code}`
  }
}
