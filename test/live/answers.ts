/**
 * The answers of a live run against its journal: each must be what the ledger said at some instant between question and answer, and no
 * answer may contradict one that had been given before it was asked (linearizability; laws 4, 6 and 7).
 *
 * An applied command has its rows. A rejection or a read has none, so the audit searches for an instant: a part of the units that may have
 * happened by then, which explains the answer. With each unit, the part contains every unit that the rows put before it. A unit in every
 * such part had happened when the answer was given. A unit in none of them had not happened when the question was asked. A second pass
 * with these bounds finds two answers that contradict each other although each has an instant of its own.
 */
import { HOUSES_FROM_START } from '../../src/domain/house-account.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { explanationOf } from '../simulation/answer-audit.ts'
import type { AnsweredCall } from '../simulation/chapter.ts'
import type { Findings } from '../simulation/findings.ts'
import { commandsOf, type Call } from '../simulation/history.ts'
import { keysOf } from '../simulation/journal-audit.ts'
import { ReferenceLedger } from '../reference/ledger.ts'
import { contentsOf, isAlike, spell } from '../reference/spelling.ts'
import { Bounds, earliest, latest, nameOfCall } from './bounds.ts'
import type { LiveEffect, LiveJournal } from './journal.ts'
import { searchParts } from './part-search.ts'
import { touchedBy, touchesOf } from './touches.ts'

/** The limit of parts that are tried for one answer. There are more only when a call took very long. */
const PARTS_MAX = 1_000

export interface AnswerSums {
  /** The number of answers that had too many parts to try all of them, and no explanation among those tried. */
  readonly unjudgedCount: number
}

interface Open {
  readonly call: AnsweredCall
  readonly explains: (ledger: ReferenceLedger) => boolean
}

export function auditLiveAnswers(
  calls: readonly Call[],
  journal: LiveJournal,
  { limits, findings }: { limits: EngineLimits; findings: Findings },
): AnswerSums {
  const answered = calls.filter((call): call is AnsweredCall => call.answer !== null)
  matchAll(answered, journal, findings)
  const bounds = new Bounds(journal, calls)
  if (!bounds.check(findings)) return { unjudgedCount: 0 }
  const open = answered
    .flatMap((call): Open[] => {
      const explains = explanationOf(call, journal, limits)
      return explains === null ? [] : [{ call, explains }]
    })
    .toSorted((left, right) => left.call.invokedTick - right.call.invokedTick)
  if (!new Placing(journal, bounds, findings).place(open)) return { unjudgedCount: 0 }
  bounds.settle()
  if (!bounds.check(findings)) return { unjudgedCount: 0 }
  const again = new Placing(journal, bounds, findings)
  again.place(open)
  return { unjudgedCount: again.unjudgedCount }
}

/** Matches each answer that reports an effect: the effect exists, the answer is the first one, and at most one answer is new. */
function matchAll(calls: readonly AnsweredCall[], journal: LiveJournal, findings: Findings): void {
  const claimed = new Set<LiveEffect>()
  for (const call of calls) {
    const { result } = call.answer
    if (result.kind !== 'outcome') continue
    const commands = commandsOf(call.ask)
    const isWhole = result.outcomes.length === commands.length
    if (!findings.check(4, isWhole, () => `another number of outcomes: ${spell([call.ask, result])}`)) continue
    for (const [index, outcome] of result.outcomes.entries()) {
      const command = commands[index]!
      if (outcome.status !== 'applied') continue
      const check = (law: number, holds: boolean, what: () => string): boolean =>
        findings.check(
          law,
          holds,
          () => `${what()}: ${nameOfCall(call, command)} ${spell(command)} was answered ${spell(outcome)}`,
        )
      const isFromStart =
        command.kind === 'house' && HOUSES_FROM_START.some(({ account }) => account === command.account)
      if (isFromStart && outcome.replayed) continue
      const effect = effectOf(command, outcome, journal)
      if (!check(6, effect !== undefined, () => 'acknowledged, but not in the journal')) continue
      const { cause, answer } = effect!
      const isSame = 'asset' in cause || contentsOf(cause.command) === contentsOf(command)
      if (!check(4, isSame, () => 'another request had this effect')) continue
      check(4, isAlike(answer, outcome.answer), () => `not the first answer, ${spell(answer)}`)
      if (outcome.replayed) continue
      // Two declarations of one asset within one millisecond are indistinguishable.
      check(4, 'asset' in cause || !claimed.has(effect!), () => 'answered as new, but it was not new')
      claimed.add(effect!)
    }
  }
}

function effectOf(
  command: ReturnType<typeof commandsOf>[number],
  { answer }: Outcome & { status: 'applied' },
  journal: LiveJournal,
): LiveEffect | undefined {
  const keys = keysOf(command)
  if (keys.length === 0)
    return journal.effects.find((effect) => effect.entry === null && isAlike(effect.answer, answer))
  const effects = keys.flatMap((key) => journal.byKey.get(key) ?? [])
  // A settle that may be late either ends the hold or comes after its end.
  const own = effects.find(({ cause }) => 'command' in cause && contentsOf(cause.command) === contentsOf(command))
  return own ?? effects[0]
}

class Placing {
  unjudgedCount = 0
  readonly #journal: LiveJournal
  readonly #bounds: Bounds
  readonly #findings: Findings
  readonly #ledger = new ReferenceLedger()
  /** The units by the time by which they had certainly happened. A unit never precedes one that the rows put before it. */
  readonly #order: readonly number[]
  readonly #most: readonly number[]
  readonly #least: readonly number[]
  readonly #touched: readonly ReadonlySet<string>[]
  /** The position of each unit in `#order`. */
  readonly #rank: readonly number[]
  /** The number of units of `#order` that the ledger has. */
  #done = 0
  readonly #past = new Set<number>()

  constructor(journal: LiveJournal, bounds: Bounds, findings: Findings) {
    this.#journal = journal
    this.#bounds = bounds
    this.#findings = findings
    this.#most = bounds.most.map(({ tick }) => tick)
    this.#least = bounds.least.map(({ tick }) => tick)
    this.#order = [...this.#most.keys()].sort(
      (left, right) => Math.sign(this.#most[left]! - this.#most[right]!) || left - right,
    )
    const rank: number[] = []
    for (const [index, place] of this.#order.entries()) rank[place] = index
    this.#rank = rank
    this.#touched = journal.units.map(({ effects }) => touchedBy(effects))
  }

  /** @param open in the order of the questions. @returns false when one of them has no instant */
  place(open: readonly Open[]): boolean {
    let isWell = true
    for (const one of open) {
      const from = one.call.invokedTick
      for (; this.#done < this.#order.length && this.#most[this.#order[this.#done]!]! < from; this.#done++) {
        const place = this.#order[this.#done]!
        this.#apply(place)
        this.#past.add(place)
      }
      isWell = this.#placeOne(one) && isWell
    }
    return isWell
  }

  #placeOne({ call, explains }: Open): boolean {
    const [from, until] = [call.invokedTick, call.answer.tick]
    const choices = this.#choicesFor(call, until)
    const { always, sometimes, isWhole } = searchParts(
      choices,
      { from, until, partsMax: PARTS_MAX },
      {
        completionOf: (place) => this.#completionOf(place),
        least: this.#least,
        most: this.#most,
        supposing: (places, look) => {
          const change = (): void => {
            for (const place of places) this.#apply(place)
          }
          return this.#ledger.supposing(change, look)
        },
        explains: () => explains(this.#ledger),
      },
    )
    if (always === null) {
      if (!isWhole) {
        this.unjudgedCount++
        return true
      }
      return this.#findings.check(0, false, () => {
        const asked = `${nameOfCall(call, null)}: ${spell(call.ask)}`
        return `no instant explains ${asked} answered ${spell(call.answer.result)}; ${choices.length} units were looked at`
      })
    }
    this.#findings.check(call.ask.kind === 'group' ? 7 : 0, true, () => '')
    if (!isWhole) return true
    const by = nameOfCall(call, null)
    for (const place of choices) {
      const { least, most } = this.#bounds
      if (always.has(place)) most[place] = earliest([most[place]!, { tick: until, by }])
      if (!sometimes.has(place)) least[place] = latest([least[place]!, { tick: from, by }])
    }
    return true
  }

  /** The units that may have happened by the instant of the answer and that the answer may depend on, in order. */
  #choicesFor({ ask, answer: { result } }: AnsweredCall, until: number): readonly number[] {
    const touches = touchesOf(ask, result, this.#journal.reference)
    return this.#order
      .slice(this.#done)
      .filter((place) => this.#least[place]! <= until && isMet(touches, this.#touched[place]!))
  }

  #completionOf(place: number): readonly number[] {
    const wanted = new Set([place])
    for (const each of wanted) {
      for (const before of this.#bounds.befores[each]!) if (!this.#past.has(before)) wanted.add(before)
    }
    return [...wanted].sort((left, right) => this.#rank[left]! - this.#rank[right]!)
  }

  #apply(place: number): void {
    for (const { cause, at } of this.#journal.units[place]!.effects) {
      if ('asset' in cause) this.#ledger.setAsset(cause.asset)
      else {
        const verdict = this.#ledger.decide(cause.command, at)
        if (verdict.kind !== 'applied') throw new Error(`Replayed, ${spell(cause)} is ${verdict.kind}.`)
        verdict.write()
      }
    }
  }
}

function isMet(touches: ReadonlySet<string>, touched: ReadonlySet<string>): boolean {
  for (const name of touches) if (touched.has(name)) return true
  return false
}
