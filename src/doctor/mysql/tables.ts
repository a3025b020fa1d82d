/** The tables of Holdfast on MySQL and MariaDB: migrations, shape, size, and what is attached to them. */
import { mysqlMigrations } from '../../stores/mysql/migrations.ts'
import type { Flavour, Settings } from '../../stores/mysql/server.ts'
import { whole, wholeOrNull, type Row } from '../../stores/sql/values.ts'
import type { Examination } from '../examination.ts'
import { finding } from '../finding.ts'
import { examineGrowth } from '../growth.ts'
import { judgePool } from '../memory-pool.ts'
import { examineMigrations } from '../migrations.ts'
import { bytesText, MEBIBYTE } from '../sizes.ts'
import {
  attachmentFindings,
  columnsOf,
  shapeFindings,
  TABLE_LIST,
  type Attachment,
  type FoundIndex,
} from '../table-shape.ts'
import { setText } from './settings.ts'
import { textOf } from '../shown-values.ts'

const TABLES = `SELECT table_name AS name, engine AS engine, table_rows AS row_count, data_length AS data_bytes, index_length AS index_bytes
  FROM information_schema.TABLES WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name IN (${TABLE_LIST})`

const INDEXES = `SELECT table_name AS table_name, index_name AS name, non_unique AS non_unique,
    GROUP_CONCAT(COALESCE(column_name, '') ORDER BY seq_in_index) AS columns
  FROM information_schema.STATISTICS WHERE table_schema = DATABASE() AND table_name IN (${TABLE_LIST})
  GROUP BY table_name, index_name, non_unique`

const INDEX_BYTES = `SELECT stat_value * @@innodb_page_size AS bytes FROM mysql.innodb_index_stats
  WHERE database_name = DATABASE() AND table_name = 'requests' AND index_name = 'requests_id' AND stat_name = 'size'`

/** Those of a bridge are Holdfast's own, and keep the order of locks (src/bridge). */
const TRIGGERS = `SELECT event_object_table AS table_name, trigger_name AS name, CONCAT(action_timing, ' ', event_manipulation) AS text
  FROM information_schema.TRIGGERS WHERE event_object_schema = DATABASE() AND event_object_table IN (${TABLE_LIST})
    AND trigger_name NOT IN ('holdfast_bridge_balances_insert', 'holdfast_bridge_balances_update')`

const FOREIGN_KEYS = `SELECT constraint_name AS name, constraint_schema AS table_schema, table_name AS table_name,
    referenced_table_name AS referenced
  FROM information_schema.REFERENTIAL_CONSTRAINTS
  WHERE constraint_schema = DATABASE() AND (table_name IN (${TABLE_LIST}) OR referenced_table_name IN (${TABLE_LIST}))
    OR unique_constraint_schema = DATABASE() AND referenced_table_name IN (${TABLE_LIST})`

/** Whether the tables are those of this version. */
export async function examineMysqlTables(
  examination: Examination,
  flavour: Flavour,
  settings: Settings,
): Promise<boolean> {
  const tables = await examineMigrations(examination, TABLES, mysqlMigrations())
  if (tables === null) return false
  await examineShape(examination, tables)
  await examineSize(examination, tables, { flavour, settings })
  return true
}

async function examineShape(examination: Examination, tables: readonly Row[]): Promise<void> {
  const indexes = await examination.rows({ name: 'indexes', text: INDEXES })
  const triggers = await examination.rows({ name: 'triggers', text: TRIGGERS })
  const keys = await examination.rows({ name: 'foreign keys', text: FOREIGN_KEYS })
  if (indexes !== null) {
    const names = new Set(tables.map(({ name }) => textOf(name)))
    examination.add(...shapeFindings('mysql', { tables: names, indexes: indexes.map(indexOf) }))
  }
  for (const { name, engine } of tables) {
    if (engine === 'InnoDB') continue
    const remedy = `ALTER TABLE ${textOf(name)} ENGINE = InnoDB`
    examination.add(
      finding('tables.engine', 'broken', {
        subject: textOf(name),
        value: `${textOf(name)} is ${textOf(engine)}`,
        remedy,
      }),
    )
  }
  const attachments: readonly Attachment[] = [
    ...(triggers ?? []).map(({ table_name, name, text }) => ({
      kind: 'trigger' as const,
      table: textOf(table_name),
      name: textOf(name),
      text: `runs ${textOf(text)}`,
    })),
    ...(keys ?? []).map(({ table_name, name, referenced }) => ({
      kind: 'foreign_key' as const,
      table: textOf(table_name),
      name: textOf(name),
      text: `refers to ${textOf(referenced)}`,
    })),
  ]
  examination.add(...attachmentFindings(attachments))
}

function indexOf(row: Row): FoundIndex {
  return {
    table: textOf(row['table_name']),
    name: textOf(row['name']),
    columns: columnsOf(row),
    isUnique: whole(row['non_unique']) === 0,
    isUsable: true,
  }
}

interface ServerState {
  readonly flavour: Flavour
  readonly settings: Settings
}

async function examineSize(
  examination: Examination,
  tables: readonly Row[],
  { flavour, settings }: ServerState,
): Promise<void> {
  const bytes = tables.reduce((sum, row) => sum + whole(row['data_bytes'] ?? 0) + whole(row['index_bytes'] ?? 0), 0)
  const requests = wholeOrNull(tables.find(({ name }) => name === 'requests')?.['row_count'] ?? null)
  examination.add(finding('tables.size', 'fine', { value: `${bytesText(bytes)}, about ${requests ?? 0} requests` }))
  await examineGrowth(examination, { bytes, requests, bytesFree: null })
  const poolBytes = Number(settings.get('innodb_buffer_pool_size') ?? Number.NaN)
  if (Number.isNaN(poolBytes)) return
  const rows = await examination.optionalRows(INDEX_BYTES)
  examination.add(
    judgePool({
      variable: 'innodb_buffer_pool_size',
      poolBytes,
      tableBytes: bytes,
      requestIdBytes: wholeOrNull(rows?.[0]?.['bytes'] ?? null),
      remedy: (size) => setText(flavour, 'innodb_buffer_pool_size', `${Math.ceil(size / MEBIBYTE) * MEBIBYTE}`),
    }),
  )
}
