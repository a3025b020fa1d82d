import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DatabaseSession } from './database-session.ts'
import { waitFindings, type LockWait } from './lock-waits.ts'

const LIMITS = { end: (id: string) => `KILL ${id}`, tables: new Set(['balances']) }

function session(id: string | null, changes: Partial<DatabaseSession> = {}): DatabaseSession {
  const known = {
    user: 'ann',
    program: 'report',
    from: '10.0.0.8',
    statement: 'UPDATE balances SET floor = 0',
    isIdle: true,
  }
  return { id, ...known, transactionMs: 90_000, ...changes }
}

function wait(waitedMs: number, changes: Partial<LockWait> = {}): LockWait {
  const waiting = session('7', {
    program: 'holdfast',
    isIdle: false,
    statement: 'SELECT 1 FOR UPDATE',
    transactionMs: 3_000,
  })
  return { waiting, blocking: session('42'), waitedMs, what: 'a row of balances', table: 'balances', ...changes }
}

test('how long the wait has been decides how bad it is', () => {
  const severityOf = (found: LockWait): string => waitFindings([found], LIMITS)[0]!.severity
  assert.deepEqual(
    [999, 1_000, 4_999, 5_000].map((ms) => severityOf(wait(ms))),
    ['fine', 'risk', 'risk', 'broken'],
  )
  const foreign = { waiting: session('8'), table: 'users' }
  assert.equal(severityOf(wait(60_000, foreign)), 'risk')
  assert.equal(waitFindings([], LIMITS)[0]!.severity, 'fine')
})

test('both sides are shown with what they run or ran last, and how to end the one that blocks', () => {
  const [found] = waitFindings([wait(3_000)], LIMITS)
  assert.equal(found!.value, 'connection 7 has waited for 3 s for a row of balances')
  assert.deepEqual(found!.details, [
    'waits: connection 7 (holdfast, user ann from 10.0.0.8) runs, in a transaction of 3 s: SELECT 1 FOR UPDATE',
    'blocks: connection 42 (report, user ann from 10.0.0.8) idle after, in a transaction of 90 s: UPDATE balances SET floor = 0',
  ])
  assert.match(found!.remedy!, /KILL 42$/)
})

test('a queue has one cause: only the one that blocks and does not wait is to be ended, and it comes first', () => {
  const behind = wait(2_000, { waiting: session('8'), blocking: session('7') })
  const findings = waitFindings([behind, wait(3_000)], LIMITS)
  assert.deepEqual(
    findings.map(({ subject }) => subject),
    ['7 waits for 42', '8 waits for 7'],
  )
  assert.equal(findings[1]!.remedy, null)
})

test('nobody is told to end a connection of Holdfast, or one that does not exist', () => {
  const own = waitFindings([wait(3_000, { blocking: session('42', { program: 'holdfast' }) })], LIMITS)
  assert.doesNotMatch(own[0]!.remedy!, /KILL/)
  assert.equal(waitFindings([wait(3_000, { blocking: session(null) })], LIMITS)[0]!.remedy, null)
})
