/** The tables of Holdfast on PostgreSQL: migrations, shape, size, and what is attached to them. */
import { postgresMigrations } from '../../stores/postgres/migrations.ts'
import { whole, wholeOrNull, type Row } from '../../stores/sql/values.ts'
import type { Examination } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { examineGrowth } from '../growth.ts'
import { judgePool } from '../memory-pool.ts'
import { examineMigrations } from '../migrations.ts'
import { bytesText, MEBIBYTE } from '../sizes.ts'
import {
  attachmentFindings,
  attachmentOf,
  columnsOf,
  shapeFindings,
  TABLE_LIST,
  type FoundIndex,
} from '../table-shape.ts'
import type { MoreSettings } from './settings.ts'
import { textOf } from '../shown-values.ts'

const TABLES = `SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes, c.reltuples::bigint AS row_count,
    has_table_privilege(c.oid, 'SELECT') AS is_readable
  FROM pg_class c WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) AND c.relname IN (${TABLE_LIST})`

const INDEXES = `SELECT t.relname AS table_name, i.relname AS name, x.indisunique AS is_unique, x.indisvalid AND x.indisready AS is_usable,
    pg_relation_size(i.oid) AS bytes,
    (SELECT string_agg(COALESCE(a.attname, ''), ',' ORDER BY k.place) FROM unnest(x.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
      LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number AND k.number > 0 WHERE k.place <= x.indnkeyatts) AS columns
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
  WHERE pg_table_is_visible(t.oid) AND t.relname IN (${TABLE_LIST})`

/** The triggers of a bridge are Holdfast's own, and keep the order of locks (src/bridge). */
const ATTACHMENTS = `SELECT 'trigger' AS kind, t.relname AS table_name, g.tgname AS name, 'runs ' || g.tgfoid::regproc::text AS text
    FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
    WHERE NOT g.tgisinternal AND pg_table_is_visible(t.oid) AND t.relname IN (${TABLE_LIST})
      AND g.tgname NOT IN ('holdfast_bridge_balances_insert', 'holdfast_bridge_balances_update')
  UNION ALL SELECT 'foreign_key', t.relname, c.conname, 'refers to ' || r.relname
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
    WHERE c.contype = 'f' AND (pg_table_is_visible(t.oid) AND t.relname IN (${TABLE_LIST}) OR pg_table_is_visible(r.oid) AND r.relname IN (${TABLE_LIST}))`

const TRANSACTION_IDS = 'SELECT age(datfrozenxid) AS age FROM pg_database WHERE datname = current_database()'

/** Whether the tables are those of this version. */
export async function examinePostgresTables(examination: Examination, more: MoreSettings): Promise<boolean> {
  const ids = await examination.rows({ name: 'transaction ids', text: TRANSACTION_IDS })
  if (ids !== null) examination.add(judgeTransactionIds(whole(ids[0]!['age'])))
  const tables = await examineMigrations(examination, TABLES, postgresMigrations())
  if (tables === null) return false
  const indexes = await examination.rows({ name: 'indexes', text: INDEXES })
  const attachments = await examination.rows({ name: 'triggers and foreign keys', text: ATTACHMENTS })
  if (indexes !== null) {
    const names = new Set(tables.map(({ name }) => textOf(name)))
    examination.add(...shapeFindings('postgres', { tables: names, indexes: indexes.map(indexOf) }))
  }
  examination.add(...attachmentFindings((attachments ?? []).map(attachmentOf)))
  await examineSize(examination, { tables, indexes: indexes ?? [], more })
  return true
}

function indexOf(row: Row): FoundIndex {
  return {
    table: textOf(row['table_name']),
    name: textOf(row['name']),
    columns: columnsOf(row),
    isUnique: row['is_unique'] === true,
    isUsable: row['is_usable'] === true,
  }
}

interface Found {
  readonly tables: readonly Row[]
  readonly indexes: readonly Row[]
  readonly more: MoreSettings
}

async function examineSize(examination: Examination, { tables, indexes, more }: Found): Promise<void> {
  const bytes = tables.reduce((sum, row) => sum + whole(row['bytes']), 0)
  const count = wholeOrNull(tables.find(({ name }) => name === 'requests')?.['row_count'] ?? null)
  // -1: the table was never analysed.
  const requests = count === null || count < 0 ? null : count
  const counted = requests === null ? '' : `, about ${requests} requests`
  examination.add(finding('tables.size', 'fine', { value: `${bytesText(bytes)}${counted}` }))
  await examineGrowth(examination, { bytes, requests, bytesFree: null })
  const poolBytes = Number(more.get('shared_buffers')) * Number(more.get('block_size'))
  if (Number.isNaN(poolBytes)) return
  examination.add(
    judgePool({
      variable: 'shared_buffers',
      poolBytes,
      tableBytes: bytes,
      requestIdBytes: wholeOrNull(indexes.find(({ name }) => name === 'requests_id')?.['bytes'] ?? null),
      remedy: (size) => `ALTER SYSTEM SET shared_buffers = '${Math.ceil(size / MEBIBYTE)}MB', then restart the server`,
    }),
  )
}

/** Autovacuum begins at 200 million; at 2,100 million the server takes no more writes. */
const AGE_ADVICE = 400_000_000
const AGE_RISK = 1_200_000_000

export function judgeTransactionIds(age: number): Finding {
  const value = `${Math.round(age / 1_000_000)} million of 2,100 million are in use`
  if (age < AGE_ADVICE) return finding('tables.transaction_ids', 'fine', { value })
  const remedy = 'VACUUM (FREEZE), after the oldest transactions, prepared transactions and replication slots are ended'
  return finding('tables.transaction_ids', age < AGE_RISK ? 'advice' : 'risk', { value, remedy })
}
