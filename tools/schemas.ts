/**
 * Writes the schema.sql of each SQL store: its tables as the migrations make them. Servers are those of the tests
 * (HOLDFAST_TEST_MYSQL_URL and so on); what is not to be reached is named and left as it is.
 *
 *   node tools/schemas.ts           writes the files
 *   node tools/schemas.ts --check   exits 1 when a file is not what would be written
 */
import { readFile } from 'node:fs/promises'
import { migrateStorage } from '../src/stores/open.ts'
import { dumpIn, schemaSnapshots, snapshotText, type SchemaSnapshot } from '../harness/schema-snapshots.ts'
import { generate } from './generate.ts'

for (const snapshot of schemaSnapshots()) {
  const { path, missing } = snapshot
  if (missing === null) await generate(path, await textOf(snapshot))
  else console.log(`${path} was not looked at: ${missing}.`)
}

async function textOf(snapshot: SchemaSnapshot): Promise<string> {
  await using database = await snapshot.create()
  await migrateStorage(database.url)
  const dump = await database.dump()
  const present = await readFile(new URL(`../${snapshot.path}`, import.meta.url), 'utf8').catch(() => '')
  // Another version of the server that comes to the same tables leaves the file as it is.
  return dumpIn(present) === dump ? present : snapshotText(dump, await database.version())
}
