/** What the callers of a deployment heard, in words and in figures. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { until } from '../support/mysql-ledger.ts'
import { note } from '../../harness/notes.ts'
import { countsOf, type Attempt, type Call } from './callers.ts'
import type { Deployment } from './deployment.ts'

/** Until a command is acknowledged again. */
export const RECOVERY_MS_MAX = 30_000
/** Between two faults. */
const ACKNOWLEDGED_MIN = 100

/** That enough was going on, and nothing was told to a caller that a retry cannot cure. */
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

/** Lets the callers work for some time, and longer on a machine that is slow. */
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
