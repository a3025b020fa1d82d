/** What is promised about refusals, faults and waiting in a live run (laws 7 and 8), as far as one can see it from outside of the processes. */
import type { FaultCode } from '../../src/domain/outcome.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { Findings } from '../simulation/findings.ts'
import { commandsOf, isQuestion, type Answered, type Call } from '../simulation/history.ts'
import { circumstancesOf, keysOf } from '../simulation/journal-audit.ts'
import { APPLIED } from '../simulation/promise-audit.ts'
import { EMPTY_STRIPE } from '../reference/books.ts'
import { contentsOf, spell } from '../reference/spelling.ts'
import { nameOfCall } from './bounds.ts'
import type { LiveJournal } from './journal.ts'

/** What no caller may be told here: nothing that is sent is impossible, no setting is wrong, no clock is. */
const NEVER: ReadonlySet<FaultCode> = new Set(['store_refused', 'internal', 'store_misconfigured', 'clock_wrong'])

/** Beyond its patience a call may take as long as its process stands still or waits for the processor. */
const LATE_MS_MAX = 20_000

/** How long after it came due a hold may be open in quiet times: rounds, what is set aside, and a machine that is busy. */
export const SWEPT_MS_MAX = 10_000

export interface LivePromises {
  readonly limits: EngineLimits
  readonly findings: Findings
}

export function auditLivePromises(calls: readonly Call[], journal: LiveJournal, promises: LivePromises): void {
  checkCauses(calls, journal, promises)
  checkGroups(calls, journal, promises)
  for (const call of calls) if (call.answer !== null) checkAnswer(call, call.answer, promises)
}

/** Whoever was told that it has no effect, every time, was told the truth. */
function checkCauses(calls: readonly Call[], journal: LiveJournal, { findings }: LivePromises): void {
  const excused = new Set<string>()
  for (const call of calls) {
    const result = call.answer?.result
    for (const [index, command] of commandsOf(call.ask).entries()) {
      const mayHave =
        result === undefined ||
        result.kind === 'error' ||
        (result.kind === 'fault' && result.applied === 'unknown') ||
        (result.kind === 'outcome' && result.outcomes[index]?.status === 'applied')
      if (mayHave) excused.add(contentsOf(command))
    }
  }
  for (const { cause } of journal.effects) {
    if (!('command' in cause) || (cause.command.kind === 'release' && cause.command.cause === 'expiry')) continue
    const { command } = cause
    findings.check(7, excused.has(contentsOf(command)), () => `${spell(command)} was refused, but it had an effect`)
  }
}

/** The members of a group took effect together or not at all. */
function checkGroups(calls: readonly Call[], journal: LiveJournal, { findings }: LivePromises): void {
  for (const group of new Set(calls.map(({ ask }) => ask).filter(({ kind }) => kind === 'group'))) {
    const ids = commandsOf(group).flatMap((command) => ('requestId' in command ? keysOf(command) : []))
    const there = ids.filter((id) => journal.byKey.has(id))
    const isWhole = there.length === 0 || there.length === ids.length
    findings.check(7, isWhole, () => `a group took effect in parts: ${spell(group)}`)
  }
}

function checkAnswer(call: Call, { tick, result }: Answered, { limits, findings }: LivePromises): void {
  const { ask } = call
  const what = (): string => `${nameOfCall(call, null)} ${spell(ask)} was answered ${spell(result)}`
  findings.check(8, result.kind !== 'error', what)
  if (result.kind === 'fault') {
    findings.check(8, !NEVER.has(result.code), what)
    // What the service answers before a command reaches its engine has codes of its own.
    const meanings = APPLIED[result.code] ?? ['no']
    findings.check(7, meanings.includes(result.applied), () => `not what the fault means: ${what()}`)
  }
  if (isQuestion(ask)) return
  const patienceMs = (call.timeoutMs ?? Math.max(limits.callTimeoutMsDefault, 30_000)) + LATE_MS_MAX
  const tookMs = (tick - call.invokedTick) / 1_000
  findings.check(8, tookMs <= patienceMs, () => `longer than ${patienceMs} ms, ${tookMs} ms: ${what()}`)
}

/** No hold is left that was due before the quiet time, unless a rule keeps it from ending. */
export function auditSweeping(
  { reference }: LiveJournal,
  { limits, findings, endsAt }: LivePromises & { endsAt: number },
): void {
  const { expiryIntervalMs, expiryAsideMs } = limits
  const dueAt = endsAt - 3 * expiryIntervalMs - expiryAsideMs - SWEPT_MS_MAX
  const at = circumstancesOf(EMPTY_STRIPE, endsAt, limits)
  for (const hold of reference.holds.values()) {
    if (hold.state !== 'open' || hold.expiresAt > dueAt) continue
    const { kind } = reference.decide({ kind: 'release', hold: hold.id, cause: 'expiry' }, at)
    findings.check(8, kind === 'refused', () => `nobody swept ${spell(hold)}, due before ${dueAt}`)
  }
}
