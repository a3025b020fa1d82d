/** The tables and indexes that the migrations make, and what else is attached to them. */
import type { StoreKind } from '../stores/open.ts'
import type { Row } from '../stores/sql/values.ts'
import { finding, type Finding } from './finding.ts'
import { textOf } from './shown-values.ts'

type ServerKind = Exclude<StoreKind, 'memory'>

interface Key {
  readonly columns: readonly string[]
  readonly isUnique: boolean
}

const unique = (...columns: readonly string[]): Key => ({ columns, isUnique: true })
const plain = (...columns: readonly string[]): Key => ({ columns, isUnique: false })

/** A test compares it with the tables that were just migrated, on every kind of database. */
const TABLES: Readonly<Record<string, readonly Key[]>> = {
  accounts: [unique('account')],
  actors: [unique('number'), unique('key_number', 'address', 'key_name')],
  api_keys: [unique('number'), unique('name')],
  assets: [unique('code')],
  balances: [unique('id'), unique('account', 'asset', 'stripe')],
  commits: [unique('number')],
  feed: [unique('position')],
  hold_changes: [unique('hold_seq', 'number')],
  house_accounts: [unique('account')],
  journal: [unique('balance_id', 'first_version')],
  migrations: [unique('number')],
  rates: [unique('from_asset', 'to_asset', 'version')],
  requests: [unique('seq'), unique('id'), plain('expires_at'), plain('hold_seq')],
  standings: [unique('account')],
}

/** A file of SQLite has the feed only. */
function tablesOf(kind: ServerKind): readonly string[] {
  return Object.keys(TABLES).filter((table) => kind !== 'sqlite' || table !== 'commits')
}

export function isTableOfHoldfast(table: string): boolean {
  return Object.hasOwn(TABLES, table)
}

/** The tables of Holdfast, for a list in a statement: their names have letters and underscores only. */
export const TABLE_NAMES: ReadonlySet<string> = new Set(Object.keys(TABLES))
export const TABLE_LIST = [...TABLE_NAMES].map((table) => `'${table}'`).join(', ')

export interface FoundIndex {
  readonly table: string
  readonly name: string
  /** In their order; null for an expression. */
  readonly columns: readonly (string | null)[]
  readonly isUnique: boolean
  /** False for one that the server does not use: invalid, or invisible. */
  readonly isUsable: boolean
}

/** Of an index, from a row whose `columns` are separated by commas; an expression has no name. */
export function columnsOf({ columns }: Row): FoundIndex['columns'] {
  return textOf(columns)
    .split(',')
    .map((column) => (column === '' ? null : column))
}

export interface ShapeFound {
  readonly tables: ReadonlySet<string>
  readonly indexes: readonly FoundIndex[]
}

/** @param kind with SQLite, the row id of a table serves as an index of its first key */
export function shapeFindings(kind: ServerKind, { tables, indexes }: ShapeFound): readonly Finding[] {
  const missing = tablesOf(kind).filter((table) => !tables.has(table))
  const there = tablesOf(kind).filter((table) => tables.has(table))
  const findings = [
    ...missing.map((table) =>
      finding('tables.missing', 'broken', {
        subject: table,
        value: table,
        remedy: 'Restore the table from a backup, and run: holdfast verify --store URL',
      }),
    ),
    ...there.flatMap((table) => missingIndexes(table, indexes)),
    ...indexes.filter((index) => there.includes(index.table)).flatMap((index) => extraIndex(index)),
  ]
  if (findings.length > 0) return findings
  return [finding('tables.shape', 'fine', { value: 'all tables and indexes are there, and no others on them' })]
}

function missingIndexes(table: string, indexes: readonly FoundIndex[]): readonly Finding[] {
  const lost = TABLES[table]!.filter(
    (key) => !indexes.some((index) => index.table === table && index.isUsable && serves(index, key)),
  )
  return lost.map((key) => {
    const columns = key.columns.join(', ')
    return finding('tables.index_missing', key.isUnique ? 'broken' : 'risk', {
      subject: `${table} (${columns})`,
      value: `${key.isUnique ? 'unique ' : ''}index of ${table} (${columns})`,
      remedy: `CREATE ${key.isUnique ? 'UNIQUE ' : ''}INDEX ${table}_${key.columns.join('_')} ON ${table} (${columns})`,
    })
  })
}

function serves(index: FoundIndex, key: Key): boolean {
  return index.columns.join() === key.columns.join() && (index.isUnique || !key.isUnique)
}

function extraIndex(index: FoundIndex): readonly Finding[] {
  const { table, name, columns } = index
  if (TABLES[table]!.some((key) => serves(index, key))) return []
  return [
    finding('tables.index_extra', 'advice', {
      subject: `${table}.${name}`,
      value: `${name} on ${table} (${columns.map((column) => column ?? 'an expression').join(', ')})`,
      remedy: `If no report of yours needs it: DROP INDEX ${name}`,
    }),
  ]
}

/** A trigger on a table of Holdfast, or a foreign key from or to one. */
export interface Attachment {
  readonly kind: 'trigger' | 'foreign_key'
  readonly table: string
  readonly name: string
  /** What it does, in the words of the server. */
  readonly text: string
}

/** From a row with `kind`, `table_name`, `name` and `text`. */
export function attachmentOf({ kind, table_name, name, text }: Row): Attachment {
  return {
    kind: kind === 'trigger' ? 'trigger' : 'foreign_key',
    table: textOf(table_name),
    name: textOf(name),
    text: textOf(text),
  }
}

export function attachmentFindings(attachments: readonly Attachment[]): readonly Finding[] {
  return attachments.map(({ kind, table, name, text }) =>
    finding(kind === 'trigger' ? 'tables.trigger' : 'tables.foreign_key', 'risk', {
      subject: `${table}.${name}`,
      value: `${name} on ${table}: ${text}`,
      remedy:
        kind === 'trigger'
          ? 'Remove the trigger; read the feed of all entries instead (holdfast entries --follow).'
          : 'Remove the foreign key; keep the name of the account in a table of your own without one.',
    }),
  )
}
