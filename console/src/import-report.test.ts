import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readImportReport } from './import-report.ts'

const SUMMARY = {
  type: 'summary',
  usersCount: 2,
  users: { imported: 1, unchanged: 0, corrected: 0, different: 0, broken: 1 },
  breachesCount: 1,
  assets: { credit: { coins: '100', held: '0', holdsCount: 0 } },
}
const PLAN = { type: 'plan', account: 'user:1', asset: 'credit', user: '1', total: '100', held: '0', holds: [] }
const LINES = [
  { type: 'begin', usersCount: 2, statuses: [] },
  { type: 'breach', code: 'negative', table: 'users', row: '2', message: 'balance is -1.' },
  { ...PLAN, result: 'imported' },
  SUMMARY,
]

async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

const textOf = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

describe('the report of an import', () => {
  test('is read in whatever pieces it comes', async () => {
    for (const size of [1, 7, 100_000]) {
      const { breaches, plans, different, summary, isDryRun } = await readImportReport(inPieces(textOf(LINES), size))
      assert.deepEqual([breaches.count, plans.count, different.count], [1, 1, 0])
      assert.equal(plans.lines[0]?.account, 'user:1')
      assert.deepEqual([summary, isDryRun], [SUMMARY, true])
    }
  })

  test('without its last line is cut', async () => {
    const { summary } = await readImportReport(inPieces(textOf(LINES.slice(0, -1)), 50))
    assert.equal(summary, null)
  })

  test('of a run that imported is known by its users, which it does not list', async () => {
    const { isDryRun } = await readImportReport(inPieces(textOf([LINES[0]!, SUMMARY]), 50))
    assert.equal(isDryRun, false)
  })

  test('keeps the first lines of each kind, and counts the others', async () => {
    const { plans } = await readImportReport(inPieces(textOf(Array.from({ length: 10_001 }, () => LINES[2]!)), 65_536))
    assert.deepEqual([plans.lines.length, plans.count], [10_000, 10_001])
  })

  test('is refused with its line when it is something else', async () => {
    for (const [text, line] of [
      ['id,amount\n', 1],
      [`${textOf(LINES.slice(0, 2))}[]\n`, 3],
      [textOf([{ type: 'summary', rowsCount: 1 }]), 1],
      ['null', 1],
    ] as const) {
      await assert.rejects(readImportReport(inPieces(text, 50)), { line })
    }
  })
})
