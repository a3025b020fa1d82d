import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BALANCE_MAX, BALANCE_MIN } from '../../domain/amount.ts'
import type { PostingRecord } from '../../domain/journal.ts'
import { firstVersionOf, linesOf, postingOf, RUN_LINES_MAX, runRow, runsOf, type Run } from './run-row.ts'

type Step = readonly [availableDelta: bigint, heldDelta: bigint, some?: Partial<PostingRecord>]

/** The postings of one balance, each with the amounts after it. */
function postingsOf(balanceId: number, firstVersion: number, steps: readonly Step[]): readonly PostingRecord[] {
  let [available, held] = [0n, 0n]
  return steps.map(([availableDelta, heldDelta, some = {}], index) => {
    available += availableDelta
    held += heldDelta
    const version = firstVersion + index
    const amounts = { availableDelta, heldDelta, available, held }
    return { balanceId, version, entryId: `e${index}`, seq: 100 + index, kind: 'transfer', ...amounts, at: 7, ...some }
  })
}

function runOf(postings: readonly PostingRecord[]): Run {
  return { balanceId: postings[0]!.balanceId, firstVersion: postings[0]!.version, postings }
}

/** Written, and read again. */
function assertKept(postings: readonly PostingRecord[]): void {
  const lines = linesOf(runRow(runOf(postings)))
  const names = { account: 'user:8', asset: 'credit', stripe: 3 }
  assert.deepEqual(
    lines,
    postings.map((posting) => {
      const { balanceId: _, entryId: _e, ...line } = posting
      return line
    }),
  )
  assert.deepEqual(
    lines.map((line, index) => postingOf(line, postings[index]!.entryId, names)),
    postings.map((record) => {
      const { balanceId: _, seq: _s, ...posting } = record
      return { ...posting, ...names }
    }),
  )
}

test('the lines of a run come back in the order of versions, with the amounts after each', () => {
  assertKept(postingsOf(8, 5, [[100n, 0n]]))
  assertKept(
    postingsOf(8, 1, [
      [100n, 0n, { kind: 'deposit' }],
      [-60n, 60n, { kind: 'freeze' }],
      [0n, 0n, { kind: 'amend' }],
      [20n, -60n, { kind: 'settle' }],
    ]),
  )
})

test('amounts beyond 2^53, and at the ends of int64, are exact', () => {
  const edge = 2n ** 53n
  for (const amount of [edge - 1n, edge, edge + 1n, -edge, -edge - 1n, BALANCE_MAX, BALANCE_MIN]) {
    assertKept(postingsOf(8, 1, [[amount, -amount - 1n]]))
  }
  assertKept(
    postingsOf(8, 1, [
      [BALANCE_MAX, 0n],
      [BALANCE_MIN, BALANCE_MAX],
      [-BALANCE_MAX, -1n],
      [BALANCE_MAX, BALANCE_MIN + 2n],
    ]),
  )
})

test('the numbers of requests of other processes, however far away, come back', () => {
  const far = [Number.MAX_SAFE_INTEGER, 1, 2 ** 52, 2 ** 32, Number.MAX_SAFE_INTEGER - 1]
  for (const [index] of far.entries()) {
    const seqs = [...far.slice(index), ...far.slice(0, index)]
    assertKept(
      postingsOf(
        8,
        1,
        seqs.map((seq) => [1n, 0n, { seq }]),
      ),
    )
  }
})

test('the postings of a commit are one run for each balance, in the order of their first postings', () => {
  const [ofEight, ofNine] = [
    postingsOf(8, 5, [
      [1n, 0n],
      [2n, 0n],
    ]),
    postingsOf(9, 1, [[3n, 0n]]),
  ]
  assert.deepEqual(runsOf([ofEight[0]!, ofNine[0]!, ofEight[1]!]), [
    { balanceId: 8, firstVersion: 5, postings: ofEight },
    { balanceId: 9, firstVersion: 1, postings: ofNine },
  ])
  assert.deepEqual(runsOf([]), [])
})

test('many postings of one balance are several runs, and each posting is found by where its run begins', () => {
  for (const count of [RUN_LINES_MAX, RUN_LINES_MAX + 1, 3 * RUN_LINES_MAX - 1]) {
    const begun = 5
    const postings = postingsOf(
      8,
      begun,
      Array.from({ length: count }, () => [1n, 0n]),
    )
    const runs = runsOf(postings)
    assert.equal(runs.length, Math.ceil(count / RUN_LINES_MAX))
    assert.deepEqual(
      runs.flatMap((run) => run.postings),
      postings,
    )
    for (const run of runs) {
      assert.ok(run.postings.length <= RUN_LINES_MAX)
      for (const { version } of run.postings) assert.equal(firstVersionOf(version, begun), run.firstVersion)
    }
    for (const run of runs) assertKept(run.postings)
  }
})

test('the row of a run has its place, the amounts after it, and its lines as a database can read them', () => {
  const postings = postingsOf(8, 5, [
    [-616n, 616n, { kind: 'freeze', seq: 40 }],
    [BALANCE_MAX, 0n, { kind: 'settle', seq: 30 }],
  ])
  assert.deepEqual(runRow(runOf(postings)), {
    balance_id: 8,
    first_version: 5,
    last_version: 6,
    available: BALANCE_MAX - 616n,
    held: 616n,
    at: 7,
    seq: 40,
    packed: `[[0,"freeze",-616,616],[-10,"settle","${BALANCE_MAX}",0]]`,
  })
})
