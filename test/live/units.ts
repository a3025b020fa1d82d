/**
 * The journal of a database as units, each distinguishable from what became durable before and after.
 *
 * A unit is an entry with its postings, a version of a rate, a house account, or an asset; the members of a group are one unit together. The
 * rows order units that share a row: the versions of a balance or a rate have no gaps, an exchange comes after the rate that it used and
 * before the next version, and coins of an asset come after the asset; for accounts, see standing-order.ts. The rows define no order
 * between units that share nothing.
 */
import type { Command } from '../../src/domain/command.ts'
import { kindOfEnd } from '../../src/domain/hold-record.ts'
import { endOfHold, type PostingRecord } from '../../src/domain/journal.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'
import { commandsOf, type Call } from '../simulation/history.ts'
import { ratesUsedBy } from '../simulation/journal-audit.ts'
import type { RateBook } from '../reference/exchange.ts'
import { bareEntriesIn, linkStandings } from './standing-order.ts'
import { link, unitOf, withoutForward, type Member, type Unit, type UnitsByEntry } from './unit.ts'

/** The units in an order that agrees with every row; null when the rows contradict each other. */
export function unitsOf(tables: Tables, calls: readonly Call[]): readonly Unit[] | null {
  const units = new Units(tables, calls)
  linkBalances(tables, units.byEntry)
  linkRates(tables, units)
  linkAssets(tables, units)
  linkHouses(tables, units)
  linkStandings(tables, units.byEntry)
  units.takeEndsIn()
  return sorted([...units.all])
}

class Units {
  readonly all = new Set<Unit>()
  readonly byEntry = new Map<string, Unit>()
  readonly #groups = new Map<Unit, readonly Command[]>()

  constructor(tables: Tables, calls: readonly Call[]) {
    const entries = new Map<string, Member>()
    for (const [id, postings] of Map.groupBy(tables.postings.values(), ({ entryId }) => withoutForward(entryId))) {
      entries.set(id, { kind: 'entry', id, at: postings[0]!.at, postings })
    }
    for (const { id, at } of bareEntriesIn(tables)) entries.set(id, { kind: 'entry', id, at, postings: [] })
    const rates = [...tables.rates.values()].flat()
    const grouped = new Set<RateBook>()
    for (const commands of groupsIn(calls)) {
      const own = commands.flatMap((command) => {
        if ('requestId' in command) return entries.get(command.requestId) ?? []
        // A group's rates are used by no other command. If a repeat declares one again after another rate, the new version is not part of
        // the first effect.
        const rate = rates.find((each) => isOf(each, command))
        return rate === undefined ? [] : { kind: 'rate' as const, at: rate.declaredAt, rate }
      })
      const ids = own.flatMap((member) => (member.kind === 'entry' ? [member.id] : []))
      if (ids.length === 0 || ids.some((id) => this.byEntry.has(id))) continue
      for (const member of own) if (member.kind === 'rate') grouped.add(member.rate)
      this.#groups.set(this.#add(own), commands)
    }
    for (const [id, member] of entries) if (!this.byEntry.has(id)) this.#add([member])
    for (const rate of rates) if (!grouped.has(rate)) this.#add([{ kind: 'rate', at: rate.declaredAt, rate }])
    for (const house of tables.houses.values()) {
      if (house.declaredAt > 0) this.#add([{ kind: 'house', at: house.declaredAt, house }])
    }
    for (const asset of tables.assets.values()) {
      if (asset.code !== 'credit') this.#add([{ kind: 'asset', at: asset.createdAt, asset }])
    }
  }

  /** The entry of a hold's end has only the hold's id. It belongs to the group if the rows put it between two of the group's members. */
  takeEndsIn(): void {
    for (const [group, commands] of this.#groups) {
      for (const command of commands) {
        if (command.kind !== 'settle' && command.kind !== 'release') continue
        for (const end of ['settle', 'release', 'late']) {
          const unit = this.byEntry.get(`${command.hold}~${end}`)
          if (unit === undefined || unit === group) continue
          if (isBefore(group, unit) && isBefore(unit, group)) this.#takeIn(group, unit)
        }
      }
      group.members.sort((left, right) => placeIn(commands, left) - placeIn(commands, right))
    }
  }

  #add(members: Member[]): Unit {
    const unit = { members, before: new Set<Unit>(), after: new Set<Unit>() }
    this.all.add(unit)
    for (const member of members) if (member.kind === 'entry') this.byEntry.set(member.id, unit)
    return unit
  }

  #takeIn(group: Unit, unit: Unit): void {
    for (const before of unit.before) {
      before.after.delete(unit)
      link(before, group)
    }
    for (const after of unit.after) {
      after.before.delete(unit)
      link(group, after)
    }
    group.members.push(...unit.members)
    for (const member of unit.members) if (member.kind === 'entry') this.byEntry.set(member.id, group)
    this.all.delete(unit)
  }
}

function placeIn(commands: readonly Command[], member: Member): number {
  return commands.findIndex((command) => {
    if (member.kind !== 'entry') return member.kind === 'rate' && isOf(member.rate, command)
    if ('requestId' in command) return command.requestId === member.id
    return 'hold' in command && member.id.startsWith(`${command.hold}~`)
  })
}

function isBefore(first: Unit, second: Unit): boolean {
  const seen = new Set([first])
  for (const unit of seen) {
    if (unit.after.has(second)) return true
    for (const after of unit.after) seen.add(after)
  }
  return false
}

function groupsIn(calls: readonly Call[]): ReadonlySet<readonly Command[]> {
  return new Set(calls.filter(({ ask }) => ask.kind === 'group').map(({ ask }) => commandsOf(ask)))
}

export function isOf(rate: RateBook, command: Command): boolean {
  if (command.kind !== 'rate') return false
  const terms = ['from', 'to', 'numerator', 'denominator', 'rounding', 'tolerancePpm'] as const
  return terms.every((term) => rate[term] === command[term])
}

function linkBalances(tables: Tables, byEntry: UnitsByEntry): void {
  let last: PostingRecord | null = null
  // The postings are ordered by balance and version.
  for (const posting of tables.postings.values()) {
    if (last?.balanceId === posting.balanceId) link(unitOf(last, byEntry), unitOf(posting, byEntry))
    last = posting
  }
}

function linkRates(tables: Tables, { byEntry, all }: Pick<Units, 'byEntry' | 'all'>): void {
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

function linkAssets(tables: Tables, { byEntry, all }: Pick<Units, 'byEntry' | 'all'>): void {
  const byCode = new Map<string, Unit>()
  for (const unit of all) {
    for (const member of unit.members) if (member.kind === 'asset') byCode.set(member.asset.code, unit)
  }
  const assetOf = new Map([...tables.balances.values()].map(({ id, asset }) => [id, asset]))
  for (const posting of tables.postings.values()) {
    const { balanceId, version } = posting
    const asset = byCode.get(assetOf.get(balanceId) ?? '')
    if (version === 1 && asset !== undefined) link(asset, unitOf(posting, byEntry))
  }
  for (const unit of all) {
    for (const member of unit.members) {
      if (member.kind !== 'rate' || member.rate.version > 1) continue
      for (const code of [member.rate.from, member.rate.to]) if (byCode.has(code)) link(byCode.get(code)!, unit)
    }
  }
}

/** A balance of a house account, and a hold whose payee it is, come after its declaration. */
function linkHouses(tables: Tables, { byEntry, all }: Pick<Units, 'byEntry' | 'all'>): void {
  const byAccount = new Map<string, Unit>()
  for (const unit of all) {
    for (const member of unit.members) if (member.kind === 'house') byAccount.set(member.house.account, unit)
  }
  const accountOf = new Map([...tables.balances.values()].map(({ id, account }) => [id, account]))
  for (const posting of tables.postings.values()) {
    const { balanceId, version } = posting
    const house = byAccount.get(accountOf.get(balanceId) ?? '')
    if (version === 1 && house !== undefined) link(house, unitOf(posting, byEntry))
  }
  const linkPayee = (payee: string, entryId: string): void => {
    const [house, unit] = [byAccount.get(payee), byEntry.get(entryId)]
    if (house !== undefined && unit !== undefined) link(house, unit)
  }
  for (const { id, payee } of tables.freezes.values()) linkPayee(payee, id)
  for (const { after, step } of tables.holdChanges.values()) {
    linkPayee(after.payee, step === null ? endOfHold(after.id, kindOfEnd(after)) : step.id)
  }
}

/** Orders by the recorded time where the rows leave a choice. */
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
    case 'house':
      return `house ${member.house.account}`
    case 'asset':
      return `asset ${member.asset.code}`
  }
}
