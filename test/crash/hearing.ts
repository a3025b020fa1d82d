/** The answers that the callers of a deployment received, in words and in numbers. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { until } from '../support/mysql-ledger.ts'
import { note } from '../../harness/notes.ts'
import { countsOf, type Attempt, type Call } from './callers.ts'
import type { Deployment } from './deployment.ts'

/** The longest time until a command is acknowledged again. */
export const RECOVERY_MS_MAX = 30_000
/** The least number of acknowledged commands between two faults. */
const ACKNOWLEDGED_MIN = 100

/** Asserts that the load was sufficient, and that every fault that a caller received is retryable. */
export function assertHeard(t: TestContext, { calls }: Deployment): ReadonlyMap<string, number> {
  const attempts = attemptsIn(calls)
  const counts = countsOf(attempts)
  t.diagnostic(`Callers heard: ${inWords(counts)}.`)
  note({ what: 'commands', count: attempts.length })
  for (const { outcome } of attempts) {
    if (outcome.status === 'faulted')
      assert.ok(outcome.error.retryable, `${outcome.error.code}: ${outcome.error.message}`)
  }
  assert.ok(counts.get('acknowledged')! > ACKNOWLEDGED_MIN)
  assert.ok(counts.get('refused')! > 0)
  return counts
}

export function attemptsIn(calls: readonly Call[]): readonly Attempt[] {
  return calls.flatMap(({ attempts }) => attempts)
}

/** Lets the callers work for this time, and longer on a slow machine. */
export async function beBusy({ callers }: Deployment, ms: number): Promise<void> {
  const goal = callers.acknowledgedCount + ACKNOWLEDGED_MIN
  await sleep(ms)
  await until(async () => callers.acknowledgedCount >= goal, `${ACKNOWLEDGED_MIN} commands`, RECOVERY_MS_MAX)
}

export function inWords(counts: ReadonlyMap<string, number>): string {
  const words = [...counts.keys()].toSorted((a, b) => a.localeCompare(b))
  const parts = words.map((word) => `${counts.get(word)} ${word}`)
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}
