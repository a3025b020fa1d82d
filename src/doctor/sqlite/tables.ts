/** The tables of Holdfast in an SQLite file: migrations, shape, size, and what is attached to them. */
import { whole, type Row } from '../../stores/sql/values.ts'
import { sqliteMigrations } from '../../stores/sqlite/migrations.ts'
import type { Examination } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { examineGrowth } from '../growth.ts'
import { examineMigrations } from '../migrations.ts'
import { bytesText, MEBIBYTE } from '../sizes.ts'
import {
  attachmentFindings,
  attachmentOf,
  columnsOf,
  shapeFindings,
  TABLE_LIST,
  type Attachment,
  type FoundIndex,
} from '../table-shape.ts'
import { textOf } from '../shown-values.ts'

const TABLES = `SELECT name FROM sqlite_master WHERE type = 'table' AND name IN (${TABLE_LIST})`

/** A primary key of one integer has no index: it is the number of the row. */
const INDEXES = `SELECT m.name AS table_name, l.name AS name, l."unique" AS is_unique,
    (SELECT group_concat(COALESCE(i.name, ''), ',') FROM pragma_index_info(l.name) AS i) AS columns
  FROM sqlite_master AS m JOIN pragma_index_list(m.name) AS l WHERE m.type = 'table' AND m.name IN (${TABLE_LIST})
  UNION ALL SELECT m.name, 'PRIMARY KEY', 1,
    (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_table_info(m.name) WHERE pk > 0 ORDER BY pk))
  FROM sqlite_master AS m WHERE m.type = 'table' AND m.name IN (${TABLE_LIST})`

const ATTACHMENTS = `SELECT 'trigger' AS kind, tbl_name AS table_name, name, 'runs ' || substr(sql, 1, 120) AS text
    FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (${TABLE_LIST})
  UNION ALL SELECT 'foreign_key', m.name, f."from", 'refers to ' || f."table"
    FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f
    WHERE m.type = 'table' AND (m.name IN (${TABLE_LIST}) OR f."table" IN (${TABLE_LIST}))`

const PAGES = `SELECT page_size, page_count, freelist_count
  FROM pragma_page_size, pragma_page_count, pragma_freelist_count`

export interface Room {
  /** Of the file and its log. */
  readonly bytes: number
  /** On the disk. */
  readonly bytesFree: number
}

/** Whether the tables are those of this version. */
export async function examineSqliteTables(examination: Examination, room: Room): Promise<boolean> {
  const tables = await examineMigrations(examination, TABLES, sqliteMigrations())
  if (tables === null) return false
  const indexes = await examination.rows({ name: 'indexes', text: INDEXES })
  const attachments = await examination.rows({ name: 'triggers and foreign keys', text: ATTACHMENTS })
  const pages = await examination.rows({ name: 'pages', text: PAGES })
  if (indexes !== null) {
    const names = new Set(tables.map(({ name }) => textOf(name)))
    examination.add(...shapeFindings('sqlite', { tables: names, indexes: indexes.map(indexOf) }))
  }
  examination.add(...attachmentFindings((attachments ?? []).map(attachmentOf).map(onOneLine)))
  examination.add(finding('tables.size', 'fine', { value: `${bytesText(room.bytes)} with the log` }))
  await examineGrowth(examination, { bytes: room.bytes, requests: null, bytesFree: room.bytesFree })
  if (pages !== null) examination.add(judgePages(pages[0]!))
  return true
}

/** The text of a trigger can have lines. */
function onOneLine(attachment: Attachment): Attachment {
  return { ...attachment, text: attachment.text.replaceAll(/\s+/g, ' ') }
}

function indexOf(row: Row): FoundIndex {
  return {
    table: textOf(row['table_name']),
    name: textOf(row['name']),
    columns: columnsOf(row),
    isUnique: whole(row['is_unique']) === 1,
    isUsable: true,
  }
}

const UNUSED_BYTES_ADVICE = 100 * MEBIBYTE
const UNUSED_SHARE_ADVICE = 0.25

export function judgePages(row: Row): Finding {
  const [pageBytes, all, unused] = [whole(row['page_size']), whole(row['page_count']), whole(row['freelist_count'])]
  const value = `${bytesText(unused * pageBytes)} of ${bytesText(all * pageBytes)} in pages of ${bytesText(pageBytes)}`
  const isMuch = unused * pageBytes >= UNUSED_BYTES_ADVICE && unused >= all * UNUSED_SHARE_ADVICE
  if (!isMuch) return finding('file.pages', 'fine', { value })
  return finding('file.pages', 'advice', { value, remedy: 'While no service runs: sqlite3 FILE VACUUM' })
}
