/**
 * The promises about refusals, faults and waiting (laws 7 and 8): a command that was refused, or that failed with `applied: 'no'`, had no
 * effect; every fault has a cause; no call takes longer than its patience.
 */
import type { Command } from '../../src/domain/command.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import { UNSHARED } from '../../src/engine/shares.ts'
import type { Chapter } from './chapter.ts'
import type { Findings } from './findings.ts'
import { commandsOf, isQuestion, type Answered, type Ask, type Call, type Troubles } from './history.ts'
import { isSameLife, keysOf, type Effect, type Journal } from './journal-audit.ts'
import { contentsOf, spell } from '../reference/spelling.ts'
import { isBroken, isPoison } from './workload.ts'

/** The longest delay until an engine notices that a call's patience has run out: it checks every 50 ms. */
const NOTICE_MS = 101

export interface Promises {
  readonly limits: EngineLimits
  readonly troublesOf: (call: Call) => Troubles
  readonly findings: Findings
}

/** @param chapters one per era of the database, in order */
export function auditPromises(calls: readonly Call[], chapters: readonly Chapter[], promises: Promises): void {
  const endsTicks = chapters.map(({ era }) => era.untilTick)
  for (const { journal } of chapters) {
    for (const effect of journal.effects) checkCause(effect, { calls, endsTicks }, promises)
    checkGroups(calls, journal, promises)
  }
  for (const call of calls) {
    checkQueue(call, promises)
    if (call.answer === null) checkUnanswered(call, promises)
    else checkAnswer(call, call.answer, promises)
  }
}

/**
 * The process that wrote an effect had been asked for it, and did not answer that it had no effect. An answer after a return of the
 * database to an earlier state is exempt.
 *
 * @param endsTicks the ticks of these returns
 */
function checkCause(
  { cause, sender, tick }: Effect,
  { calls, endsTicks }: { readonly calls: readonly Call[]; readonly endsTicks: readonly number[] },
  { findings }: Promises,
): void {
  if (!('command' in cause)) return
  const contents = contentsOf(cause.command)
  const mayBe = calls.some((call) => {
    if (!isSameLife(call, sender) || call.invokedTick > tick) return false
    const index = commandsOf(call.ask).findIndex((command: Command) => contentsOf(command) === contents)
    if (index === -1) return false
    if (call.answer === null) return true
    const { result, tick: answeredTick } = call.answer
    if (endsTicks.some((endTick) => endTick > tick && endTick < answeredTick)) return true
    if (result.kind === 'fault') return result.applied === 'unknown'
    const outcome = result.kind === 'outcome' ? result.outcomes[index] : undefined
    if (outcome?.status !== 'rejected') return outcome?.status === 'applied'
    return outcome.rejection.code === 'request_replayed' && outcome.rejection.applied === 'unknown'
  })
  findings.check(7, mayBe, () => `engine ${sender.engine}.${sender.life} refused ${contents}, but it had an effect`)
}

/** The members of a group are committed together. */
function checkGroups(calls: readonly Call[], journal: Journal, { findings }: Promises): void {
  for (const group of new Set(calls.map(({ ask }) => ask).filter(({ kind }) => kind === 'group'))) {
    const ids = commandsOf(group).flatMap((command) => ('requestId' in command ? keysOf(command) : []))
    const ticks = new Set(ids.map((id) => journal.byKey.get(id)?.tick ?? null))
    findings.check(7, ticks.size <= 1, () => `a group took effect in parts: ${spell(group)}`)
    if (ids.length > 0) checkRates(group, { journal, ticks, findings })
  }
}

/**
 * No other command declares a group's rates. They took effect with the other members or not at all. A repeat may declare them again later.
 */
function checkRates(
  group: Ask,
  { journal, ticks, findings }: { journal: Journal; ticks: ReadonlySet<number | null>; findings: Findings },
): void {
  for (const rate of commandsOf(group).filter(({ kind }) => kind === 'rate')) {
    const own = journal.effects.filter(
      ({ cause }) => 'command' in cause && contentsOf(cause.command) === contentsOf(rate),
    )
    const isWith = ticks.has(null) ? own.length === 0 : own.some(({ tick }) => ticks.has(tick))
    findings.check(7, isWith, () => `the rate of a group was declared separately, or not at all: ${spell(group)}`)
  }
}

function checkQueue({ ask, queuedBefore, answer, engine, life }: Call, { limits, findings }: Promises): void {
  if (isQuestion(ask)) return
  const { queueCommandsMax, parkedCommandsMax } = limits
  // Commands that were parked return to the queue whether or not it is full.
  findings.check(
    8,
    queuedBefore <= queueCommandsMax + parkedCommandsMax,
    () => `engine ${engine}.${life} had ${queuedBefore} waiting`,
  )
  const isFull = queuedBefore + commandsOf(ask).length > queueCommandsMax
  if (!isFull || answer === null) return
  const { result } = answer
  const isRefused =
    result.kind === 'fault' &&
    ['overloaded', 'rate_limited', 'shutting_down', 'deadline_exceeded'].includes(result.code)
  findings.check(8, isRefused, () => `a full queue took ${spell(ask)}`)
}

/** A call stays unanswered only when its process ends. */
function checkUnanswered(call: Call, { troublesOf, findings }: Promises): void {
  const { killed } = troublesOf(call)
  findings.check(8, killed || isQuestion(call.ask), () => `${spell(call.ask)} was never answered`)
}

function checkAnswer(call: Call, { at, result }: Answered, promises: Promises): void {
  const { findings, limits } = promises
  const { ask, invokedAt } = call
  const what = (): string =>
    `${spell(ask)} at ${invokedAt.toFixed(3)} was answered ${spell(result)} at ${at.toFixed(3)}`
  if (result.kind === 'error') {
    findings.check(8, false, what)
    return
  }
  if (result.kind === 'fault') {
    findings.check(7, hasCause(call, result.code, promises), () => `a fault without a cause: ${what()}`)
    findings.check(7, APPLIED[result.code].includes(result.applied), () => `not what the fault means: ${what()}`)
    findings.check(8, !call.isProbe || result.code === 'rate_limited', () => `a fault in the quiet end: ${what()}`)
  }
  if (result.kind === 'outcome') {
    const isImpossible = commandsOf(ask).some(
      (command, index) =>
        keysOf(command).some((key) => isPoison(key) || isBroken(key)) && result.outcomes[index]?.status === 'applied',
    )
    findings.check(7, !isImpossible, what)
  }
  if (isQuestion(ask)) return
  const patienceMs = (call.timeoutMs ?? limits.callTimeoutMsDefault) + NOTICE_MS
  findings.check(8, at - invokedAt <= patienceMs, () => `longer than ${patienceMs} ms: ${what()}`)
}

type FaultCode = Extract<Answered['result'], { kind: 'fault' }>['code']

export const APPLIED: Readonly<Record<FaultCode, readonly string[]>> = {
  overloaded: ['no'],
  rate_limited: ['no'],
  deadline_exceeded: ['no', 'unknown'],
  contention: ['no'],
  store_unavailable: ['no'],
  store_misconfigured: ['no'],
  clock_wrong: ['no'],
  commit_in_doubt: ['unknown'],
  store_refused: ['no'],
  shutting_down: ['no'],
  internal: ['no'],
}

/** A read with the mishap `slow` takes no longer. */
const SLOW_MS_MAX = 3_100

function hasCause(call: Call, code: FaultCode, { limits, troublesOf }: Promises): boolean {
  const { attemptTicks, lockedAt, unavailable, doubts, refusals, unforeseen, misconfigured, stoppedTick } =
    troublesOf(call)
  const commands = commandsOf(call.ask)
  const { at, tick } = call.answer!
  const isStopped = stoppedTick !== null && stoppedTick < tick
  switch (code) {
    case 'overloaded':
      // Shares begin there.
      return call.queuedBefore + commands.length > limits.queueCommandsMax * UNSHARED
    case 'rate_limited':
      return limits.accountCommandsPerSecondMax > 0 || limits.accountHoldsMax > 0
    case 'deadline_exceeded': {
      const patienceMs = (call.timeoutMs ?? limits.callTimeoutMsDefault) - 1
      return call.abortedAt !== null || at - call.invokedAt >= patienceMs
    }
    case 'contention': {
      // A refusal before the locks counts as an attempt. A single attempt suffices when two more of its length would exceed the patience.
      const attempts = attemptTicks.filter((attempt) => attempt > call.invokedTick && attempt < tick).length
      const patienceMs = call.timeoutMs ?? limits.callTimeoutMsDefault
      // Or it was parked: a look found a lock, which counts until the next look.
      const isLocked = lockedAt.some(
        (found) => found <= at && found >= call.invokedAt - limits.lockedLookMs - SLOW_MS_MAX,
      )
      return isLocked || attempts >= limits.attemptsMax || (attempts > 0 && (at - call.invokedAt) * 3 >= patienceMs)
    }
    case 'store_unavailable':
      return unavailable > 0 || doubts + unforeseen + misconfigured >= limits.breakerFailures
    case 'store_misconfigured':
      return misconfigured > 0
    case 'clock_wrong': {
      // A clock that is set during a check is checked again, and the number of such checks is limited.
      const { clockOffMost = 0, clockJumps = 0 } = call.answer!
      return clockOffMost > limits.clockDifferenceMsMax / 2 || clockJumps > 1
    }
    case 'commit_in_doubt':
      return doubts + unforeseen > 0 || isStopped
    case 'store_refused':
      return refusals > 0 && commands.some((command) => keysOf(command).some(isPoison))
    case 'shutting_down':
      return isStopped
    case 'internal':
      return unforeseen > 0 || commands.some((command) => keysOf(command).some(isBroken))
  }
}
