import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { statementEnd, statementHead } from '../api/statement.ts'
import { EndCheck } from './end-check.ts'
import { ListError } from './list-error.ts'
import { readList, type ListFormat, type ListRow } from './list.ts'

interface Listed {
  readonly ids: readonly string[]
  readonly isCounted: boolean
}

async function listOf(format: ListFormat, text: string, columns = ['id', 'amount']): Promise<Listed> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-list-'))
  const path = join(folder.path, 'list')
  await writeFile(path, text)
  const [idColumn, amountColumn] = columns as [string, string]
  const words = new Map([['done', 'done' as const]])
  const shape = { format, idColumn, amountColumn, statusColumn: 'status', isStatusNeeded: false, words }
  const end = new EndCheck()
  const rows: ListRow[] = []
  for await (const some of readList(path, shape, end)) rows.push(...some.filter((row) => 'requestId' in row))
  return { ids: rows.map(({ requestId }) => requestId), isCounted: end.isCounted }
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
  assert.deepEqual(await listOf('csv', csv), { ids: ['a', 'b'], isCounted: false })
  assert.deepEqual(await listOf('csv', `${csv}#end,2,\r\n`), { ids: ['a', 'b'], isCounted: true })
  assert.deepEqual(await listOf('csv', `${csv}#end,2\n\n`), { ids: ['a', 'b'], isCounted: true })
  assert.deepEqual(await listOf('csv', 'id,amount\n#end,0'), { ids: [], isCounted: true })
  const ndjson = '{"id":"a","amount":1}\n'
  assert.deepEqual(await listOf('ndjson', ndjson), { ids: ['a'], isCounted: false })
  assert.deepEqual(await listOf('ndjson', `${ndjson}{"end":true,"rows":1}\n`), { ids: ['a'], isCounted: true })
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
  assert.deepEqual(await listOf('csv', head + statementEnd('csv', 0), columns), { ids: [], isCounted: true })
  await refused('csv', head, /without an end row, so it is truncated/, columns)
  const names = head.trimEnd().split(',')
  const line = `${JSON.stringify(Object.fromEntries(names.map((name) => [name, '1'])))}\n`
  assert.deepEqual((await listOf('ndjson', line + statementEnd('ndjson', 1), columns)).isCounted, true)
  await refused('ndjson', line, /without an end row, so it is truncated/, columns)
})
