/** The parts of the audit that every database writes differently: exact sums, and JSON lists as rows. */
import type { SqlDialect } from './dialect.ts'

/** A whole number of any size as two SQL expressions: high · 2^32 + low. */
export interface Exact {
  readonly high: string
  readonly low: string
}

/** Sums of int64 terms may be beyond int64. None of these overflows or rounds, up to 2^30 rows. */
export interface AuditDialect {
  /** The sum of expressions; 0 for none. */
  sum(terms: readonly string[]): Exact
  /** The sum of columns over the rows of a group. */
  total(columns: readonly string[]): Exact
  /** A condition. */
  same(left: Exact, right: Exact): string
  /** A condition: whether a column that a hold's end sets has a value. */
  isFilled(column: string): string
  /** A join that adds the (balance id, version) pairs of a row `r` of `requests`. */
  readonly postingKeys: { readonly join: string; readonly balanceId: string; readonly version: string }
  /** A join that adds the legs of a row `r` of `requests`; `version` is that of the rate, and null within one asset. */
  readonly legs: { readonly join: string } & Readonly<Record<LegField, string>>
  /** Fields of the hold after the step of a row `e` of `requests`: text that compares with the columns of names, or BIGINT. */
  readonly holdAfter: { text(field: StepTextField): string; whole(field: StepWholeField): string }
}

/** As `jsonText` writes them. */
type StepTextField = 'id' | 'payee' | 'state'
type StepWholeField =
  | 'number'
  | 'amount'
  | 'held'
  | 'settled'
  | 'released'
  | 'drawn'
  | 'shortfall'
  | 'refunded'
  | 'settledLate'
  | 'expiresAt'
  | 'endedAt'

/** Whole numbers are BIGINT, other fields are text that compares with the columns of names. */
type LegField =
  | 'from'
  | 'to'
  | 'asset'
  | 'amount'
  | 'toAsset'
  | 'toAmount'
  | 'version'
  | 'numerator'
  | 'denominator'
  | 'rounding'

/**
 * SQLite's `+` becomes floating point beyond int64, and its `sum()` fails. So the upper 32 bits, with their sign, and the lower 32 bits
 * have separate sums, and the carry of the lower sum is added to the upper one before a comparison.
 */
const SQLITE: AuditDialect = {
  isFilled: isNotNull,
  sum: (terms) => ({ high: plus(terms.map(upper)), low: plus(terms.map(lower)) }),
  total: (columns) => ({
    high: plus(columns.map((column) => `SUM(${upper(column)})`)),
    low: plus(columns.map((column) => `SUM(${lower(column)})`)),
  }),
  same: (left, right) =>
    `(${left.high} + ${upper(left.low)} = ${right.high} + ${upper(right.low)} AND ${lower(left.low)} = ${lower(right.low)})`,
  postingKeys: {
    join: 'CROSS JOIN json_each(r.postings) k',
    balanceId: 'k.value ->> 0',
    version: 'k.value ->> 1',
  },
  legs: {
    join: 'CROSS JOIN json_each(r.legs) l',
    from: 'l.value ->> 0',
    to: 'l.value ->> 1',
    asset: 'l.value ->> 2',
    amount: 'CAST(l.value ->> 3 AS INTEGER)',
    toAsset: 'l.value ->> 4',
    toAmount: 'CAST(l.value ->> 5 AS INTEGER)',
    version: 'l.value ->> 6',
    numerator: 'CAST(l.value ->> 7 AS INTEGER)',
    denominator: 'CAST(l.value ->> 8 AS INTEGER)',
    rounding: 'l.value ->> 9',
  },
  holdAfter: {
    text: (field) => `(e.hold_after ->> '${field}')`,
    whole: (field) => `CAST(e.hold_after ->> '${field}' AS INTEGER)`,
  },
}

function isNotNull(column: string): string {
  return `${column} IS NOT NULL`
}

function upper(term: string): string {
  return `((${term}) >> 32)`
}

function lower(term: string): string {
  return `((${term}) & 4294967295)`
}

/** On the servers SUM of BIGINT is an exact decimal, and so is every sum with it. */
const DECIMAL = {
  sum: (terms) => ({ high: '0', low: plus(terms.map((term) => `CAST(${term} AS DECIMAL(20, 0))`)) }),
  total: (columns) => ({ high: '0', low: plus(columns.map((column) => `SUM(${column})`)) }),
  same: (left, right) => `(${left.low} = ${right.low})`,
} as const satisfies Omit<AuditDialect, 'isFilled' | 'postingKeys' | 'legs' | 'holdAfter'>

function plus(terms: readonly string[]): string {
  return terms.length === 0 ? '0' : terms.join(' + ')
}

const MYSQL_NAME = 'VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin'

export const AUDIT_DIALECTS: Readonly<Record<SqlDialect, AuditDialect>> = {
  sqlite: SQLITE,
  mysql: {
    ...DECIMAL,
    isFilled: (column) => `COALESCE(${column}, 0) <> 0`,
    postingKeys: {
      join: `CROSS JOIN JSON_TABLE(r.postings, '$[*]' COLUMNS (balance_id BIGINT PATH '$[0]', version BIGINT PATH '$[1]')) k`,
      balanceId: 'k.balance_id',
      version: 'k.version',
    },
    legs: {
      join: `CROSS JOIN JSON_TABLE(r.legs, '$[*]' COLUMNS (
        from_account ${MYSQL_NAME} PATH '$[0]', to_account ${MYSQL_NAME} PATH '$[1]', asset ${MYSQL_NAME} PATH '$[2]',
        amount BIGINT PATH '$[3]', to_asset ${MYSQL_NAME} PATH '$[4]', to_amount BIGINT PATH '$[5]',
        version BIGINT PATH '$[6]', numerator BIGINT PATH '$[7]', denominator BIGINT PATH '$[8]',
        rounding ${MYSQL_NAME} PATH '$[9]')) l`,
      from: 'l.from_account',
      to: 'l.to_account',
      asset: 'l.asset',
      amount: 'l.amount',
      toAsset: 'l.to_asset',
      toAmount: 'l.to_amount',
      version: 'l.version',
      numerator: 'l.numerator',
      denominator: 'l.denominator',
      rounding: 'l.rounding',
    },
    holdAfter: {
      text: (field) => `CONVERT(JSON_VALUE(e.hold_after, '$.${field}') USING ascii) COLLATE ascii_bin`,
      whole: (field) => `CAST(JSON_VALUE(e.hold_after, '$.${field}') AS SIGNED)`,
    },
  },
  postgres: {
    ...DECIMAL,
    isFilled: isNotNull,
    postingKeys: {
      join: 'CROSS JOIN LATERAL jsonb_array_elements(CAST(r.postings AS jsonb)) AS k (pair)',
      balanceId: 'CAST(k.pair ->> 0 AS BIGINT)',
      version: 'CAST(k.pair ->> 1 AS BIGINT)',
    },
    legs: {
      join: 'CROSS JOIN LATERAL jsonb_array_elements(CAST(r.legs AS jsonb)) AS l (leg)',
      from: '(l.leg ->> 0)',
      to: '(l.leg ->> 1)',
      asset: '(l.leg ->> 2)',
      amount: 'CAST(l.leg ->> 3 AS BIGINT)',
      toAsset: '(l.leg ->> 4)',
      toAmount: 'CAST(l.leg ->> 5 AS BIGINT)',
      version: 'CAST(l.leg ->> 6 AS BIGINT)',
      numerator: 'CAST(l.leg ->> 7 AS BIGINT)',
      denominator: 'CAST(l.leg ->> 8 AS BIGINT)',
      rounding: '(l.leg ->> 9)',
    },
    holdAfter: {
      text: (field) => `(CAST(e.hold_after AS jsonb) ->> '${field}') COLLATE "C"`,
      whole: (field) => `CAST(CAST(e.hold_after AS jsonb) ->> '${field}' AS BIGINT)`,
    },
  },
}
