/**
 * Writes migration-texts.ts of each SQL store from its migrations/*.sql, so that the SQL is part of a bundle.
 *
 *   node tools/migration-texts.ts           writes the files
 *   node tools/migration-texts.ts --check   exits 1 when a file is out of date
 */
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { generate } from './generate.ts'

const ROOT = resolve(import.meta.dirname, '..')

const files = globSync('src/stores/*/migrations/*.sql', { cwd: ROOT }).toSorted()
for (const [folder, ofStore] of Object.entries(Object.groupBy(files, (file) => dirname(dirname(file))))) {
  await generate(`${folder}/migration-texts.ts`, moduleOf(ofStore!))
}

function moduleOf(paths: readonly string[]): string {
  const members = paths.map(
    (path) => `  '${basename(path, '.sql')}': \`${escaped(readFileSync(resolve(ROOT, path), 'utf8'))}\`,`,
  )
  return [
    '/** Made of migrations/*.sql by `npm run generate`. */',
    "import type { MigrationTexts } from '../sql/migrator.ts'",
    '',
    'export const MIGRATION_TEXTS: MigrationTexts = {',
    ...members,
    '}',
    '',
  ].join('\n')
}

/** As part of a template literal. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`]|\$\{/g, '\\$&')
}
