import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { statementEnd, statementHead } from '../api/statement.ts'
import { EndCheck, type Proof } from './end-check.ts'
import { ListError } from './list-error.ts'
import { readList, type ListRow } from './list.ts'
import type { ListFormat } from './records.ts'

interface Listed {
  readonly ids: readonly string[]
  readonly proof: Proof | null
  readonly at: number | null
}

async function listOf(
  format: ListFormat,
  text: string,
  columns = ['id', 'amount'],
  statedCount: number | null = null,
): Promise<Listed> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-list-'))
  const path = join(folder.path, 'list')
  await writeFile(path, text)
  const [idColumn, amountColumn] = columns as [string, string]
  const words = new Map([['done', 'done' as const]])
  const names = { accountColumn: null, counterpartyColumn: null, assetColumn: null }
  const status = { statusColumn: 'status', isStatusNeeded: false, words }
  const shape = { format, delimiter: null, idColumn, amountColumn, ...status, ...names }
  const end = new EndCheck(statedCount)
  const rows: ListRow[] = []
  for await (const some of readList(path, shape, end)) rows.push(...some.filter((row) => 'requestId' in row))
  return { ids: rows.map(({ requestId }) => requestId), proof: end.proof, at: end.at }
}

async function refused(format: ListFormat, text: string, says: RegExp, columns?: string[]): Promise<void> {
  await assert.rejects(listOf(format, text, columns), (error) => {
    assert.ok(error instanceof ListError)
    assert.match(error.message, says)
    return true
  })
}

test('an end row is no row, and says whether the list is whole', async () => {
  const csv = 'id,amount,note\r\na,1,\r\nb,2,\r\n'
  assert.deepEqual(await listOf('csv', csv), { ids: ['a', 'b'], proof: null, at: null })
  assert.deepEqual(await listOf('csv', `${csv}#end,2,\r\n`), { ids: ['a', 'b'], proof: 'end_row', at: null })
  assert.deepEqual(await listOf('csv', `${csv}#end,2\n\n`), { ids: ['a', 'b'], proof: 'end_row', at: null })
  assert.deepEqual(await listOf('csv', 'id,amount\n#end,0'), { ids: [], proof: 'end_row', at: null })
  const ndjson = '{"id":"a","amount":1}\n'
  assert.deepEqual(await listOf('ndjson', ndjson), { ids: ['a'], proof: null, at: null })
  assert.deepEqual(await listOf('ndjson', `${ndjson}{"end":true,"rows":1}\n`), {
    ids: ['a'],
    proof: 'end_row',
    at: null,
  })
})

test('a list that has not as many rows as its end row counts is refused', async () => {
  await refused(
    'csv',
    'id,amount\na,1\n#end,2\n',
    /Line 3: the end row does not match: it says "2" rows, but there are 1 before/,
  )
  await refused('csv', 'id,amount\na,1\n#end,\n', /does not match/)
  await refused('ndjson', '{"end":true,"rows":1}\n', /it says 1 rows, but there are 0 before it/)
})

test('a list that continues after its end row is refused', async () => {
  await refused('csv', 'id,amount\na,1\n#end,1\nb,1\n', /Line 4: a row after the end row in line 3/)
  await refused('csv', 'id,amount\n#end,0\n#end,0\n', /Line 3: a second end row/)
})

test('a statement of this ledger without its end row is refused as cut', async () => {
  const columns = ['hold', 'total']
  const head = statementHead('csv')
  const at = Date.parse('2030-01-31T12:00:00Z')
  const empty = head + statementEnd('csv', { rowsCount: 0, at })
  assert.deepEqual(await listOf('csv', empty, columns), { ids: [], proof: 'end_row', at })
  await refused('csv', head, /without an end row, so it is truncated/, columns)
  const names = head.trimEnd().split(',')
  const line = `${JSON.stringify(Object.fromEntries(names.map((name) => [name, '1'])))}\n`
  assert.deepEqual(
    (await listOf('ndjson', line + statementEnd('ndjson', { rowsCount: 1, at }), columns)).proof,
    'end_row',
  )
  await refused('ndjson', line, /without an end row, so it is truncated/, columns)
})

test('an end row can say when the list was made', async () => {
  const at = Date.parse('2030-01-31T12:00:00Z')
  const csv = 'id,amount,note\na,1,\n#end,1,2030-01-31T12:00:00Z\n'
  assert.deepEqual(await listOf('csv', csv), { ids: ['a'], proof: 'end_row', at })
  const ndjson = '{"id":"a","amount":1}\n{"end":true,"rows":1,"at":"2030-01-31T13:00:00+01:00"}\n'
  assert.deepEqual(await listOf('ndjson', ndjson), { ids: ['a'], proof: 'end_row', at })
  await refused(
    'csv',
    'id,amount,note\n#end,0,yesterday\n',
    /Line 2: the end row has "yesterday" in place of an instant/,
  )
})

test('a stated number of rows proves that a list is complete, and another number refuses it', async () => {
  const csv = 'id;amount\na;1\nb;2\n'
  assert.deepEqual(await listOf('csv', csv, undefined, 2), { ids: ['a', 'b'], proof: 'stated_rows', at: null })
  await assert.rejects(listOf('csv', csv, undefined, 3), { message: 'The list has 2 rows, but --rows says 3.' })
  await assert.rejects(listOf('csv', `${csv}#end;2\n`, undefined, 3), { name: 'ListError' })
})

test('two files in one are refused at the second header', async () => {
  await refused('csv', 'id,amount\na,1\nid,amount\nb,1\n', /Line 3: the header again/)
})
