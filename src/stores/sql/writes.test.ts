import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amend, deposit, freeze, settle, settlePart } from '../../../test/support/commands.ts'
import { MOMENT } from '../../../test/support/given.ts'
import { Rows } from '../../../test/support/rows.ts'
import { decideBatch } from '../../domain/batch.ts'
import type { Command } from '../../domain/command.ts'
import { showHold, type HoldRecord } from '../../domain/hold.ts'
import { HouseStripes } from '../../domain/house-stripes.ts'
import type { Changes } from '../../domain/changes.ts'
import type { EntryRecord } from '../../domain/journal.ts'
import { writeStatements } from '../mysql/writes.ts'
import { writeStatement } from '../postgres/writes.ts'
import { flatten } from '../sqlite/writes.ts'
import { entryOf, stepEntryRow } from './entry-row.ts'
import { holdOf, steppedHoldRow } from './hold-row.ts'
import { writesOf } from './writes.ts'

const GIVEN = [deposit('d', 'user:8', 1_000n), freeze('h', 'user:8', 100n)]

function changesOf(...commands: readonly Command[]): Changes {
  const rows = new Rows()
  rows.run(GIVEN)
  const { outcomes, changes } = decideBatch(commands, rows.snapshot(commands), new HouseStripes(0), MOMENT)
  for (const outcome of outcomes.flat()) assert.equal(outcome.status, 'applied')
  return changes
}

test('a plain freeze and end name nothing that only steps write', () => {
  const changes = changesOf(freeze('other', 'user:8', 1n, { onExpiry: { settle: 1n } }), settle('h', 40n))
  const texts = [...writeStatements(changes, 'mysql'), writeStatement(changes).text]
  for (const text of texts) assert.doesNotMatch(text, /hold_steps|hold_after|first_answers|refunded|settled_late/)
  const { holdsOpenedStepped, holdsStepped, stepEntries, holdSteps } = flatten(changes)
  assert.deepEqual([holdsOpenedStepped, holdsStepped, stepEntries, holdSteps], [[], [], [], []])
})

test('a hold that a batch opens and steps is written once, and one that was there is changed', () => {
  const changes = changesOf(
    freeze('new', 'user:8', 50n),
    settlePart('p1', 'new', 20n),
    amend('a1', 'h', { amount: 120n }),
    freeze('plain', 'user:8', 5n),
  )
  const { holdsOpened, holdsOpenedStepped, holdsStepped, entries, stepEntries } = writesOf(changes)
  assert.deepEqual(
    holdsOpened.map(({ id }) => id),
    ['plain'],
  )
  assert.deepEqual(
    holdsOpenedStepped.map(({ id, steps }) => [id, steps]),
    [['new', 1]],
  )
  assert.deepEqual(
    holdsStepped.map(({ after }) => after.id),
    ['h'],
  )
  assert.deepEqual(entries, [])
  assert.deepEqual(
    stepEntries.map(({ id }) => id),
    ['p1', 'a1'],
  )
})

test('an answer that was kept comes back as it was, with the greatest amounts and whatever people write', () => {
  const { holdsOpened, entries } = changesOf(
    freeze('new', 'user:8', 50n, { onExpiry: { settle: 7n }, metadata: { note: '渲染 "quoted" \\ \u2028', ok: true } }),
    deposit('d2', 'user:8', 1n),
  )
  const [record, entry] = [holdsOpened[0]!, entries[0]!]
  const hold = { ...showHold(record), amount: (1n << 63n) - 1n, settled: -(1n << 63n) }
  const stepAgain = (step: EntryRecord['step']) => entryOf(stepEntryRow({ ...entry, postings: [], step }), []).step
  const answersAgain = (firstAnswers: HoldRecord['firstAnswers']) =>
    holdOf({ ...record, ...steppedHoldRow({ ...record, firstAnswers }, null) }).firstAnswers
  const step = { hold: 'new', number: 3, after: hold }
  assert.deepEqual(stepAgain(step), step)
  const answers = { freeze: hold, end: { ...hold, onExpiry: null, endedAt: 5, metadata: null } }
  assert.deepEqual(answersAgain(answers), answers)
  assert.equal(stepAgain(null), null)
  assert.equal(answersAgain(null), null)
})
