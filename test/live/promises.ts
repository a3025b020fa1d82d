/** The promises about refusals, faults and waiting in a live run (laws 7 and 8), as far as they are visible outside the processes. */
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

/** Codes that no caller may receive here: every command can be stored, every setting is correct, and so is every clock. */
const NEVER: ReadonlySet<FaultCode> = new Set(['store_refused', 'internal', 'store_misconfigured', 'clock_wrong'])

/** The longest delay beyond its patience: the process of a call may be suspended or wait for the processor. */
const LATE_MS_MAX = 20_000

/** How long a due hold may stay open in quiet times: sweeping rounds, holds that were set aside, and a busy machine. */
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

/** A command had no effect if every answer said so. */
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
    // Codes that the service returns before a command reaches its engine are not in the table; their commands had no effect.
    const meanings = APPLIED[result.code] ?? ['no']
    findings.check(7, meanings.includes(result.applied), () => `not what the fault means: ${what()}`)
  }
  if (isQuestion(ask)) return
  const patienceMs = (call.timeoutMs ?? Math.max(limits.callTimeoutMsDefault, 30_000)) + LATE_MS_MAX
  const tookMs = (tick - call.invokedTick) / 1_000
  findings.check(8, tookMs <= patienceMs, () => `longer than ${patienceMs} ms, ${tookMs} ms: ${what()}`)
}

/** No hold is open that was due before the quiet time, unless a rule prevents its end. */
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
    findings.check(8, kind === 'refused', () => `a due hold was not swept: ${spell(hold)}, due before ${dueAt}`)
  }
}
