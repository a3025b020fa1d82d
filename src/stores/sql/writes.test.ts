import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amend, charge, deposit, freeze, refund, settle, settlePart } from '../../../test/support/commands.ts'
import { MOMENT } from '../../../test/support/given.ts'
import { Rows } from '../../../test/support/rows.ts'
import { decideBatch } from '../../domain/batch.ts'
import type { Changes, HoldChange } from '../../domain/changes.ts'
import type { Command } from '../../domain/command.ts'
import { HouseStripes } from '../../domain/house-stripes.ts'
import { inOrder, writeStatements } from '../mysql/writes.ts'
import { writeStatement } from '../postgres/writes.ts'
import { flatten } from '../sqlite/writes.ts'
import { CHARGE, postingPlacesOf, STEP_ENTRY } from './entry-row.ts'
import { writesOf } from './writes.ts'

const GIVEN = [deposit('d', 'user:8', 1_000n), freeze('h', 'user:8', 100n), freeze('g', 'user:8', 100n)]

function changesOf(...commands: readonly Command[]): Changes {
  const rows = new Rows()
  rows.run(GIVEN)
  const { outcomes, changes } = decideBatch(commands, rows.snapshot(commands), new HouseStripes(0), MOMENT)
  for (const outcome of outcomes.flat()) assert.equal(outcome.status, 'applied')
  return changes
}

function namesOf(changes: readonly HoldChange[]): readonly (readonly [hold: string, number: number])[] {
  return changes.map(({ after }) => [after.id, after.changes])
}

test('a plain freeze and end name nothing that only steps write', () => {
  const changes = changesOf(freeze('other', 'user:8', 1n, { onExpiry: { settle: 1n } }), settle('h', 40n))
  const texts = [...inOrder(writeStatements(changes, 'mysql')), writeStatement(changes).text]
  for (const text of texts) assert.doesNotMatch(text, /hold_number|refunded|settled_late|end_number/)
  const { holdsStepped, stepEntries } = flatten(changes)
  assert.deepEqual([holdsStepped, stepEntries], [[], []])
})

test('a hold is written as it was opened, and each thing that happens to it in the same batch as a change', () => {
  const writes = writesOf(
    changesOf(
      freeze('new', 'user:8', 50n),
      settlePart('p1', 'new', 20n),
      settle('new', 5n),
      refund('f1', 'new', 1n),
      freeze('plain', 'user:8', 5n),
      settle('plain', 5n),
    ),
  )
  assert.deepEqual(
    writes.holdsOpened.map(({ id }) => id),
    ['new', 'plain'],
  )
  assert.deepEqual(namesOf(writes.holdsEnded), [['plain', 1]])
  assert.deepEqual(namesOf(writes.holdsStepped), [
    ['new', 1],
    ['new', 2],
    ['new', 3],
  ])
  assert.deepEqual(writes.entries, [])
  assert.deepEqual(
    writes.stepEntries.map(({ entry }) => entry.id),
    ['p1', 'new~settle', 'f1'],
  )
  assert.deepEqual(writes.holdsContinued, [])
})

test('of each hold that was there before, the first change needs the one before it', () => {
  const changes = changesOf(
    amend('a1', 'h', { amount: 120n }),
    freeze('new', 'user:8', 50n),
    settlePart('p1', 'h', 20n),
    settle('g', 1n),
    settle('new', 1n),
    refund('f1', 'g', 1n),
  )
  assert.deepEqual(namesOf(writesOf(changes).holdsContinued), [
    ['h', 1],
    ['g', 1],
  ])
})

test('what a batch posts to a balance is one run, and its entries know where it begins', () => {
  const changes = changesOf(charge('c1', 'user:8', 1n), settlePart('p1', 'h', 20n), charge('c2', 'user:8', 2n))
  const { runs, charges, stepEntries } = writesOf(changes)
  const [first] = runs
  assert.deepEqual(
    runs.map(({ postings }) => postings.map(({ entryId }) => entryId)),
    [
      ['c1', 'p1', 'c2'],
      ['c1', 'p1', 'c2'],
    ],
  )
  assert.deepEqual([first?.firstVersion, first?.postings.at(-1)?.version], [4, 6])
  const places = [
    ...charges.map((placed) => [placed.charge.id, postingPlacesOf(CHARGE.rowOf(placed))[0]]),
    ...stepEntries.map((placed) => [placed.entry.id, postingPlacesOf(STEP_ENTRY.rowOf(placed))[0]]),
  ]
  const balanceId = first?.balanceId
  assert.deepEqual(places, [
    ['c1', [balanceId, 4, 4]],
    ['c2', [balanceId, 6, 4]],
    ['p1', [balanceId, 5, 4]],
  ])
})
