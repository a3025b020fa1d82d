/**
 * The laws as SQL: one statement for every check, whose rows are those that break the law.
 *
 * Each statement reads its tables once, joins by primary key or sorts, and keeps at most one row per balance in memory. An entry is known
 * by the number of its request and its kind, which is cheaper than its id; the ids are looked up for the rows that are shown. A comparison
 * that is NULL counts as a broken law.
 */
import { EXCHANGE } from '../../domain/ids.ts'
import type { AuditCheckId } from '../audit-checks.ts'
import type { AuditDialect, Exact } from './audit-dialects.ts'
import {
  alteredHolds,
  halfOpenHolds,
  holdsThatMovedOtherwise,
  KIND_OF_END,
  leakingHolds,
  miscountedChanges,
} from './audit-hold-statements.ts'
import { shown, unless } from './audit-terms.ts'

/** @param rowsMax how many of the rows are returned */
type Statement = (dialect: AuditDialect, rowsMax: number) => string

export const AUDIT_STATEMENTS: Readonly<Record<AuditCheckId, Statement>> = {
  '1a': unbalancedEntries,
  '1b': unbalancedAssets,
  '1c': exchangesThatMovedOtherwise,
  '1d': unknownRates,
  '2a': (_, rowsMax) => `SELECT ${BALANCE} FROM balances b WHERE b.held < 0 LIMIT ${rowsMax}`,
  '2b': overdrawnBalances,
  '2c': miscountedHolds,
  '2d': undueDebts,
  // The range of names is that of `isHouse`.
  '2e': (_, rowsMax) => `SELECT ${BALANCE} FROM balances b
    WHERE b.account >= '@' AND b.account < 'A' AND NOT EXISTS (SELECT 1 FROM house_accounts h WHERE h.account = b.account)
    LIMIT ${rowsMax}`,
  '2f': strayedStandings,
  '3a': miscountedPostings,
  '3b': strayedBalances,
  '3c': brokenChains,
  '3d': unknownActors,
  '4a': missingPostings,
  '4b': unnamedPostings,
  '4c': unreadableIds,
  '5a': leakingHolds,
  '5b': halfOpenHolds,
  '5c': holdsThatMovedOtherwise,
  '5d': miscountedChanges,
  '5e': alteredHolds,
}

const BALANCE = `b.id AS balance, b.account AS account, b.asset AS asset,
  b.available AS available, b.held AS held, b.floor AS floor, b.debt AS debt,
  b.version AS version`

/**
 * Rows of entries with their ids. An entry of no request has an empty one.
 *
 * @param broken a statement with the columns `seq` and `kind`
 */
function withEntry(broken: string, columns: readonly string[], rowsMax: number): string {
  return `SELECT COALESCE(CASE WHEN r.kind = 'freeze' AND v.kind <> 'freeze' THEN CONCAT(i.id, '~', v.kind) ELSE i.id END, '') AS entry,
      v.seq AS seq, ${columns.map((column) => `v.${column} AS ${column}`).join(', ')}
    FROM (${broken} LIMIT ${rowsMax}) v LEFT JOIN requests r ON r.seq = v.seq LEFT JOIN request_ids i ON i.seq = v.seq`
}

function unbalancedEntries({ total, sum, same, selectGroups, once, lines }: AuditDialect, rowsMax: number): string {
  const line = lines('j')
  const moved = total(['l.available_delta', 'l.held_delta'])
  const broken = `${selectGroups} l.seq AS seq, l.kind AS kind, COALESCE(l.asset, '') AS asset, ${shown('sum', moved)}
    FROM (${once(`SELECT ${line.seq} AS seq, ${line.kind} AS kind, b.asset AS asset,
        ${line.availableDelta} AS available_delta, ${line.heldDelta} AS held_delta
      FROM journal j LEFT JOIN balances b ON b.id = j.balance_id ${line.join}`)}) l
    GROUP BY l.seq, l.kind, l.asset
    HAVING ${unless(same(moved, sum([])))}`
  return withEntry(broken, ['asset', 'sum_high', 'sum_low'], rowsMax)
}

function unbalancedAssets({ total, sum, same }: AuditDialect, rowsMax: number): string {
  const coins = total(['b.available', 'b.held'])
  return `SELECT b.asset AS asset, ${shown('sum', coins)} FROM balances b
    GROUP BY b.asset
    HAVING ${unless(same(coins, sum([])))}
    LIMIT ${rowsMax}`
}

/**
 * By account, because every engine writes a stripe of `@exchange` of its own. Additions and subtractions have separate columns: the lowest
 * int64 cannot be negated.
 */
function exchangesThatMovedOtherwise(dialect: AuditDialect, rowsMax: number): string {
  const { total, sum, same, selectGroups, once, lines, legs } = dialect
  const line = lines('j')
  const [more, less] = [total(['t.more']), total(['t.less'])]
  const left: Exact = { high: `(${more.high}) - (${less.high})`, low: `(${more.low}) - (${less.low})` }
  const movements = (account: string, asset: string, amounts: string, where = ''): string =>
    `SELECT r.seq AS seq, ${account} AS account, ${asset} AS asset, ${amounts} FROM requests r ${legs.join}
      WHERE r.legs IS NOT NULL ${where}`
  const across = `AND ${legs.version} IS NOT NULL`
  const broken = `${selectGroups} t.seq AS seq, 'transfer' AS kind, t.account AS account, t.asset AS asset, ${shown('sum', left)} FROM (
      ${movements(legs.from, legs.asset, `${legs.amount} AS more, 0 AS less`)}
      UNION ALL
      ${movements(legs.to, legs.toAsset, `0, ${legs.toAmount}`)}
      UNION ALL
      ${movements(`'${EXCHANGE}'`, legs.asset, `0, ${legs.amount}`, across)}
      UNION ALL
      ${movements(`'${EXCHANGE}'`, legs.toAsset, `${legs.toAmount}, 0`, across)}
      UNION ALL
      SELECT r.seq, COALESCE(l.account, ''), COALESCE(l.asset, ''), l.available_delta, 0
      FROM (${once(`SELECT ${line.seq} AS seq, b.account AS account, b.asset AS asset,
          ${line.availableDelta} AS available_delta
        FROM journal j LEFT JOIN balances b ON b.id = j.balance_id ${line.join} WHERE ${line.kind} = 'transfer'`)}) l
      CROSS JOIN requests r
      WHERE r.seq = l.seq AND r.legs IS NOT NULL
    ) t
    GROUP BY t.seq, t.account, t.asset
    HAVING ${unless(same(left, sum([])))}`
  return withEntry(broken, ['account', 'asset', 'sum_high', 'sum_low'], rowsMax)
}

function unknownRates({ legs }: AuditDialect, rowsMax: number): string {
  const broken = `SELECT DISTINCT r.seq AS seq, r.kind AS kind, ${legs.asset} AS asset, ${legs.toAsset} AS to_asset,
      ${legs.version} AS version
    FROM requests r ${legs.join}
    LEFT JOIN rates e ON e.from_asset = ${legs.asset} AND e.to_asset = ${legs.toAsset} AND e.version = ${legs.version}
    WHERE r.legs IS NOT NULL AND ${legs.version} IS NOT NULL AND ${unless(
      `e.numerator = ${legs.numerator} AND e.denominator = ${legs.denominator} AND e.rounding = ${legs.rounding}`,
    )}`
  return withEntry(broken, ['asset', 'to_asset', 'version'], rowsMax)
}

/** A debt is exactly what a balance is below its floor. */
function overdrawnBalances({ sum, same }: AuditDialect, rowsMax: number): string {
  const owes = same(sum(['b.available', 'b.debt']), sum(['b.floor']))
  const isSound = `CASE WHEN b.available < b.floor THEN b.debt > 0 AND ${owes} ELSE b.debt = 0 END`
  return `SELECT ${BALANCE} FROM balances b WHERE ${unless(isSound)} LIMIT ${rowsMax}`
}

function undueDebts(_: AuditDialect, rowsMax: number): string {
  return `SELECT ${BALANCE} FROM balances b
    LEFT JOIN (SELECT DISTINCT r.balance_id AS balance_id FROM requests r WHERE r.kind = 'charge' AND r.overdraft = 1) o
      ON o.balance_id = b.id
    WHERE b.debt > 0 AND o.balance_id IS NULL
    LIMIT ${rowsMax}`
}

function strayedStandings(_: AuditDialect, rowsMax: number): string {
  const stands = `s.standing = b.standing AND COALESCE(s.successor, '') = COALESCE(b.successor, '')
    AND CONCAT(' ', s.assets, ' ') LIKE CONCAT('% ', b.asset, ' %')`
  return `SELECT ${BALANCE} FROM balances b
    LEFT JOIN standings s ON s.account = b.account
    WHERE CASE WHEN b.account >= '@' AND b.account < 'A' THEN b.standing <> 0 ELSE ${unless(stands)} END
    LIMIT ${rowsMax}`
}

/** A hold that nothing has happened to holds what it froze; any other one, what it held after its last change. */
function miscountedHolds({ total, sum, same }: AuditDialect, rowsMax: number): string {
  const counted: Exact = { high: 'COALESCE(h.sum_high, 0)', low: 'COALESCE(h.sum_low, 0)' }
  return `SELECT ${BALANCE} FROM balances b LEFT JOIN (
      SELECT o.balance_id AS balance_id, ${shown('sum', total(['o.held']))} FROM (
        SELECT r.balance_id AS balance_id, r.amount AS held FROM requests r
        WHERE r.kind = 'freeze' AND NOT EXISTS (SELECT 1 FROM hold_changes n WHERE n.hold_seq = r.seq)
        UNION ALL
        SELECT r.balance_id, c.held FROM hold_changes c CROSS JOIN requests r
        WHERE c.state = 'open' AND r.seq = c.hold_seq AND r.kind = 'freeze'
          AND NOT EXISTS (SELECT 1 FROM hold_changes n WHERE n.hold_seq = c.hold_seq AND n.number > c.number)
      ) o GROUP BY o.balance_id
    ) h ON h.balance_id = b.id
    WHERE ${unless(same(counted, sum(['b.held'])))}
    LIMIT ${rowsMax}`
}

/** Each run begins where the one before it ended, and has a line for each of its versions. */
function miscountedPostings({ lineCount }: AuditDialect, rowsMax: number): string {
  const isNext = `j.first_version = COALESCE(j.version_before, 0) + 1 AND j.last_version >= j.first_version
    AND j.line_count = j.last_version - j.first_version + 1`
  return `WITH counted AS (
      SELECT j.balance_id AS balance_id, SUM(j.line_count) AS postings, MAX(j.last_version) AS highest,
        SUM(CASE WHEN ${isNext} THEN 0 ELSE 1 END) AS misplaced
      FROM (
        SELECT j.balance_id, j.first_version, j.last_version, ${lineCount('j')} AS line_count,
          LAG(j.last_version) OVER (PARTITION BY j.balance_id ORDER BY j.first_version) AS version_before
        FROM journal j
      ) j
      GROUP BY j.balance_id
    )
    SELECT b.id AS balance, b.account AS account, b.asset AS asset, b.version AS version,
      COALESCE(c.postings, 0) AS postings
    FROM balances b LEFT JOIN counted c ON c.balance_id = b.id
    WHERE ${unless('c.misplaced = 0 AND c.highest = b.version')}
    UNION ALL
    SELECT c.balance_id, '', '', 0, c.postings
    FROM counted c LEFT JOIN balances b ON b.id = c.balance_id
    WHERE b.id IS NULL
    LIMIT ${rowsMax}`
}

/** A balance without a run is reported by 3a. With CROSS JOIN, SQLite reads the shorter table first. */
function strayedBalances(_: AuditDialect, rowsMax: number): string {
  return `SELECT ${BALANCE} FROM balances b CROSS JOIN journal j
    WHERE j.balance_id = b.id
      AND j.first_version = (SELECT m.first_version FROM journal m WHERE m.balance_id = b.id ORDER BY m.balance_id DESC, m.first_version DESC LIMIT 1)
      AND (j.available <> b.available OR j.held <> b.held)
    LIMIT ${rowsMax}`
}

/** A run that does not begin where the one before it ended is reported by 3a. */
function brokenChains({ sum, total, same, selectGroups, once, lines }: AuditDialect, rowsMax: number): string {
  const line = lines('j')
  const movedOf = (amount: string): string => shown(`${amount}_moved`, total([`l.${amount}_delta`]))
  const before = (amount: string): string => `COALESCE(LAG(s.${amount}) OVER before_it, 0) AS ${amount}_before`
  const follows = (amount: string): string => {
    const { high, low } = sum([`s.${amount}_before`])
    return same(
      { high: `s.${amount}_moved_high + ${high}`, low: `s.${amount}_moved_low + ${low}` },
      sum([`s.${amount}`]),
    )
  }
  const isWhole = 's.whole_lines = s.last_version - s.first_version + 1'
  return `SELECT s.balance_id AS balance, s.first_version AS first_version, s.last_version AS last_version,
      s.available AS available, s.held AS held
    FROM (
      SELECT s.*, ${before('last_version')}, ${before('available')}, ${before('held')}
      FROM (
        ${selectGroups} l.balance_id AS balance_id, l.first_version AS first_version, MAX(l.last_version) AS last_version,
          MAX(l.available) AS available, MAX(l.held) AS held, COUNT(CASE WHEN l.held_delta IS NOT NULL THEN l.available_delta END) AS whole_lines,
          ${movedOf('available')}, ${movedOf('held')}
        FROM (${once(`SELECT j.balance_id AS balance_id, j.first_version AS first_version, j.last_version AS last_version,
            j.available AS available, j.held AS held,
            ${line.availableDelta} AS available_delta, ${line.heldDelta} AS held_delta
          FROM journal j ${line.join}`)}) l
        GROUP BY l.balance_id, l.first_version
      ) s
      WINDOW before_it AS (PARTITION BY s.balance_id ORDER BY s.first_version)
    ) s
    WHERE s.first_version = s.last_version_before + 1
      AND ${unless(`${isWhole} AND ${follows('available')} AND ${follows('held')}`)}
    LIMIT ${rowsMax}`
}

/** Few rows name an actor where most calls have no key. */
function unknownActors(_: AuditDialect, rowsMax: number): string {
  const broken = `SELECT r.seq AS seq, r.kind AS kind, r.actor AS actor FROM requests r
    LEFT JOIN actors a ON a.number = r.actor WHERE r.actor IS NOT NULL AND a.number IS NULL
    UNION ALL
    SELECT c.hold_seq, ${KIND_OF_END}, c.actor FROM hold_changes c
    LEFT JOIN actors a ON a.number = c.actor WHERE c.actor IS NOT NULL AND a.number IS NULL`
  return withEntry(`SELECT u.seq AS seq, u.kind AS kind, u.actor AS actor FROM (${broken}) u`, ['actor'], rowsMax)
}

/**
 * The postings that entries name and those of the journal, by where they are and what entry they are of: how often each is named, how
 * often it is there, and in which runs. Both sides are sorted, because neither is in the order of the other's key.
 */
function reconciled({ selectGroups, once, lines, places }: AuditDialect, having: string): string {
  const line = lines('j')
  return `${selectGroups} t.balance_id AS balance, t.version AS version, t.seq AS seq, t.kind AS kind
    FROM (
      SELECT ${places.balanceId} AS balance_id, ${places.version} AS version, r.seq AS seq, r.kind AS kind, 1 AS named, 0 AS posted,
        ${places.run} AS run
      FROM requests r ${places.join} WHERE r.kind <> 'freeze'
      UNION ALL
      SELECT r.balance_id, r.opened_version, r.seq, r.kind, 1, 0, NULL FROM requests r WHERE r.kind = 'freeze'
      UNION ALL
      SELECT r.balance_id, c.version, c.hold_seq, ${KIND_OF_END}, 1, 0, NULL FROM hold_changes c CROSS JOIN requests r
      WHERE c.seq IS NULL AND r.seq = c.hold_seq AND r.kind = 'freeze'
      UNION ALL
      SELECT c.payee_balance_id, c.payee_version, c.hold_seq, ${KIND_OF_END}, 1, 0, NULL FROM hold_changes c CROSS JOIN requests r
      WHERE c.seq IS NULL AND c.payee_version IS NOT NULL AND r.seq = c.hold_seq AND r.kind = 'freeze'
      UNION ALL
      SELECT l.* FROM (${once(`SELECT j.balance_id AS balance_id, ${line.version} AS version, ${line.seq} AS seq,
        ${line.kind} AS kind, 0 AS named, 1 AS posted, j.first_version AS run FROM journal j ${line.join}`)}) l
    ) t
    GROUP BY t.balance_id, t.version, t.seq, t.kind
    HAVING ${having}`
}

function missingPostings(dialect: AuditDialect, rowsMax: number): string {
  const broken = reconciled(dialect, 'SUM(t.named) > SUM(t.posted) OR MIN(t.run) <> MAX(t.run)')
  return withEntry(broken, ['balance', 'version'], rowsMax)
}

function unnamedPostings(dialect: AuditDialect, rowsMax: number): string {
  return withEntry(reconciled(dialect, 'SUM(t.posted) > SUM(t.named)'), ['balance', 'version'], rowsMax)
}

/** A digest does not tell the id, any other key does. */
function unreadableIds({ isDigest }: AuditDialect, rowsMax: number): string {
  return `SELECT r.seq AS seq, COALESCE(r.id_text, '') AS id FROM requests r
    WHERE ${unless(`${isDigest('r.id')} = (r.id_text IS NOT NULL)`)}
    LIMIT ${rowsMax}`
}
