/**
 * The answers against the journal: each must be what the ledger said at some instant between the question and the answer, and no answer may
 * contradict one that had been given before it was asked (linearizability; laws 4, 6 and 7).
 *
 * An applied command has its position in the journal. A rejection, a repeat or a read has none, so the auditor searches for one: the
 * earliest position that explains it. The position is not before anything that had been answered when the question was asked, and not after
 * what was committed when it was answered. The earliest position suffices, because it leaves the most choice to later questions.
 */
import type { Command } from '../../src/domain/command.ts'
import type { Outcome, Rejection } from '../../src/domain/outcome.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import { askedTick, type AnsweredCall, type Chapter } from './chapter.ts'
import type { Findings } from './findings.ts'
import { commandsOf, type Call, type Sender } from './history.ts'
import { circumstancesOf, isSameLife, keysOf, ratesUsedBy, type Effect, type Journal } from './journal-audit.ts'
import { abortedBy } from '../reference/batch.ts'
import type { RateBook } from '../reference/exchange.ts'
import { EMPTY_STRIPE, type AssetBook, type Book, type HoldEventBook } from '../reference/books.ts'
import { ReferenceLedger } from '../reference/ledger.ts'
import { contentsOf, isAlike, spell } from '../reference/spelling.ts'
import { isBroken } from './workload.ts'

/** An answer that needs a position in the journal. */
interface Open {
  readonly call: AnsweredCall
  /** Whether no later era can explain it. */
  readonly isLast: boolean
  /** The first and the last position that may explain it. A position is the number of effects before it. */
  readonly least: number
  readonly most: number
  readonly explains: (ledger: ReferenceLedger) => boolean
}

/** @param chapters one per era, in order. A call that was open when the database went back may have been decided before or after that. */
export function auditAnswers(
  calls: readonly Call[],
  chapters: readonly Chapter[],
  { limits, findings }: { limits: EngineLimits; findings: Findings },
): void {
  const answered = calls.filter((call): call is AnsweredCall => call.answer !== null)
  const moments: Moment[] = []
  const matchings = new Map(chapters.map((chapter) => [chapter, new Matching(chapter, { findings, moments })]))
  for (const call of answered.toSorted((left, right) => left.answer.tick - right.answer.tick)) {
    const possible = chapters.filter((chapter) => chapter.mayAnswer(call)).map((chapter) => matchings.get(chapter)!)
    const matching = possible.findLast((one) => one.knows(call)) ?? possible.at(-1)!
    matching.match(call)
  }
  let waiting: readonly AnsweredCall[] = answered
  for (const chapter of chapters) {
    const acknowledged = acknowledgements(matchings.get(chapter)!.acknowledgedAt)
    const { journal, keptCount } = chapter
    const open = waiting.flatMap((call): Open[] => {
      if (!chapter.mayAnswer(call)) return []
      const explains = explanationOf(call, journal, limits)
      if (explains === null) return []
      const least = Math.max(keptCount, acknowledged(askedTick(call)))
      const most = countBefore(journal.effects, call.answer.tick)
      return [{ call, isLast: chapter.isLastOf(call), least, most, explains }]
    })
    const placed = place(open, journal, { limits, findings })
    waiting = waiting.filter((call) => !placed.has(call) && !chapter.isLastOf(call))
  }
}

/** The decision time in an answer of a process. */
type Moment = Sender & { readonly tick: number; readonly now: number }

/** Matches each answer that reports an effect with that effect. */
class Matching {
  /** The tick of the first answer that reported each effect. */
  readonly acknowledgedAt = new Map<Effect, number>()
  readonly #journal: Journal
  readonly #fromTick: number
  readonly #findings: Findings
  /** Effects that were reported as new. */
  readonly #claimed = new Set<Effect>()
  /** From all eras. */
  readonly #moments: Moment[]
  /** Rates that were reported to any caller. */
  readonly #rates: { readonly tick: number; readonly pair: string; readonly version: number }[] = []

  constructor({ journal, era }: Chapter, { findings, moments }: { findings: Findings; moments: Moment[] }) {
    this.#journal = journal
    this.#fromTick = era.fromTick
    this.#findings = findings
    this.#moments = moments
  }

  /** Whether the journal has everything that the answer reports as applied. */
  knows(call: AnsweredCall): boolean {
    const { result } = call.answer
    if (result.kind !== 'outcome') return true
    return commandsOf(call.ask).every((command, index) => {
      const keys = keysOf(command)
      const outcome = result.outcomes[index]
      if (outcome?.status !== 'applied') return true
      if (keys.length === 0) return outcome.replayed || this.#ownEffect(command, outcome, call) !== undefined
      return keys.some((key) => {
        const effect = this.#journal.byKey.get(key)
        return effect !== undefined && isAlike(effect.answer, outcome.answer)
      })
    })
  }

  match(call: AnsweredCall): void {
    const { result } = call.answer
    if (result.kind !== 'outcome') return
    const commands = commandsOf(call.ask)
    const isWhole = result.outcomes.length === commands.length
    if (!this.#findings.check(4, isWhole, () => `another number of outcomes: ${spell([call.ask, result])}`)) return
    for (const [index, outcome] of result.outcomes.entries()) {
      if (outcome.status === 'applied') this.#matchOne(commands[index]!, outcome, call)
      if (outcome.status !== 'applied' || commands[index]!.kind !== 'rate') continue
      // The rate of a repeat that was open when the database went back may be gone.
      if (call.invokedTick < this.#fromTick) continue
      const { from, to, version } = outcome.answer as RateBook
      this.#rates.push({ tick: call.answer.tick, pair: `${from} ${to}`, version })
    }
  }

  #matchOne(command: Command, outcome: Outcome & { status: 'applied' }, call: AnsweredCall): void {
    const check = (law: number, holds: boolean, what: () => string): boolean =>
      this.#findings.check(law, holds, () => `${what()}: ${spell(command)} was answered ${spell(outcome)}`)
    const keys = keysOf(command)
    if (keys.length === 0) {
      if (outcome.replayed) return
      const own = this.#ownEffect(command, outcome, call)
      if (check(6, own !== undefined, () => 'acknowledged, but not in the journal')) this.#acknowledge(own!, call)
      return
    }
    const effects = keys.flatMap((key) => this.#journal.byKey.get(key) ?? [])
    // A settle that may be late either ends the hold or comes after its end.
    const effect =
      effects.find(({ cause }) => 'command' in cause && contentsOf(cause.command) === contentsOf(command)) ?? effects[0]
    if (!check(6, effect !== undefined && 'command' in effect.cause, () => 'acknowledged, but not in the journal'))
      return
    const { cause, answer, tick } = effect!
    const isSame = 'command' in cause && contentsOf(cause.command) === contentsOf(command)
    if (!check(4, isSame, () => 'another request had this effect')) return
    check(6, tick < call.answer.tick, () => 'answered before it was durable')
    check(4, isAlike(answer, outcome.answer), () => `not the first answer, ${spell(answer)}`)
    if (!outcome.replayed) {
      check(4, isOwn(effect!, call) && !this.#claimed.has(effect!), () => 'answered as new, but it was not new')
      this.#claimed.add(effect!)
      const { now } = cause as { now: number }
      // Time never runs backwards for a process, even if its clock does.
      const least = Math.max(call.answer.clockLeast, this.#lastMomentBefore(call))
      const isTimely = now >= least && now <= call.answer.clockMost
      check(3, isTimely, () => `its time is not between ${least} and ${call.answer.clockMost}`)
      this.#moments.push({ tick: call.answer.tick, engine: call.engine, life: call.life, now })
      for (const [pair, version] of ratesUsedBy(answer)) {
        const least = this.#versionBefore(pair, call)
        check(0, version >= least, () => `at a rate of ${pair} that ${least} had replaced before it was asked`)
      }
    }
    this.#acknowledge(effect!, call)
  }

  /** The effect of a command without a key, written while the call was open. */
  #ownEffect(command: Command, outcome: Outcome & { status: 'applied' }, call: AnsweredCall): Effect | undefined {
    return this.#journal.effects.find(
      (effect) =>
        isOwn(effect, call) &&
        (command.kind === 'declare' ? isDeclared(effect, outcome) : isAlike(effect.answer, outcome.answer)),
    )
  }

  /** The highest version of a pair's rate that had been reported to any caller when the call was made. */
  #versionBefore(pair: string, call: AnsweredCall): number {
    const told = this.#rates.filter((rate) => rate.pair === pair && rate.tick < call.invokedTick)
    return Math.max(0, ...told.map(({ version }) => version))
  }

  /** The latest decision time that the same process had reported when the call was made. */
  #lastMomentBefore(call: AnsweredCall): number {
    const told = this.#moments.filter((moment) => isSameLife(moment, call) && moment.tick < call.invokedTick)
    return Math.max(0, ...told.map(({ now }) => now))
  }

  #acknowledge(effect: Effect, { answer }: AnsweredCall): void {
    const known = this.acknowledgedAt.get(effect) ?? Infinity
    this.acknowledgedAt.set(effect, Math.min(known, answer.tick))
  }
}

/** Whether the call's own process wrote the effect while the call was open. */
function isOwn({ sender, tick }: Effect, call: AnsweredCall): boolean {
  return isSameLife(sender, call) && tick > call.invokedTick && tick < call.answer.tick
}

/** The name is not compared: the same batch may have changed it again. */
function isDeclared({ cause }: Effect, { answer }: Outcome & { status: 'applied' }): boolean {
  return 'asset' in cause && isAlike({ ...cause.asset, name: '' }, { ...(answer as AssetBook), name: '' })
}

/** Maps a tick to the least position that follows everything acknowledged by then. */
function acknowledgements(at: ReadonlyMap<Effect, number>): (tick: number) => number {
  const steps = [...at].map(([{ position }, tick]) => ({ tick, position: position + 1 }))
  steps.sort((left, right) => left.tick - right.tick)
  let most = 0
  const rising = steps.map(({ tick, position }) => ({ tick, position: (most = Math.max(most, position)) }))
  return (tick) => rising.findLast((step) => step.tick < tick)?.position ?? 0
}

function countBefore(effects: readonly Effect[], tick: number): number {
  const index = effects.findIndex((effect) => effect.tick > tick)
  return index === -1 ? effects.length : index
}

/** Whether the ledger at one position would give the same answer; null if there is nothing to explain. */
export function explanationOf(call: AnsweredCall, journal: Journal, limits: EngineLimits): Open['explains'] | null {
  const { ask, answer } = call
  const { result } = answer
  if (result.kind === 'rows') {
    if (ask.kind === 'read_account') return (ledger) => isAlike(accountOf(ledger, ask.account), result.rows)
    if (ask.kind === 'read_hold') return (ledger) => isAlike(ledger.holds.get(ask.hold) ?? null, result.rows)
    if (ask.kind === 'read_history') return (ledger) => isAlike(historyOf(ledger, ask.hold), result.rows)
    if (ask.kind !== 'read_rate') return null
    return (ledger) => isAlike(ledger.ratesOf(ask.from, ask.to).at(-1) ?? null, result.rows)
  }
  if (result.kind !== 'outcome') return null
  const moments = momentsOf(call, limits).map((now) => circumstancesOf(EMPTY_STRIPE, now, limits))
  if (ask.kind === 'group') {
    if (!result.outcomes.some(({ status }) => status === 'rejected')) return null
    return (ledger) =>
      moments.some((moment) => {
        const first = ledger.decideGroup(ask, moment)
        const decided = result.outcomes.map((each) =>
          each.status === 'rejected' ? { ...each, rejection: asDecided(each.rejection) } : each,
        )
        return first !== null && isAlike(abortedBy(first, ask.commands.length), decided)
      })
  }
  const [command] = commandsOf(ask)
  const [outcome] = result.outcomes
  if (command === undefined || outcome === undefined) return null
  if (outcome.status === 'rejected') {
    if (keysOf(command).some(isBroken)) return () => false
    return (ledger) =>
      moments.some((moment) => {
        const verdict = ledger.decide(command, moment)
        return verdict.kind === 'refused' && isAlike(verdict.rejection, asDecided(outcome.rejection))
      })
  }
  const { current } = outcome
  if (command.kind === 'freeze' && current !== undefined) {
    return (ledger) => isAlike(ledger.holds.get(command.requestId), current)
  }
  if (keysOf(command).length > 0 || !outcome.replayed) return null
  // Several declarations in one batch leave one row, so the states between them are not visible. No later era needs to explain the answer.
  const isBlurred = journal.effects.some(
    ({ cause, sender, tick }) =>
      'asset' in cause &&
      command.kind === 'declare' &&
      cause.asset.code === command.asset &&
      isSameLife(sender, call) &&
      tick > call.invokedTick &&
      tick < answer.tick,
  )
  if (isBlurred) return () => true
  return (ledger) =>
    moments.some((moment) => {
      const verdict = ledger.decide(command, moment)
      return verdict.kind === 'repeated' && isAlike(verdict.answer, outcome.answer)
    })
}

/** After a lost commit, a refused repeat says that it may be its own. */
function asDecided(rejection: Rejection): Rejection {
  return rejection.code === 'request_replayed' ? { ...rejection, applied: 'no' } : rejection
}

/** The possible decision times. A group that opens a hold and is rejected because of it reveals the exact time. */
function momentsOf({ ask, answer: { result, clockLeast, clockMost } }: AnsweredCall, limits: EngineLimits): number[] {
  const outcomes = result.kind === 'outcome' ? result.outcomes : []
  const told = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' && outcome.rejection.code === 'hold_not_due' ? [outcome.rejection.expiresAt] : [],
  )
  const lives = commandsOf(ask).flatMap((command) =>
    command.kind === 'freeze' || command.kind === 'amend' ? [command.expiresInMs ?? limits.holdTtlMsDefault] : [],
  )
  const exact = told.flatMap((expiresAt) => lives.map((ms) => expiresAt - ms))
  return [clockLeast, clockMost, ...exact.filter((now) => now > clockLeast && now < clockMost)]
}

function historyOf({ histories }: ReferenceLedger, hold: string): readonly HoldEventBook[] | null {
  return histories.get(hold)?.map((event, number) => ({ number, ...event })) ?? null
}

/** An account as its owner sees it: one balance per asset, with the stripes of a house account added up. */
function accountOf({ books, houses, metadata, standings }: ReferenceLedger, account: string): unknown {
  const own = [...books.values()].filter((book) => book.account === account)
  const attached = metadata.get(account)
  const stands = standings.get(account)
  const isKnown = attached !== undefined || stands !== undefined || (houses.get(account) ?? 0) > 0
  if (own.length === 0 && !isKnown) return null
  const byAsset = [...Map.groupBy(own, ({ asset }) => asset)].sort(([left], [right]) => (left < right ? -1 : 1))
  const sum = (rows: readonly Book[], field: 'available' | 'held'): bigint =>
    rows.reduce((total, row) => total + row[field], 0n)
  const balances = byAsset.map(([asset, rows]) => {
    const [available, held] = [sum(rows, 'available'), sum(rows, 'held')]
    const version = rows.reduce((total, row) => total + row.version, 0)
    return { account, asset, available, held, total: available + held, floor: rows[0]!.floor, version }
  })
  const { standing, successor } = stands ?? { standing: 'active', successor: null }
  return { account, metadata: attached ?? null, standing, successor, balances, next: null }
}

/** Replays the journal and finds a position for every open answer. @returns the calls that have one */
function place(
  open: readonly Open[],
  journal: Journal,
  { limits, findings }: { limits: EngineLimits; findings: Findings },
): ReadonlySet<AnsweredCall> {
  const ledger = new ReferenceLedger()
  const placed = new Set<AnsweredCall>()
  let waiting = [...open]
  for (let position = 0; position <= journal.effects.length; position++) {
    const here = { position, early: earlyRates(journal.effects, position), placed }
    waiting = placeAt(here, waiting, ledger, findings)
    const effect = journal.effects[position]
    if (effect === undefined) break
    const { cause } = effect
    if ('asset' in cause) ledger.setAsset(cause.asset satisfies AssetBook)
    else {
      const verdict = ledger.decide(cause.command, circumstancesOf(cause.stripeOf, cause.now, limits))
      if (verdict.kind === 'applied') verdict.write()
    }
  }
  return placed
}

/**
 * Rates that may have been declared already at this position. The same transaction declares them later in the journal, which does not
 * record when, and no effect in between used a rate of the same pair.
 */
function earlyRates(effects: readonly Effect[], position: number): readonly RateBook[] {
  const rates: RateBook[] = []
  const used = new Set<string>()
  for (let next = position; effects[next]?.tick === effects[position]?.tick && next < effects.length; next++) {
    const { cause, answer } = effects[next]!
    if ('command' in cause && cause.command.kind === 'rate') {
      const { from, to } = cause.command
      if (used.has(`${from} ${to}`)) break
      rates.push(answer as RateBook)
    } else for (const pair of ratesUsedBy(answer).keys()) used.add(pair)
  }
  return rates
}

interface Place {
  readonly position: number
  readonly early: readonly RateBook[]
  /** The calls that have a position. */
  readonly placed: Set<AnsweredCall>
}

/** @returns the answers that still have no position after this one */
function placeAt(
  { position, early, placed: allPlaced }: Place,
  waiting: readonly Open[],
  ledger: ReferenceLedger,
  findings: Findings,
): Open[] {
  const explainsIt = ({ explains }: Open): boolean =>
    [...early.keys(), early.length].some((count) => ledger.assuming(early.slice(0, count), () => explains(ledger)))
  const later = waiting.filter(({ least }) => least > position)
  let due = waiting.filter(({ least }) => least <= position)
  for (;;) {
    // A call that was made after an answer comes after that answer.
    const firstAnswer = Math.min(...due.map(({ call }) => call.answer.tick))
    const placed = due.filter((one) => askedTick(one.call) <= firstAnswer && explainsIt(one))
    if (placed.length === 0) break
    for (const { call } of placed) {
      allPlaced.add(call)
      findings.check(call.ask.kind === 'group' ? 7 : 0, true, () => '')
    }
    due = due.filter((one) => !placed.includes(one))
  }
  const lost = due.filter(({ most, isLast }) => isLast && most <= position)
  for (const { call, least, most } of lost) {
    findings.check(0, false, () => {
      const asked = `engine ${call.engine}.${call.life} at ${call.invokedAt.toFixed(3)}: ${spell(call.ask)}`
      return `no moment from ${least} to ${most} explains ${asked} answered ${spell(call.answer.result)}`
    })
  }
  return [...later, ...due.filter(({ most }) => most > position)]
}
