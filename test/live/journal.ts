/**
 * The journal of a live run, read from the database after the end and replayed on the reference ledger. Every row must have been asked for
 * by a caller, or be one that a sweeper had to write, and must be exactly the row that the command produces (laws 1 to 5).
 */
import type { HouseAccount } from '../../src/domain/house-account.ts'
import type { Command } from '../../src/domain/command.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import { forwardOf, type EntryRecord } from '../../src/domain/journal.ts'
import { entryIn } from '../../src/domain/snapshot.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'
import type { Findings } from '../simulation/findings.ts'
import { commandsOf, type Call } from '../simulation/history.ts'
import {
  circumstancesOf,
  firstEndOf,
  keysOf,
  LAW_OF,
  sumOf,
  visible,
  type Effect,
  type Journal,
} from '../simulation/journal-audit.ts'
import { EMPTY_STRIPE, type Circumstances, type Line, type Verdict } from '../reference/books.ts'
import { ReferenceLedger } from '../reference/ledger.ts'
import { isAlike, spell } from '../reference/spelling.ts'
import type { Member, Unit } from './unit.ts'
import { isOf } from './units.ts'

/** An unknown sender: the rows do not record which process wrote them. */
const SOMEBODY = { engine: -1, life: 0 }

export interface UnitEffects {
  readonly unit: Unit
  readonly effects: readonly LiveEffect[]
}

export interface LiveEffect extends Effect {
  readonly at: Circumstances
  /** The postings of the effect. */
  readonly lines: readonly Line[]
}

export class LiveJournal implements Journal {
  readonly effects: LiveEffect[] = []
  readonly byKey = new Map<string, LiveEffect>()
  readonly units: UnitEffects[] = []
  readonly reference = new ReferenceLedger()
  readonly postingCount: number
  readonly #tables: Tables
  readonly #limits: EngineLimits
  readonly #findings: Findings
  /** Every command that was asked for, by key. */
  readonly #asked = new Map<string, Map<string, Command>>()
  readonly #declared: readonly Command[]
  readonly #names: ReadonlyMap<number, { account: string; asset: string; stripe: number }>

  constructor(
    calls: readonly Call[],
    { tables, limits, findings }: { tables: Tables; limits: EngineLimits; findings: Findings },
  ) {
    this.#tables = tables
    this.#limits = limits
    this.#findings = findings
    this.postingCount = tables.postings.size
    const commands = new Set(calls.flatMap(({ ask }) => commandsOf(ask)))
    this.#declared = [...commands].filter(({ kind }) => kind === 'declare' || kind === 'house' || kind === 'rate')
    for (const command of commands) this.#ask(command)
    this.#names = new Map(
      [...tables.balances.values()].map(({ id, account, asset, stripe }) => [id, { account, asset, stripe }]),
    )
  }

  /** @returns false when a row appeared that no command explains: later rows cannot be judged */
  read(units: readonly Unit[]): boolean {
    for (const unit of units) {
      const before = this.effects.length
      for (const member of unit.members) if (!this.#read(member)) return false
      this.units.push({ unit, effects: this.effects.slice(before) })
    }
    return true
  }

  #ask(command: Command): void {
    for (const key of keysOf(command)) {
      const known = this.#asked.get(key) ?? new Map<string, Command>()
      this.#asked.set(key, known.set(spell(command), command))
    }
    // Every process sweeps.
    if (command.kind === 'freeze') this.#ask({ kind: 'release', hold: command.requestId, cause: 'expiry' })
  }

  #read(member: Member): boolean {
    switch (member.kind) {
      case 'entry':
        return this.#readEntry(member)
      case 'asset':
        return this.#readAsset(member)
      case 'house':
        return this.#readDeclared(member, member.house, (command) => isHouse(member.house, command))
      case 'rate':
        return this.#readDeclared(member, member.rate, (command) => isOf(member.rate, command))
    }
  }

  #readAsset({ asset, at }: Extract<Member, { kind: 'asset' }>): boolean {
    const isAsked = this.#declared.some(
      (command) =>
        command.kind === 'declare' &&
        command.asset === asset.code &&
        command.decimals === asset.decimals &&
        command.name === asset.name,
    )
    if (!this.#findings.check(4, isAsked, () => `nobody asked for the asset ${spell(asset)}`)) return false
    this.reference.setAsset(asset)
    this.#add({
      cause: { asset },
      answer: asset,
      entry: null,
      at: circumstancesOf(EMPTY_STRIPE, at, this.#limits),
      lines: [],
    })
    return true
  }

  #readDeclared({ kind, at }: Member, row: unknown, isAsked: (command: Command) => boolean): boolean {
    const stripeOf = EMPTY_STRIPE
    const circumstances = circumstancesOf(stripeOf, at, this.#limits)
    const command = this.#declared.find(isAsked)
    const verdict = command === undefined ? null : this.reference.decide(command, circumstances)
    const isRight = verdict?.kind === 'applied' && isAlike(verdict.answer, row)
    if (!this.#findings.check(4, isRight, () => `nobody asked for the ${kind} ${spell(row)}`)) return false
    if (verdict?.kind !== 'applied') return false
    verdict.write()
    this.#add({
      cause: { command: command!, now: at, stripeOf },
      answer: row,
      entry: null,
      at: circumstances,
      lines: [],
    })
    return true
  }

  #readEntry({ id, at, postings }: Extract<Member, { kind: 'entry' }>): boolean {
    const [key] = /^[^~]*~?(?:late)?/.exec(id)!
    const found = postings.map((record): Line => {
      const { balanceId, seq: _, ...posting } = record
      const name = this.#names.get(balanceId) ?? { account: '?', asset: '?', stripe: 0 }
      return { ...posting, ...name }
    })
    const stripes = new Map(found.map(({ account, asset, stripe }) => [`${account} ${asset}`, stripe]))
    const stripeOf = (account: string, asset: string): number => stripes.get(`${account} ${asset}`) ?? 0
    const circumstances = circumstancesOf(stripeOf, at, this.#limits)
    const reasons: (() => string)[] = []
    let law = 4
    for (const command of this.#asked.get(key)?.values() ?? []) {
      const verdict = this.reference.decide(command, circumstances)
      if (verdict.kind === 'applied' && isSameSet(verdict.lines, found) && this.#isRecorded(id, verdict)) {
        verdict.write()
        const { answer, entry, forward = null } = verdict
        const cause = { command, now: at, stripeOf }
        this.byKey.set(key, this.#add({ cause, answer, entry, forward, at: circumstances, lines: found }))
        for (const checked of [1, 2, 3, 4, 5]) this.#findings.check(checked, true, () => '')
        return true
      }
      if (verdict.kind === 'refused') law = LAW_OF[verdict.rejection.code] ?? 7
      if (verdict.kind === 'applied') law = sumOf(found) === 0n ? 3 : 1
      reasons.push(() => `${spell(command)} would be ${verdict.kind}: ${spell({ ...verdict, write: undefined })}`)
    }
    return this.#findings.check(law, false, () => {
      const asked = reasons.length === 0 ? 'nobody asked for it' : reasons.map((reason) => reason()).join('; ')
      return `the entry ${id} wrote ${spell(found)}, but ${asked}`
    })
  }

  /** Whether the record of a command is the one of this verdict. The postings alone do not suffice: two commands can have the same. */
  #isRecorded(id: string, { answer, entry, forward = null }: Verdict & { kind: 'applied' }): boolean {
    const passed = this.#tables.requests.get(forwardOf(id))
    if (!isAlike(passed === undefined ? null : visible(passed as EntryRecord), forward)) return false
    const row = this.#tables.requests.get(id)
    const record = row === undefined ? null : entryIn(row)
    if (entry !== null) return record !== null && isAlike(visible(record), entry)
    if (!id.includes('~')) return row?.kind === 'freeze'
    const hold = this.#tables.requests.get(id.slice(0, id.indexOf('~')))
    return row === undefined && hold?.kind === 'freeze' && isAlike(firstEndOf(hold), answer)
  }

  #add(effect: Omit<LiveEffect, 'position' | 'tick' | 'sender'>): LiveEffect {
    const position = this.effects.length
    const added = { position, tick: position, sender: SOMEBODY, ...effect }
    this.effects.push(added)
    return added
  }
}

/** Whether both have the same rows. The rows of an entry have no order. */
function isSameSet(left: readonly Line[], right: readonly Line[]): boolean {
  return isAlike(left.map(spell).sort(), right.map(spell).sort())
}

function isHouse({ account }: HouseAccount, command: Command): boolean {
  return command.kind === 'house' && command.account === account
}
