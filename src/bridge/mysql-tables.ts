/** The old tables and the ledger's as the routines of a bridge name them on MySQL and MariaDB. */
import { MappingError } from '../import/mapping-error.ts'
import { mappedColumns, type Column } from '../import/columns.ts'
import type { Coin } from '../import/mapping.ts'
import type { SourceConnection } from '../import/connection.ts'
import { literal } from '../stores/mysql/literals.ts'
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

/** A column by which an old row is found, and how a text becomes a value that its index can be searched for. */
export interface KeyColumn {
  /** Quoted. */
  readonly sql: string
  readonly isWhole: boolean
  /** The type of a local variable with a value of the column. */
  readonly variable: string
}

export interface OldTables {
  readonly plan: BridgePlan
  /** The schema of the ledger, quoted. */
  readonly ledger: string
  readonly users: TablePath
  readonly freezes: TablePath
  readonly isFreezeKeyWhole: boolean
  readonly key: KeyColumn
  readonly kind: KeyColumn | null
  /** The unique index that has the key, quoted: rows are locked in its order. */
  readonly index: string
  /** The column of the balance, quoted: it is outside of that index. */
  readonly balance: string
}

export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/**
 * @param source a connection that reads the types of the old columns
 * @throws MappingError for tables that cannot be bridged
 */
export async function oldTablesOf(plan: BridgePlan, source: SourceConnection, ask: Ask): Promise<OldTables> {
  const { mapping, versionColumn } = plan
  const [users, freezes] = await Promise.all([
    source.table(mapping.users.table, []),
    source.table(mapping.freezes.table, []),
  ])
  const columns = mappedColumns({ users, freezes }, mapping)
  for (const column of [columns.balance, columns.frozen]) requireAmount(column)
  if (versionColumn !== null && users.columns.get(versionColumn.toLowerCase())?.kind !== 'whole') {
    throw new MappingError(`${mapping.users.table}.${versionColumn} must be a column of whole numbers.`)
  }
  const oddKind = [...(mapping.coins?.byKind.keys() ?? [])].find((name) => !/^-?[0-9]{1,18}$/.test(name))
  if (columns.userAsset?.kind === 'whole' && oddKind !== undefined) {
    throw new MappingError(
      `${mapping.users.table}.${columns.userAsset.name} has whole numbers, and "${oddKind}" is none.`,
    )
  }
  const [session] = await ask('SELECT DATABASE() AS name')
  const ledger = String(session!['name'])
  const pathOf = (path: string): TablePath => {
    const [name, schema = ledger] = path.split('.').toReversed() as [string, string?]
    return { schema, name, sql: `${quoted(schema)}.${quoted(name)}` }
  }
  const usersPath = pathOf(mapping.users.table)
  const keys = [columns.userKey, ...(columns.userAsset === null ? [] : [columns.userAsset])]
  const tables: OldTables = {
    plan,
    ledger: quoted(ledger),
    users: usersPath,
    freezes: pathOf(mapping.freezes.table),
    isFreezeKeyWhole: columns.freezeKey.kind === 'whole',
    key: keyColumn(columns.userKey),
    kind: columns.userAsset === null ? null : keyColumn(columns.userAsset),
    balance: quoted(columns.balance.name),
    index: quoted(await uniqueIndexOf(usersPath, keys, ask)),
  }
  await refuseCascades(tables, ask)
  return tables
}

function requireAmount({ name, declared, kind }: Column): void {
  if (kind === 'whole' || kind === 'decimal') return
  throw new MappingError(
    `${name} is ${declared}: a bridge needs whole numbers or decimals, because it writes the column.`,
  )
}

function keyColumn({ name, declared, kind, collation, range }: Column): KeyColumn {
  if (kind === 'whole') {
    const variable = range === null ? 'DECIMAL(65, 0)' : declared.includes('unsigned') ? 'BIGINT UNSIGNED' : 'BIGINT'
    return { sql: quoted(name), isWhole: true, variable }
  }
  if (kind !== 'text' || collation === null) {
    throw new MappingError(`${name} is ${declared}: a bridge finds users by whole numbers or texts.`)
  }
  const charset = collation.split('_', 1)[0]!
  return { sql: quoted(name), isWhole: false, variable: `VARCHAR(191) CHARACTER SET ${charset} COLLATE ${collation}` }
}

/** The primary key where it fits, because rows are then locked without a second look-up. */
async function uniqueIndexOf({ schema, name }: TablePath, keys: readonly Column[], ask: Ask): Promise<string> {
  const rows = await ask(
    `SELECT INDEX_NAME AS name, GROUP_CONCAT(LOWER(COLUMN_NAME) ORDER BY SEQ_IN_INDEX) AS columns,
       MAX(NULLABLE = 'YES') AS nullable, MAX(SUB_PART IS NOT NULL) AS cut
     FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(name)} AND NON_UNIQUE = 0
     GROUP BY INDEX_NAME ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME`,
  )
  const wanted = keys.map((column) => column.name.toLowerCase())
  const found = rows.find(
    (row) => String(row['columns']) === wanted.join(',') && Number(row['nullable']) === 0 && Number(row['cut']) === 0,
  )
  if (found !== undefined) return String(found['name'])
  throw new MappingError(
    `${schema}.${name} has no unique index of exactly (${wanted.join(', ')}), NOT NULL: a bridge locks its rows by it.`,
  )
}

/** Rows that a foreign key changes fire no trigger. */
async function refuseCascades({ users }: OldTables, ask: Ask): Promise<void> {
  const rows = await ask(
    `SELECT CONSTRAINT_NAME AS name FROM information_schema.REFERENTIAL_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = ${literal(users.schema)} AND TABLE_NAME = ${literal(users.name)}
       AND (UPDATE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR DELETE_RULE IN ('CASCADE', 'SET NULL', 'SET DEFAULT'))`,
  )
  if (rows.length === 0) return
  throw new MappingError(
    `The foreign key ${String(rows[0]!['name'])} changes or deletes rows of ${users.name} by itself, which no trigger sees. Make it RESTRICT first.`,
  )
}

export function textOf(column: string): string {
  return `CAST(${column} AS CHAR CHARACTER SET utf8mb4)`
}

/** NULL for a key that makes no name of an account: such a user is not bridged. @param key a text */
export function accountNamed({ mapping }: BridgePlan, key: string): string {
  const [before, after] = aroundKey(mapping)
  const name = `CONCAT(${literal(before)}, ${key}, ${literal(after)})`
  // The longest name has 128 characters, all of them printable ASCII.
  return `IF(${key} REGEXP '^[!-~]([ -~]*[!-~])?$' AND CHAR_LENGTH(${name}) <= 128, CONVERT(${name} USING ascii), NULL)`
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
    return byKind(this.#tables, this.kind, ({ asset }) => literal(asset))
  }

  /** In minor units, with 18 decimal places to see whether there are any. */
  get available(): string {
    const { balance } = this.#tables.plan.mapping.users
    const isTotal = this.#tables.plan.mapping.balanceMeans === 'total'
    return isTotal ? `(${this.#amount(balance)} - ${this.frozen})` : this.#amount(balance)
  }

  get frozen(): string {
    return this.#amount(this.#tables.plan.mapping.users.frozen)
  }

  #amount(column: string): string {
    const units = byKind(this.#tables, this.kind, ({ scale }) => String(10n ** BigInt(scale)))
    return `CAST(${this.#row}.${quoted(column)} AS DECIMAL(47, 18)) * ${units}`
  }
}

/** What depends on the kind of coins. @param kind an expression */
export function byKind({ plan }: OldTables, kind: string, of: (coin: Coin) => string): string {
  return new CoinCases(plan.mapping, literal).byKind(kind, of)
}

/** The same by the asset, which is another one for each kind. */
export function byAsset({ plan }: OldTables, asset: string, of: (coin: Coin) => string): string {
  return new CoinCases(plan.mapping, literal).byAsset(asset, of)
}
