/** Whether the tables are those of this version. */
import { whole, type Row } from '../stores/sql/values.ts'
import type { Migration } from '../stores/sql/migrator.ts'
import type { Examination } from './examination.ts'
import { finding, type Finding } from './finding.ts'
import { textOf } from './shown-values.ts'

export interface MigrationState {
  readonly findings: readonly Finding[]
  /** Whether the tables can be asked with the statements of this version. */
  readonly isCurrent: boolean
}

/**
 * @param applied rows of the table `migrations` in order; null when there is no such table
 * @param known those of this version
 */
export function judgeMigrations(applied: readonly Row[] | null, known: readonly Migration[]): MigrationState {
  const found = flawOf(applied ?? [], known)
  if (found !== null) return { findings: [found], isCurrent: false }
  const value = `version ${known.length}, ${known.at(-1)!.name}`
  return { findings: [finding('tables.migrations', 'fine', { value })], isCurrent: true }
}

/**
 * Asks for the tables, and whether they are those of this version.
 *
 * @param text the statement for the tables that there are, each with its `name`
 * @returns its rows; null if the tables cannot be asked with the statements of this version
 */
export async function examineMigrations(
  examination: Examination,
  text: string,
  known: readonly Migration[],
): Promise<readonly Row[] | null> {
  const tables = await examination.rows({ name: 'tables', text })
  if (tables === null) return null
  const hasMigrations = tables.some(({ name }) => name === 'migrations')
  const applied = hasMigrations
    ? await examination.rows({ name: 'migrations', text: 'SELECT * FROM migrations ORDER BY number' })
    : []
  if (applied === null) return null
  const { findings, isCurrent } = judgeMigrations(applied, known)
  examination.add(...findings)
  return isCurrent ? tables : null
}

function flawOf(applied: readonly Row[], known: readonly Migration[]): Finding | null {
  const migrate = 'holdfast migrate --store URL'
  for (const [index, row] of applied.entries()) {
    const name = textOf(row['name'])
    const migration = known[index]
    if (row['applied_at'] === null) {
      const done = `${whole(row['statements_done'])} of its statements are done`
      return broken(`${name} was interrupted: ${done}`, migrate)
    }
    if (migration === undefined) {
      return broken(`${name} is newer than this version of Holdfast`, 'Use the version of Holdfast that migrated it.')
    }
    if (migration.name !== name) {
      const value = `${name} in place of ${migration.name}: the tables of another version`
      return broken(value, 'Use the version of Holdfast that made it, or an empty database.')
    }
    if (migration.checksum !== row['checksum']) {
      const remedy = 'Use the version of Holdfast that migrated it.'
      return broken(`${name} is not the file that this database was migrated with`, remedy)
    }
  }
  const pending = known.slice(applied.length).map(({ name }) => name)
  if (pending.length === 0) return null
  return broken(applied.length === 0 ? 'there are no tables yet' : `pending: ${pending.join(', ')}`, migrate)
}

function broken(value: string, remedy: string): Finding {
  return finding('tables.migrations', 'broken', { value, remedy })
}
