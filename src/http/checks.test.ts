import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { LedgerError } from '../api/error.ts'
import type { VerificationLine } from '../api/examination.ts'
import type { Auditor, Violation } from '../engine/auditor.ts'
import { Fault } from '../engine/faults.ts'
import { Checks, type Examine } from './checks.ts'
import { HTTP_LIMITS } from './limits.ts'

/** Answers each check when the test says so. */
class SlowAuditor implements Auditor {
  readonly checks = [
    { id: '1a', title: 'first' },
    { id: '1b', title: 'second' },
  ]
  readonly begun: string[] = []
  #settle: ((result: readonly Violation[] | Error) => void) | null = null

  run({ id }: { readonly id: string }): Promise<readonly Violation[]> {
    this.begun.push(id)
    return new Promise((resolve, reject) => {
      this.#settle = (result) => (result instanceof Error ? reject(result) : resolve(result))
    })
  }

  answer(result: readonly Violation[] | Error): void {
    this.#settle!(result)
  }
}

async function nextOf(lines: AsyncIterator<string>): Promise<VerificationLine> {
  return JSON.parse((await lines.next()).value as string) as VerificationLine
}

function iterate(lines: Readable): AsyncIterator<string> {
  return lines[Symbol.asyncIterator]() as AsyncIterator<string>
}

const LIMITS = { ...HTTP_LIMITS, verificationBeatMs: 1 }
const place = (number: number) => ({
  id: `1${'ab'[number - 1]}`,
  title: ['first', 'second'][number - 1],
  number,
  count: 2,
})

describe('a verification', () => {
  test('says what it checks, that it goes on, what it found, and its end', async () => {
    const auditor = new SlowAuditor()
    const lines = iterate(new Checks(auditor, null, LIMITS).verify())
    for (let beat = 0; beat < 3; beat++) assert.deepEqual(await nextOf(lines), { state: 'running', ...place(1) })
    auditor.answer([{ account: 'user:8' }])
    let line = await nextOf(lines)
    while ('state' in line && line.state === 'running') line = await nextOf(lines)
    assert.deepEqual(line, { state: 'done', ...place(1), violations: [{ account: 'user:8' }] })
    assert.deepEqual(await nextOf(lines), { state: 'running', ...place(2) })
    const second = nextOf(lines)
    // Begun before the line that says that it goes on.
    await second
    auditor.answer([])
    do line = await nextOf(lines)
    while ('state' in line && line.state === 'running')
    assert.deepEqual(line, { state: 'done', ...place(2), violations: [] })
    assert.deepEqual(await nextOf(lines), { end: true, checks: 2, broken: 1 })
    assert.equal((await lines.next()).done, true)
  })

  test('runs once at a time, and its place is free when the law that was being checked is checked', async () => {
    const auditor = new SlowAuditor()
    const checks = new Checks(auditor, null, LIMITS)
    const lines = checks.verify()
    const first = iterate(lines)
    await nextOf(first)
    await nextOf(first)
    assert.throws(() => checks.verify(), { code: 'overloaded' })
    lines.destroy()
    assert.throws(() => checks.verify(), { code: 'overloaded' }, 'the database is still at work on it')
    auditor.answer([])
    await untilFree(checks)
    assert.deepEqual(auditor.begun, ['1a'], 'no further check was begun')
  })

  test('that nobody reads leaves its place', async () => {
    const checks = new Checks(new SlowAuditor(), null, LIMITS)
    const lines = checks.verify()
    lines.destroy()
    await once(lines, 'close')
    await untilFree(checks)
  })

  test('ends with the problem when a check fails, and when the service stops', async () => {
    const auditor = new SlowAuditor()
    const checks = new Checks(auditor, null, LIMITS)
    const failing = iterate(checks.verify())
    await nextOf(failing)
    await nextOf(failing)
    auditor.answer(new Fault('store_unavailable', 'no answer', { applied: 'no' }))
    assert.equal(await problemOf(failing), 'store_unavailable')
    const stopped = iterate(checks.verify())
    await nextOf(stopped)
    await nextOf(stopped)
    checks.end()
    auditor.answer([])
    assert.equal(await problemOf(stopped), 'shutting_down')
  })
})

async function problemOf(lines: AsyncIterator<string>): Promise<unknown> {
  let line = await nextOf(lines)
  while (!('error' in line)) line = await nextOf(lines)
  assert.equal((await lines.next()).done, true)
  return line.error['code']
}

/** @throws AssertionError if the place of a verification is never free again: the test hangs then, and its runner says where */
async function untilFree(checks: Checks): Promise<void> {
  for (;;) {
    try {
      checks.verify().destroy()
      return
    } catch (error) {
      assert.ok(error instanceof LedgerError && error.code === 'overloaded')
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

describe('an examination', () => {
  const whenAborted: Examine = (signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))

  test('runs once at a time, and ends with its caller', async () => {
    const checks = new Checks(new SlowAuditor(), whenAborted, HTTP_LIMITS)
    const gone = new AbortController()
    const first = checks.examine(gone.signal)
    await assert.rejects(checks.examine(new AbortController().signal), { code: 'overloaded' })
    gone.abort(new Error('gone'))
    await assert.rejects(first, /gone/)
    const next = checks.examine(new AbortController().signal)
    checks.end()
    await assert.rejects(next, { code: 'shutting_down' })
  })

  test('has a time limit', async () => {
    const checks = new Checks(new SlowAuditor(), whenAborted, { ...HTTP_LIMITS, examinationMsMax: 1 })
    await assert.rejects(checks.examine(new AbortController().signal), { code: 'store_unavailable' })
  })

  test('is no route where the database cannot be examined', async () => {
    const checks = new Checks(new SlowAuditor(), null, HTTP_LIMITS)
    await assert.rejects(checks.examine(new AbortController().signal), { code: 'route_not_found' })
  })
})
