import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { ExpiryStatus } from '../engine/sweeper.ts'
import { expiryWarnings, Warnings } from './warnings.ts'

const LIMITS = { warningsAgeMsMax: 50, warningsWaitMsMax: 100 }

/** A database with changing settings, and the lines of its log. */
function watched(inspect: () => Promise<readonly string[]>, limits = LIMITS) {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) })
  let looks = 0
  const store = {
    kind: 'mysql',
    warnings: ['A'],
    inspect: () => {
      looks++
      return inspect()
    },
  }
  const clock = new ManualClock()
  const untilOld = (): Promise<void> => clock.advance(LIMITS.warningsAgeMsMax)
  return { warnings: new Warnings(store, limits, log, clock), lines, looks: () => looks, clock, untilOld }
}

test('the database is looked at again only when the last look is too old, and once for all who ask', async () => {
  const { warnings, looks, untilOld } = watched(() => Promise.resolve(['B']))
  assert.deepEqual(await warnings.current(), ['A'])
  assert.equal(looks(), 0)
  await untilOld()
  assert.deepEqual(await Promise.all([warnings.current(), warnings.current()]), [['B'], ['B']])
  assert.deepEqual(await warnings.current(), ['B'])
  assert.equal(looks(), 1)
  await untilOld()
  await warnings.current()
  assert.equal(looks(), 2)
})

test('what is new is logged, once', async () => {
  let now = ['A', 'B']
  const { warnings, lines } = watched(() => Promise.resolve(now), { ...LIMITS, warningsAgeMsMax: 0 })
  await warnings.current()
  await warnings.current()
  now = []
  assert.deepEqual(await warnings.current(), [])
  assert.deepEqual(lines, ['B'])
})

test('a database that does not answer in time leaves what is known, and its answer counts later', async () => {
  let answer: (warnings: readonly string[]) => void = () => {}
  const { warnings, looks, clock, untilOld } = watched(() => new Promise((resolve) => (answer = resolve)))
  await untilOld()
  const known = warnings.current()
  await clock.advance(LIMITS.warningsWaitMsMax)
  assert.deepEqual(await known, ['A'])
  assert.equal(looks(), 1)
  answer(['B'])
  assert.deepEqual(await warnings.current(), ['B'])
  assert.equal(looks(), 1)
})

test('a database that fails leaves what is known, and is asked again later', async () => {
  const answers = [() => Promise.reject(new Error('gone')), () => Promise.resolve([])]
  const { warnings, lines, looks, untilOld } = watched(() => answers.shift()!())
  await untilOld()
  assert.deepEqual(await warnings.current(), ['A'])
  assert.deepEqual(await warnings.current(), ['A'])
  assert.equal(looks(), 1)
  assert.deepEqual(lines, ['the settings of the database could not be read'])
  await untilOld()
  assert.deepEqual(await warnings.current(), [])
})

test('a sweeper that is behind is warned of, and says how far or since when', () => {
  const status = { rounds: 9, swept: 3, faults: 0, aside: 0, lagMs: 0, backlog: 0, lookAgeMs: 500, isBehind: false }
  const warningsOf = (differing: Partial<ExpiryStatus>): readonly string[] =>
    expiryWarnings({ ...status, ...differing })
  assert.deepEqual(warningsOf({}), [])
  assert.deepEqual(warningsOf({ lagMs: 90_100 }), [], 'whether that is too much is not decided here')
  assert.deepEqual(warningsOf({ lagMs: 90_100, isBehind: true }), [
    'Due holds are not ended in time: the oldest one became due 90 s ago.',
  ])
  assert.deepEqual(warningsOf({ lookAgeMs: 75_000, isBehind: true }), [
    'The sweeper has not looked for due holds in the last 75 s.',
  ])
  assert.deepEqual(expiryWarnings(null), [])
})
