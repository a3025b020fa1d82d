import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrate, requireMigrated, type AppliedMigration, type Migration, type MigrationTarget } from './migrator.ts'

const FILES: readonly Migration[] = [
  { number: 1, name: '0001_added_rows', sql: '', checksum: 'a' },
  { number: 2, name: '0002_more', sql: '', checksum: 'b' },
]

function database(...rows: readonly AppliedMigration[]): MigrationTarget & { readonly done: string[] } {
  const done: string[] = []
  return {
    done,
    locked: (action) => action(),
    applied: () => Promise.resolve(rows),
    apply: (migration) => Promise.resolve(void done.push(migration.name)),
  }
}

const [first, second] = FILES as [Migration, Migration]

test('what is missing is applied in order, and asked for where nothing may be applied', async () => {
  const empty = database()
  assert.deepEqual(await migrate(empty, FILES), { applied: ['0001_added_rows', '0002_more'], version: 2 })
  assert.deepEqual(empty.done, ['0001_added_rows', '0002_more'])
  await assert.rejects(requireMigrated(database(first), FILES), /lacks 0002_more\. Run "holdfast migrate/)
  await requireMigrated(database(first, second), FILES)
})

test('tables that began otherwise, other files and a newer version are refused, each by its name', async () => {
  const refusals = [
    [
      database({ ...first, name: '0001_ledger' }),
      /another version.*0001_ledger in place of 0001_added_rows.*empty database/,
    ],
    [database({ ...first, checksum: 'x' }), /0001_added_rows is not the file that this database was migrated with/],
    [
      database(first, second, { ...second, number: 3, name: '0003_new' }),
      /0003_new, which this version.*newer version/,
    ],
  ] as const
  for (const [target, message] of refusals) {
    await assert.rejects(migrate(target, FILES), { name: 'MigrationError', message })
    await assert.rejects(requireMigrated(target, FILES), { name: 'MigrationError', message })
    assert.deepEqual(target.done, [])
  }
})
