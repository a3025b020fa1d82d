/** Causes faults under load and measures the time until the service recovers by itself. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { RECOVERY_MS_MAX } from '../crash/hearing.ts'
import type { Deployment } from '../crash/deployment.ts'
import { note } from '../../harness/notes.ts'

interface Entry {
  readonly kind: string
  /** Distinguishes faults of one kind. */
  readonly detail: string
  readonly recoveryMs: number
  readonly boundMs: number
}

export class FaultLog {
  readonly #entries: Entry[] = []

  /**
   * Waits until every process acknowledges a command that is sent from now on.
   *
   * @param since when the fault occurred, or ended if it lasts; as of `performance.now()`
   */
  async recovery(
    deployment: Deployment,
    fault: { readonly kind: string; readonly detail?: string; readonly since: number; readonly boundMs: number },
  ): Promise<void> {
    const { kind, detail = '', since, boundMs } = fault
    await deployment.callers.acknowledgements(RECOVERY_MS_MAX)
    this.#entries.push({ kind, detail, recoveryMs: Math.round(performance.now() - since), boundMs })
  }

  /** Prints every recovery, and asserts that each stayed within its bound. */
  assertBack(t: TestContext, store: string, count: number): void {
    for (const { kind, detail, recoveryMs } of this.#entries) {
      t.diagnostic(`${kind}${detail === '' ? '' : ` ${detail}`}: acknowledging again after ${recoveryMs} ms.`)
      note({ what: 'fault', store, kind, recoveryMs })
    }
    assert.equal(this.#entries.length, count)
    for (const { kind, detail, recoveryMs, boundMs } of this.#entries) {
      assert.ok(recoveryMs <= boundMs, `${kind} ${detail}: ${recoveryMs} ms, at most ${boundMs} ms were promised`)
    }
  }
}
