import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DELIBERATE_BUGS } from './deliberate-bugs.ts'
import { importWithBug } from './patched-modules.ts'
import { makeScenario } from './scenario.ts'
import type * as simulation from './simulation.ts'
import type * as shrinking from './shrinking.ts'
import { formatRanges, parseRanges, replayCommand } from './shrinking.ts'

test('a failure is made smaller, and what is left fails again by its command', async () => {
  const bug = DELIBERATE_BUGS.find(({ name }) => name === 'transfer-forgets-a-leg')!
  const { simulate } = await importWithBug<typeof simulation>(bug, 'simulation.ts')
  const { shrink } = await importWithBug<typeof shrinking>(bug, 'shrinking.ts')
  let seed = 1
  let report = await simulate(makeScenario(seed))
  while (report.violations.length === 0) report = await simulate(makeScenario(++seed))
  const whole = makeScenario(seed)
  const { kept } = await shrink(report, 10_000)
  assert.ok(kept.intents!.size < whole.intents.length / 4, `${kept.intents!.size} of ${whole.intents.length}`)
  assert.equal(kept.faults!.size, 0)

  const [, intents, faults] = /--intents (\S+) --faults (\S+)$/.exec(replayCommand(seed, kept))!
  const again = await simulate(makeScenario(seed, { intents: parseRanges(intents!), faults: parseRanges(faults!) }))
  assert.equal(again.violations[0]!.law, report.violations[0]!.law)
})

test('numbers are written as ranges and read again', () => {
  for (const [numbers, text] of [
    [[], 'none'],
    [[3], '3'],
    [[7, 0, 1, 2, 9, 8], '0-2,7-9'],
  ] as const) {
    assert.equal(formatRanges(new Set(numbers)), text)
    assert.deepEqual(parseRanges(text), new Set(numbers.toSorted((left, right) => left - right)))
  }
  for (const text of ['', '1-', 'a', '1,,2', '-1']) assert.throws(() => parseRanges(text), RangeError)
})
