/**
 * Writes the schema.sql of each SQL store: its tables after all migrations. Uses the servers under test (HOLDFAST_TEST_MYSQL_URL and so
 * on); the files of missing servers are listed and left unchanged.
 *
 *   node tools/schemas.ts           writes the files
 *   node tools/schemas.ts --check   exits 1 when a file is out of date
 */
import { readFile } from 'node:fs/promises'
import { migrateStorage } from '../src/stores/open.ts'
import { dumpIn, schemaSnapshots, snapshotText, type SchemaSnapshot } from '../harness/schema-snapshots.ts'
import { generate } from './generate.ts'

for (const snapshot of schemaSnapshots()) {
  const { path, missing } = snapshot
  if (missing === null) await generate(path, await textOf(snapshot))
  else console.log(`${path} was not checked: ${missing}.`)
}

async function textOf(snapshot: SchemaSnapshot): Promise<string> {
  await using database = await snapshot.create()
  await migrateStorage(database.url)
  const dump = await database.dump()
  const present = await readFile(new URL(`../${snapshot.path}`, import.meta.url), 'utf8').catch(() => '')
  // If only the server's version differs, the file is left unchanged.
  return dumpIn(present) === dump ? present : snapshotText(dump, await database.version())
}
