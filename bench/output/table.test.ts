import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bar, gauge } from './bars.ts'
import { exampleResult } from './example-result.ts'
import { LiveLine } from './live-line.ts'
import { msText, rateText, ratioText } from './numbers.ts'
import { resultTable } from './table.ts'
import { timeline } from './timeline.ts'

test('bars are as long as their numbers, to an eighth of a character', () => {
  assert.equal(bar(100, 100, 10), '██████████')
  assert.equal(bar(50, 100, 10), '█████')
  assert.equal(bar(1.25, 100, 10), '▏')
  assert.equal(bar(56.25, 100, 10), '█████▋')
})

test('what is little is seen, and what is nothing is not', () => {
  assert.equal(bar(0.001, 100, 10), '▏')
  assert.equal(bar(0, 100, 10), '')
  assert.equal(bar(0, 0, 10), '')
})

test('a gauge is always as wide', () => {
  assert.deepEqual([gauge(0, 4), gauge(0.5, 4), gauge(2, 4)], ['░░░░', '██░░', '████'])
})

test('numbers have the digits that matter', () => {
  assert.deepEqual([71.04, 1_234.6, 70_575].map(rateText), ['71.0', '1,235', '70,575'])
  assert.deepEqual([0.416, 4.2, 42.04, 420.4, 4_200].map(msText), ['0.42', '4.20', '42.0', '420', '4,200'])
  assert.deepEqual([0.031, 0.82, 1, 1.26, 31.2].map(ratioText), ['0.03', '0.82', '1.0', '1.3', '31'])
})

test('the table has a line per strategy, with a bar, ratios and the state of the books', () => {
  const lines = resultTable([
    exampleResult({ strategy: 'update-first', commandsPerSecond: 1_000, ratioToRaw: 0.1 }),
    exampleResult({ strategy: 'raw', commandsPerSecond: 10_000, ratioToRaw: 1 }),
  ]).split('\n')
  assert.equal(lines.length, 3)
  assert.match(lines[0]!, /^strategy +commands\/s .* books$/)
  assert.match(lines[1]!, /^update-first +1,000 +██ .* 0\.10 +exact$/)
  assert.match(lines[2]!, /^raw +10,000 +████████████████████ .* 1\.0 +exact$/)
})

test('a column in which nothing would stand is left out', () => {
  const [head] = resultTable([exampleResult({ deadlocks: 0, casSuccessRate: null })]).split('\n')
  assert.doesNotMatch(head!, /deadlocks|CAS/)
  const [other] = resultTable([exampleResult({ deadlocks: 3, casSuccessRate: 0.5 })]).split('\n')
  assert.match(other!, /CAS ok +deadlocks/)
})

test('books that are wrong say what is wrong with them, and errors what they were', () => {
  const table = resultTable([
    exampleResult({
      strategy: 'cas',
      consistent: false,
      findings: ['the balance of user 8 does not match its logs'],
      errors: { cas_exhausted: 1_200 },
      errorMessages: { cas_exhausted: 'The version moved 50 times.' },
    }),
  ])
  assert.match(table, /^cas .* 1,200 .*WRONG$/m)
  assert.match(table, /^cas: 1,200 × cas_exhausted \(The version moved 50 times\.\)$/m)
  assert.match(table, /^cas: the balance of user 8 does not match its logs$/m)
})

function written(isTTY: boolean, show: (line: LiveLine) => void): string {
  let text = ''
  const stream = { isTTY, write: (part: string) => (text += part) !== '' }
  show(new LiveLine({ title: '2/3 cas', seconds: 4, stream }))
  return text
}

test('the live line shows the progress of a run, its rate, and its failures', () => {
  const sample = { at: 1, commandsPerSecond: 500, p50Ms: 1, p99Ms: 12, residentMb: 90 }
  const text = written(true, (line) => {
    line.show('playing', [
      { at: 2, commands: 600, errors: 0, sample },
      { at: 2, commands: 400, errors: 7, sample: null },
    ])
  })
  assert.match(text, /2\/3 cas {2}█{10}░{10} 2\.0\/4 s {2}500 commands\/s {2}p99 12\.0 ms {2}7 errors$/)
})

test('the live line says what it waits for, and is erased at the end', () => {
  assert.match(
    written(true, (line) => line.show('auditing', [])),
    /2\/3 cas {2}auditing …$/,
  )
  const progress = { at: 0, commands: 0, errors: 0, sample: null }
  assert.match(
    written(true, (line) => line.show('playing', [progress])),
    /warming up …$/,
  )
  assert.equal(
    written(true, (line) => line.end()),
    '\r\u001B[K',
  )
})

test('there is no live line where nobody would see it', () => {
  const text = written(false, (line) => {
    line.show('auditing', [])
    line.end()
  })
  assert.equal(text, '')
})

test('a long run is shown in a few lines of equal intervals, with their worst latencies and their last memory', () => {
  const samples = Array.from({ length: 120 }, (_, index) => ({
    at: index + 1,
    commandsPerSecond: 1_000,
    p50Ms: 1,
    p99Ms: index === 15 ? 80 : 5,
    residentMb: 100 + index,
  }))
  const lines = timeline(exampleResult({ strategy: 'holdfast', samples })).split('\n')
  assert.equal(lines.length, 14)
  assert.deepEqual(lines[0], 'holdfast')
  assert.match(lines[3]!, /^ +20 +1,000 +1\.00 +80\.0 +119 +█/)
  assert.match(lines[13]!, /^ +120 +1,000 +1\.00 +5\.00 +219 +█{20}$/)
})
