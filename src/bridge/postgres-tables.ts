/** The old tables and the ledger's as the functions of a bridge name them on PostgreSQL. */
import { escapeIdentifier, escapeLiteral } from 'pg'
import { mappedColumns, type Column, type MappedColumns } from '../import/columns.ts'
import type { SourceConnection } from '../import/connection.ts'
import { MappingError } from '../import/mapping-error.ts'
import type { Row } from '../stores/sql/values.ts'
import { aroundKey, CoinCases } from './coin-cases.ts'
import type { BridgePlan } from './plan.ts'

/** Runs one statement and returns its rows. */
export type Ask = (statement: string) => Promise<readonly Row[]>

/** A table with its schema. */
export interface TablePath {
  readonly schema: string
  readonly name: string
  /** Both, quoted. */
  readonly sql: string
}

/** A column by which an old row is found, and the type by which its index is searched. */
export interface KeyColumn {
  /** Quoted. */
  readonly sql: string
  readonly isWhole: boolean
  readonly type: 'bigint' | 'numeric' | 'text' | 'uuid'
  /** The collation of a text, as an SQL name; null for other types. */
  readonly collation: string | null
}

export interface OldTables {
  readonly plan: BridgePlan
  /** The schema of the ledger, quoted. */
  readonly ledger: string
  readonly users: TablePath
  readonly freezes: TablePath
  /** As the server spells them; the mapping may differ in upper and lower case. */
  readonly columns: MappedColumns
  readonly versionColumn: string | null
  readonly key: KeyColumn
  readonly kind: KeyColumn | null
  readonly freezeKey: KeyColumn
}

export const quoted = escapeIdentifier

export function literal(value: string | number | bigint | null): string {
  if (value === null) return 'NULL'
  return typeof value === 'string' ? escapeLiteral(value) : String(value)
}

export function literals(values: readonly (string | number | bigint | null)[]): string {
  return values.map(literal).join(', ')
}

/**
 * @param source a connection that reads the types of the old columns
 * @throws MappingError for tables that cannot be bridged
 */
export async function oldTablesOf(plan: BridgePlan, source: SourceConnection, ask: Ask): Promise<OldTables> {
  const { mapping } = plan
  const [users, freezes] = await Promise.all([
    source.table(mapping.users.table, []),
    source.table(mapping.freezes.table, []),
  ])
  const columns = mappedColumns({ users, freezes }, mapping)
  for (const column of [columns.balance, columns.frozen]) requireAmount(column)
  const version = plan.versionColumn === null ? null : users.columns.get(plan.versionColumn.toLowerCase())
  if (version !== null && version?.kind !== 'whole') {
    throw new MappingError(`${mapping.users.table}.${plan.versionColumn} must be a column of whole numbers.`)
  }
  const [key, kind] = [keyColumn(columns.userKey), columns.userAsset === null ? null : keyColumn(columns.userAsset)]
  requireAlike(columns.userKey, columns.freezeUser)
  if (columns.userAsset !== null) requireAlike(columns.userAsset, columns.freezeAsset!)
  const oddKind = [...(mapping.coins?.byKind.keys() ?? [])].find((name) => !/^-?[0-9]{1,18}$/.test(name))
  if (kind?.isWhole === true && oddKind !== undefined) {
    const name = columns.userAsset!.name
    throw new MappingError(`${mapping.users.table}.${name} has whole numbers, and "${oddKind}" is none.`)
  }
  const [session] = await ask('SELECT current_schema() AS name')
  const paths = [mapping.users.table, mapping.freezes.table].map((path) => tablePath(path, ask))
  const tables: OldTables = {
    plan,
    ledger: quoted(String(session!['name'])),
    users: await paths[0]!,
    freezes: await paths[1]!,
    columns,
    versionColumn: version?.name ?? null,
    key,
    kind,
    freezeKey: keyColumn(columns.freezeKey),
  }
  await requireUniqueIndex(tables, ask)
  return tables
}

/** The table that the session finds under this name, with the schema that it is in. */
async function tablePath(path: string, ask: Ask): Promise<TablePath> {
  const name = path.split('.').map(quoted).join('.')
  const [row] = await ask(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AS is_lasting,
       c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS has_children
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(${literal(name)})`,
  )
  if (row === undefined) throw new MappingError(`There is no table ${path}.`)
  if (row['is_lasting'] !== true) throw new MappingError(`${path} must be a table that is logged: triggers follow it.`)
  if (row['has_children'] === true) {
    throw new MappingError(`${path} has tables that inherit from it, whose rows fire other triggers.`)
  }
  const [schema, table] = [String(row['schema']), String(row['name'])]
  return { schema, name: table, sql: `${quoted(schema)}.${quoted(table)}` }
}

function requireAmount({ name, declared, kind }: Column): void {
  if (kind === 'whole' || kind === 'decimal') return
  throw new MappingError(
    `${name} is ${declared}: a bridge needs whole numbers or decimals, because it writes the column.`,
  )
}

function keyColumn({ name, declared, kind, collation, range }: Column): KeyColumn {
  const sql = quoted(name)
  if (kind === 'whole') return { sql, isWhole: true, type: range === null ? 'numeric' : 'bigint', collation: null }
  if (kind === 'uuid') return { sql, isWhole: false, type: 'uuid', collation: null }
  // The functions compare texts as text, which is another comparison than that of citext or char.
  if (kind !== 'text' || !/^(?:text|character varying)\b/.test(declared)) {
    throw new MappingError(`${name} is ${declared}: a bridge finds rows by whole numbers, text, varchar or uuid.`)
  }
  return { sql, isWhole: false, type: 'text', collation }
}

/** A trigger of the log looks for the user by the log's column. */
function requireAlike(user: Column, freeze: Column): void {
  const of = ({ type }: KeyColumn): string => (type === 'numeric' ? 'bigint' : type)
  if (of(keyColumn(user)) === of(keyColumn(freeze))) return
  throw new MappingError(
    `${user.name} is ${user.declared} and ${freeze.name} is ${freeze.declared}: a bridge needs one type.`,
  )
}

/** Without one, two rows could be one user, and rows would not be found by their keys. */
async function requireUniqueIndex({ users, columns }: OldTables, ask: Ask): Promise<void> {
  const wanted = [columns.userKey, ...(columns.userAsset === null ? [] : [columns.userAsset])].map(({ name }) => name)
  const rows = await ask(
    `SELECT (SELECT string_agg(a.attname, ',' ORDER BY a.attname COLLATE "C") FROM pg_attribute a
         WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey) AND a.attnotnull) AS columns
     FROM pg_index x WHERE x.indrelid = ${literal(users.sql)}::regclass AND x.indisunique AND x.indisvalid AND x.indimmediate
       AND x.indpred IS NULL AND x.indexprs IS NULL AND x.indnkeyatts = ${wanted.length} AND x.indnatts = x.indnkeyatts`,
  )
  if (rows.some((row) => row['columns'] === wanted.toSorted().join(','))) return
  throw new MappingError(
    `${users.schema}.${users.name} has no unique index of exactly (${wanted.join(', ')}), NOT NULL: a bridge locks its rows by it.`,
  )
}

/** A text of a link as a value of the column, compared as the column is. */
export function valueOf({ type, collation }: KeyColumn, text: string): string {
  return `${text}::${type}${collation === null ? '' : ` COLLATE ${collation}`}`
}

/** As names of accounts are compared, whatever the collation of the column. */
export function textOf(column: string): string {
  return `(${column})::text COLLATE "C"`
}

/** NULL for a key that makes no name of an account: such a user is not bridged. @param key a text */
export function accountNamed({ mapping }: BridgePlan, key: string): string {
  const [before, after] = aroundKey(mapping)
  const name = `(${literal(before)} || ${key} || ${literal(after)})`
  // The longest name has 128 characters, all of them printable ASCII.
  return `(CASE WHEN ${key} ~ '^[!-~]([ -~]*[!-~])?$' AND length(${name}) <= 128 THEN ${name} END)`
}

/** Expressions over an old row. @param row `NEW`, `OLD`, or the alias of a table */
export class OldRow {
  readonly #tables: OldTables
  readonly #row: string

  constructor(tables: OldTables, row: string) {
    this.#tables = tables
    this.#row = row
  }

  get account(): string {
    return accountNamed(this.#tables.plan, this.key)
  }

  get key(): string {
    return textOf(`${this.#row}.${this.#tables.key.sql}`)
  }

  /** An empty text without kinds. */
  get kind(): string {
    const { kind } = this.#tables
    return kind === null ? `''` : textOf(`${this.#row}.${kind.sql}`)
  }

  /** NULL for a kind of coins that is not mapped. */
  get asset(): string {
    return coinCases(this.#tables).byKind(this.kind, ({ asset }) => literal(asset))
  }

  /** In minor units, with decimal places where there are any. */
  get available(): string {
    const { balance } = this.#tables.columns
    const isTotal = this.#tables.plan.mapping.balanceMeans === 'total'
    return isTotal ? `(${this.#amount(balance)} - ${this.frozen})` : this.#amount(balance)
  }

  get frozen(): string {
    return this.#amount(this.#tables.columns.frozen)
  }

  #amount({ name }: Column): string {
    return inMinorUnits(this.#tables, `${this.#row}.${quoted(name)}`, this.kind)
  }
}

/** @param column an amount. @param kind the kind of its coins */
export function inMinorUnits(tables: OldTables, column: string, kind: string): string {
  const units = coinCases(tables).byKind(kind, ({ scale }) => String(10n ** BigInt(scale)))
  return `(${column}::numeric * ${units})`
}

export function coinCases({ plan }: Pick<OldTables, 'plan'>): CoinCases {
  return new CoinCases(plan.mapping, literal)
}

/** Rows of the log of freezes. @param row the alias of the table */
export function openFreezesSql(tables: OldTables, row: string): { readonly kind: string; readonly isOpen: string } {
  const { columns, plan } = tables
  const kind = columns.freezeAsset === null ? `''` : textOf(`${row}.${quoted(columns.freezeAsset.name)}`)
  const isOpen = `${textOf(`${row}.${quoted(columns.status.name)}`)} IN (${literals(plan.mapping.openStatuses)})`
  return { kind, isOpen }
}
