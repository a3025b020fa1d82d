/**
 * The laws as SQL: one statement for every check, whose rows are those that break the law.
 *
 * Each statement reads its tables once, joins by primary key or sorts, and keeps at most one row per balance in memory. A comparison that
 * is NULL counts as a broken law.
 */
import { EXCHANGE } from '../../domain/ids.ts'
import type { AuditCheckId } from '../audit-checks.ts'
import type { AuditDialect, Exact } from './audit-dialects.ts'

type Statement = (dialect: AuditDialect) => string

export const AUDIT_STATEMENTS: Readonly<Record<AuditCheckId, Statement>> = {
  '1a': unbalancedEntries,
  '1b': unbalancedAssets,
  '1c': exchangesThatMovedOtherwise,
  '1d': unknownRates,
  '2a': () => `SELECT ${BALANCE} FROM balances b WHERE b.held < 0`,
  '2b': () => `SELECT ${BALANCE} FROM balances b WHERE b.available < b.floor`,
  '2c': miscountedHolds,
  '3a': miscountedPostings,
  '3b': strayedBalances,
  '3c': brokenChains,
  '4a': missingPostings,
  '4b': unnamedPostings,
  '5a': leakingHolds,
  '5b': halfOpenHolds,
  '5c': holdsThatMovedOtherwise,
  '5d': miscountedSteps,
  '5e': holdsPastTheirLastStep,
}

const BALANCE = `b.id AS balance, b.account AS account, b.asset AS asset,
  b.available AS available, b.held AS held, b.floor AS floor, b.version AS version`

const POSTING = `p.balance_id AS balance, p.version AS version, p.entry_id AS entry, p.available_delta AS available_delta,
  p.held_delta AS held_delta, p.available AS available, p.held AS held`

const HOLD = `r.id AS hold, r.state AS state, r.amount AS amount, r.held AS held,
  r.settled AS settled, r.released AS released, r.drawn AS drawn`

/** True where the condition is false or NULL. */
function unless(condition: string): string {
  return `CASE WHEN ${condition} THEN 0 ELSE 1 END = 1`
}

function shown({ high, low }: Exact): string {
  return `${high} AS sum_high, ${low} AS sum_low`
}

function unbalancedEntries({ total, sum, same }: AuditDialect): string {
  const moved = total(['p.available_delta', 'p.held_delta'])
  return `SELECT p.entry_id AS entry, COALESCE(b.asset, '') AS asset, ${shown(moved)}
    FROM postings p LEFT JOIN balances b ON b.id = p.balance_id
    GROUP BY p.entry_id, b.asset
    HAVING ${unless(same(moved, sum([])))}`
}

function unbalancedAssets({ total, sum, same }: AuditDialect): string {
  const coins = total(['b.available', 'b.held'])
  return `SELECT b.asset AS asset, ${shown(coins)} FROM balances b
    GROUP BY b.asset
    HAVING ${unless(same(coins, sum([])))}`
}

/**
 * By account, because every engine writes a stripe of `@exchange` of its own; and by the entry id in the postings, which 4a and 4b compare
 * with the keys: MySQL read every posting for each key that it joined. Additions and subtractions have separate columns: the lowest int64
 * cannot be negated.
 */
function exchangesThatMovedOtherwise({ total, sum, same, legs }: AuditDialect): string {
  const [more, less] = [total(['t.more']), total(['t.less'])]
  const left: Exact = { high: `(${more.high}) - (${less.high})`, low: `(${more.low}) - (${less.low})` }
  const movements = (account: string, asset: string, amounts: string, where = ''): string =>
    `SELECT r.id AS entry_id, ${account} AS account, ${asset} AS asset, ${amounts} FROM requests r ${legs.join}
      WHERE r.legs IS NOT NULL ${where}`
  const across = `AND ${legs.version} IS NOT NULL`
  return `SELECT t.entry_id AS entry, t.account AS account, t.asset AS asset, ${shown(left)} FROM (
      ${movements(legs.from, legs.asset, `${legs.amount} AS more, 0 AS less`)}
      UNION ALL
      ${movements(legs.to, legs.toAsset, `0, ${legs.toAmount}`)}
      UNION ALL
      ${movements(`'${EXCHANGE}'`, legs.asset, `0, ${legs.amount}`, across)}
      UNION ALL
      ${movements(`'${EXCHANGE}'`, legs.toAsset, `${legs.toAmount}, 0`, across)}
      UNION ALL
      SELECT r.id, COALESCE(b.account, ''), COALESCE(b.asset, ''), p.available_delta, 0
      FROM postings p CROSS JOIN requests r LEFT JOIN balances b ON b.id = p.balance_id
      WHERE p.kind = 'transfer' AND r.id = p.entry_id AND r.legs IS NOT NULL
    ) t
    GROUP BY t.entry_id, t.account, t.asset
    HAVING ${unless(same(left, sum([])))}`
}

function unknownRates({ legs }: AuditDialect): string {
  return `SELECT DISTINCT r.id AS entry, ${legs.asset} AS asset, ${legs.toAsset} AS to_asset, ${legs.version} AS version
    FROM requests r ${legs.join}
    LEFT JOIN rates e ON e.from_asset = ${legs.asset} AND e.to_asset = ${legs.toAsset} AND e.version = ${legs.version}
    WHERE r.legs IS NOT NULL AND ${legs.version} IS NOT NULL AND ${unless(
      `e.numerator = ${legs.numerator} AND e.denominator = ${legs.denominator} AND e.rounding = ${legs.rounding}`,
    )}`
}

function miscountedHolds({ total, sum, same }: AuditDialect): string {
  const counted: Exact = { high: 'COALESCE(h.sum_high, 0)', low: 'COALESCE(h.sum_low, 0)' }
  return `SELECT ${BALANCE} FROM balances b LEFT JOIN (
      SELECT r.balance_id AS balance_id, ${shown(total(['r.held']))} FROM requests r
      WHERE r.kind = 'freeze' AND r.state = 'open' GROUP BY r.balance_id
    ) h ON h.balance_id = b.id
    WHERE ${unless(same(counted, sum(['b.held'])))}`
}

/** As many postings as versions, from 1 to the last one: by the primary key, then none is missing. */
function miscountedPostings(): string {
  const complete = `COALESCE(c.postings, 0) = b.version AND COALESCE(c.lowest, 1) = 1
    AND COALESCE(c.highest, 0) = b.version`
  return `WITH counted AS (
      SELECT p.balance_id AS balance_id, COUNT(*) AS postings, MIN(p.version) AS lowest, MAX(p.version) AS highest
      FROM postings p GROUP BY p.balance_id
    )
    SELECT b.id AS balance, b.account AS account, b.asset AS asset, b.version AS version,
      COALESCE(c.postings, 0) AS postings
    FROM balances b LEFT JOIN counted c ON c.balance_id = b.id
    WHERE ${unless(complete)}
    UNION ALL
    SELECT c.balance_id, '', '', 0, c.postings
    FROM counted c LEFT JOIN balances b ON b.id = c.balance_id
    WHERE b.id IS NULL`
}

/** A missing posting is reported by 3a. With CROSS JOIN, SQLite reads the shorter table first. */
function strayedBalances(): string {
  return `SELECT ${BALANCE} FROM balances b CROSS JOIN postings p
    WHERE p.balance_id = b.id AND p.version = b.version AND (p.available <> b.available OR p.held <> b.held)`
}

/** A gap is reported by 3a. */
function brokenChains({ sum, same }: AuditDialect): string {
  const follows = (amount: string, delta: string): string =>
    same(sum([`p.${amount}`]), sum([`COALESCE(q.${amount}, 0)`, `p.${delta}`]))
  return `SELECT ${POSTING} FROM postings p
    LEFT JOIN postings q ON q.balance_id = p.balance_id AND q.version = p.version - 1 AND p.version > 1
    WHERE (p.version = 1 OR q.version IS NOT NULL)
      AND ${unless(`${follows('available', 'available_delta')} AND ${follows('held', 'held_delta')}`)}`
}

/** Every posting that a request names, with the entry id that it must have. */
function named({ postingKeys, isFilled }: AuditDialect): string {
  const isSettle = `r.state = 'settled' OR (r.state = 'expired' AND ${isFilled('r.payee_version')})`
  const end = `CONCAT(r.id, CASE WHEN ${isSettle} THEN '~settle' ELSE '~release' END)`
  return `WITH named AS (
      SELECT r.id AS entry_id, ${postingKeys.balanceId} AS balance_id, ${postingKeys.version} AS version
      FROM requests r ${postingKeys.join} WHERE r.kind <> 'freeze'
      UNION ALL
      SELECT r.id, r.balance_id, r.opened_version FROM requests r WHERE r.kind = 'freeze'
      UNION ALL
      SELECT ${end}, r.balance_id, r.ended_version FROM requests r
      WHERE r.kind = 'freeze' AND ${isFilled('r.ended_version')}
      UNION ALL
      SELECT ${end}, r.payee_balance_id, r.payee_version FROM requests r
      WHERE r.kind = 'freeze' AND ${isFilled('r.payee_balance_id')} AND ${isFilled('r.payee_version')}
    )`
}

function missingPostings(dialect: AuditDialect): string {
  return `${named(dialect)}
    SELECT n.entry_id AS entry, n.balance_id AS balance, n.version AS version
    FROM named n LEFT JOIN postings p ON p.balance_id = n.balance_id AND p.version = n.version
    WHERE p.entry_id IS NULL OR p.entry_id <> n.entry_id`
}

/** Sorts both sides, because a posting has no reference to the request that names it. The order lets SQLite merge them. */
function unnamedPostings(dialect: AuditDialect): string {
  return `${named(dialect)}
    SELECT ${POSTING} FROM (
      SELECT balance_id, version, entry_id FROM postings
      EXCEPT
      SELECT balance_id, version, entry_id FROM named
      ORDER BY balance_id, version, entry_id
    ) u JOIN postings p ON p.balance_id = u.balance_id AND p.version = u.version`
}

function leakingHolds({ sum, same }: AuditDialect): string {
  const taken = sum(['r.amount', 'r.drawn'])
  const given = sum(['r.settled', 'r.released', 'r.held'])
  const parts = `COALESCE(r.refunded, 0) BETWEEN 0 AND r.settled AND COALESCE(r.settled_late, 0) BETWEEN 0 AND r.drawn`
  return `SELECT ${HOLD} FROM requests r WHERE r.kind = 'freeze' AND ${unless(`${same(taken, given)} AND ${parts}`)}`
}

function halfOpenHolds({ isFilled }: AuditDialect): string {
  const [hasEnded, hasLast] = [isFilled('r.ended_at'), isFilled('r.ended_version')]
  const isWhole = `r.held = r.amount OR (${HAS_STEPS} AND r.held >= 0)`
  const open = `r.state = 'open' AND (${isWhole}) AND NOT (${hasEnded}) AND NOT (${hasLast})`
  const ended = `r.state <> 'open' AND r.held = 0 AND ${hasEnded} AND ${hasLast}`
  return `SELECT ${HOLD} FROM requests r WHERE r.kind = 'freeze' AND ${unless(`(${open}) OR (${ended})`)}`
}

const HAS_STEPS = 'COALESCE(r.steps, 0) > 0'

/** Missing postings are reported by 4a. */
function holdsThatMovedOtherwise(dialect: AuditDialect): string {
  const { sum, same, isFilled } = dialect
  const isPaid = isFilled('r.payee_version')
  const nothing = sum([])
  const asTold = [
    `(o.version IS NULL OR (${same(sum(['o.available_delta', 'r.amount']), nothing)} AND o.held_delta = r.amount))`,
    `(e.version IS NULL OR (${same(sum(['e.available_delta', 'r.drawn']), sum(['r.released']))}
      AND ${same(sum(['e.held_delta', 'r.amount']), nothing)}))`,
    `(y.version IS NULL OR (y.available_delta = r.settled AND y.held_delta = 0))`,
    `((${isPaid} AND r.settled > 0) OR (NOT (${isPaid}) AND r.settled <= 0))`,
  ]
  return `SELECT ${HOLD} FROM requests r
    LEFT JOIN postings o ON o.balance_id = r.balance_id AND o.version = r.opened_version
    LEFT JOIN postings e ON e.balance_id = r.balance_id AND e.version = r.ended_version
    LEFT JOIN postings y ON y.balance_id = r.payee_balance_id AND y.version = r.payee_version
    WHERE r.kind = 'freeze' AND NOT (${HAS_STEPS}) AND ${unless(asTold.join('\n      AND '))}
    UNION ALL
    ${steppedHoldsThatMovedOtherwise(dialect)}`
}

/**
 * Over everything that happened to a hold, each step with the postings that its entry names: what its holder's balance gained, and what
 * its payee got, over all stripes. A missing posting moved nothing.
 */
function steppedHoldsThatMovedOtherwise({ sum, total, same, postingKeys }: AuditDialect): string {
  const sums = ['available', 'held', 'paid'].map((of) => {
    const { high, low } = total([`t.${of}`])
    return `${high} AS ${of}_high, ${low} AS ${of}_low`
  })
  const moved = (of: string): Exact => ({ high: `COALESCE(m.${of}_high, 0)`, low: `COALESCE(m.${of}_low, 0)` })
  const asTold = [
    same(plusOf(sum, moved('available'), ['r.amount', 'r.drawn']), sum(['r.released', 'COALESCE(r.refunded, 0)'])),
    same(moved('held'), sum(['r.held'])),
    same(plusOf(sum, moved('paid'), ['COALESCE(r.refunded, 0)']), sum(['r.settled'])),
    'COALESCE(m.strayed, 0) = 0',
  ]
  const isHolder = 'p.balance_id = h.balance_id'
  const isPayee = 'b.account = h.payee'
  return `SELECT ${HOLD} FROM requests r LEFT JOIN (
      SELECT t.hold AS hold, ${sums.join(', ')}, MAX(t.strayed) AS strayed FROM (
        SELECT n.hold AS hold,
          CASE WHEN ${isHolder} THEN p.available_delta ELSE 0 END AS available,
          CASE WHEN ${isHolder} THEN p.held_delta ELSE 0 END AS held,
          CASE WHEN ${isHolder} OR NOT (${isPayee}) THEN 0 ELSE p.available_delta END AS paid,
          CASE WHEN ${isHolder} OR (${isPayee} AND p.held_delta = 0) THEN 0 ELSE 1 END AS strayed
        FROM (
          SELECT r.id AS hold, r.balance_id AS balance_id, r.opened_version AS version
          FROM requests r WHERE ${HAS_STEPS}
          UNION
          SELECT r.id, r.balance_id, r.ended_version FROM requests r WHERE ${HAS_STEPS}
          UNION
          SELECT r.id, r.payee_balance_id, r.payee_version FROM requests r WHERE ${HAS_STEPS}
          UNION
          SELECT s.hold, ${postingKeys.balanceId}, ${postingKeys.version}
          FROM hold_steps s CROSS JOIN requests r ${postingKeys.join} WHERE r.id = s.entry_id AND r.kind <> 'freeze'
        ) n
        CROSS JOIN postings p CROSS JOIN requests h LEFT JOIN balances b ON b.id = p.balance_id
        WHERE p.balance_id = n.balance_id AND p.version = n.version AND h.id = n.hold
      ) t GROUP BY t.hold
    ) m ON m.hold = r.id
    WHERE r.kind = 'freeze' AND ${HAS_STEPS} AND ${unless(asTold.join('\n      AND '))}`
}

function plusOf(sum: AuditDialect['sum'], exact: Exact, terms: readonly string[]): Exact {
  const { high, low } = sum(terms)
  return { high: `${exact.high} + ${high}`, low: `${exact.low} + ${low}` }
}

/**
 * A hold whose number of steps is wrong, or whose steps have a gap; and steps and entries that do not name each other.
 */
function miscountedSteps({ holdAfter }: AuditDialect): string {
  const [hold, number] = [holdAfter.text('id'), holdAfter.whole('number')]
  const complete = `COALESCE(c.steps, 0) = COALESCE(r.steps, 0) AND COALESCE(c.highest, 0) = COALESCE(r.steps, 0)
    AND COALESCE(c.lowest, 1) = 1`
  return `WITH counted AS (
      SELECT s.hold AS hold, COUNT(*) AS steps, MIN(s.step) AS lowest, MAX(s.step) AS highest FROM hold_steps s GROUP BY s.hold
    )
    SELECT r.id AS hold, COALESCE(r.steps, 0) AS step, '' AS entry
    FROM requests r LEFT JOIN counted c ON c.hold = r.id
    WHERE r.kind = 'freeze' AND ${unless(complete)}
    UNION ALL
    SELECT s.hold, s.step, s.entry_id FROM hold_steps s LEFT JOIN requests e ON e.id = s.entry_id
    WHERE ${unless(`${hold} = s.hold AND ${number} = s.step`)}
    UNION ALL
    SELECT ${hold}, ${number}, e.id
    FROM requests e LEFT JOIN hold_steps s ON s.hold = ${hold} AND s.step = ${number}
    WHERE e.hold_after IS NOT NULL AND ${unless('s.entry_id = e.id')}
    UNION ALL
    SELECT c.hold, 0, '' FROM counted c LEFT JOIN requests r ON r.id = c.hold AND r.kind = 'freeze' WHERE r.id IS NULL`
}

/** A missing last step is reported by 5d. */
function holdsPastTheirLastStep({ holdAfter }: AuditDialect): string {
  const { text, whole } = holdAfter
  const same = [
    `r.payee = ${text('payee')}`,
    `r.state = ${text('state')}`,
    `r.amount = ${whole('amount')}`,
    `r.held = ${whole('held')}`,
    `r.settled = ${whole('settled')}`,
    `r.released = ${whole('released')}`,
    `r.drawn = ${whole('drawn')}`,
    `r.shortfall = ${whole('shortfall')}`,
    `COALESCE(r.refunded, 0) = ${whole('refunded')}`,
    `COALESCE(r.settled_late, 0) = ${whole('settledLate')}`,
    `r.expires_at = ${whole('expiresAt')}`,
    `COALESCE(r.ended_at, 0) = COALESCE(${whole('endedAt')}, 0)`,
  ]
  return `SELECT ${HOLD} FROM hold_steps s CROSS JOIN requests r CROSS JOIN requests e
    WHERE r.id = s.hold AND r.kind = 'freeze' AND r.steps = s.step AND e.id = s.entry_id AND e.hold_after IS NOT NULL
      AND ${unless(same.join('\n      AND '))}`
}
