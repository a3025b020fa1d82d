/**
 * Law 5 as SQL: the holds as they were frozen, and each change of them with the state before it.
 *
 * The tables of changes and of requests are both in the order of their keys, so the joins read neighbours.
 */
import type { AuditDialect, Exact } from './audit-dialects.ts'
import { difference, shown, unless, unlessTrue } from './audit-terms.ts'

/** The kind of an end that is no step, in a row `c` of `hold_changes`. */
export const KIND_OF_END = `CASE WHEN c.state = 'settled' OR (c.state = 'expired' AND c.payee_version IS NOT NULL)
  THEN 'settle' ELSE 'release' END`

/** Each change `c` with the freeze `r` of its hold, or the charge, and the change `p` before it. What is missing is reported by 5d. */
const CHANGES = `hold_changes c CROSS JOIN requests r
      LEFT JOIN hold_changes p ON p.hold_seq = c.hold_seq AND p.number = c.number - 1`
const ARE_THERE = `r.seq = c.hold_seq AND r.kind IN ('freeze', 'charge') AND (c.number = 1 OR p.number IS NOT NULL)`

/** The same with the entry `e` of a step. */
const CHANGES_AND_ENTRIES = `${CHANGES} LEFT JOIN requests e ON e.seq = c.seq AND e.kind <> 'freeze'
    WHERE ${ARE_THERE} AND (c.seq IS NULL OR e.seq IS NOT NULL)`

const KIND = `CASE WHEN c.seq IS NULL THEN ${KIND_OF_END} ELSE e.kind END`

/** The hold before and after a change, by column. What only steps change is as in the freeze until the first step. */
const STATES = {
  state: [`COALESCE(p.state, ${made(`'open'`, `'settled'`)})`, 'c.state'],
  amount: ['COALESCE(p.amount, r.amount)', 'c.amount'],
  held: [`COALESCE(p.held, ${made('r.amount', '0')})`, 'c.held'],
  settled: [`COALESCE(p.settled, ${made('0', 'r.amount')})`, 'c.settled'],
  released: ['COALESCE(p.released, 0)', 'c.released'],
  drawn: ['COALESCE(p.drawn, 0)', 'c.drawn'],
  shortfall: ['COALESCE(p.shortfall, 0)', 'c.shortfall'],
  refunded: ['COALESCE(p.refunded, 0)', stepped('refunded', '0')],
  settledLate: ['COALESCE(p.settled_late, 0)', stepped('settled_late', '0')],
  payee: ['COALESCE(p.payee, r.payee)', stepped('payee', 'r.payee')],
  expiresAt: ['COALESCE(p.expires_at, r.expires_at, r.at)', stepped('expires_at', 'r.expires_at')],
  // Null, which is a value of it, is not equal to itself.
  onExpiry: [
    'COALESCE(CASE WHEN p.seq IS NULL THEN r.on_expiry ELSE p.on_expiry END, -1)',
    `COALESCE(${stepped('on_expiry', 'r.on_expiry')}, -1)`,
  ],
} as const

type Column = keyof typeof STATES

/** What a hold was opened with, or a charge made with. */
function made(byFreeze: string, byCharge: string): string {
  return `CASE WHEN r.kind = 'charge' THEN ${byCharge} ELSE ${byFreeze} END`
}

function stepped(column: string, ofFreeze: string): string {
  return `CASE WHEN c.seq IS NULL THEN ${ofFreeze} ELSE c.${column} END`
}

function before(column: Column): string {
  return STATES[column][0]
}

function after(column: Column): string {
  return STATES[column][1]
}

function isSame(column: Column): string {
  return `${after(column)} = ${before(column)}`
}

const CHANGED_HOLD = `c.hold_seq AS seq, c.number AS number, c.state AS state, c.amount AS amount, c.held AS held,
    c.settled AS settled, c.released AS released, c.drawn AS drawn`

/** @param broken a statement with the columns of `CHANGED_HOLD` */
function withHold(broken: string, rowsMax: number): string {
  const columns = ['number', 'state', 'amount', 'held', 'settled', 'released', 'drawn']
  return `SELECT COALESCE(i.id, '') AS hold, ${columns.map((column) => `v.${column} AS ${column}`).join(', ')}
    FROM (${broken} LIMIT ${rowsMax}) v LEFT JOIN request_ids i ON i.seq = v.seq`
}

/** Every sum that a change shows, and what a freeze took; without a payee or an expiry it would never end. */
export function leakingHolds({ sum, same }: AuditDialect, rowsMax: number): string {
  const taken = sum(['c.amount', 'c.drawn'])
  const given = sum(['c.settled', 'c.released', 'c.held'])
  const parts = `COALESCE(c.refunded, 0) BETWEEN 0 AND c.settled AND COALESCE(c.settled_late, 0) BETWEEN 0 AND c.drawn
    AND c.released >= 0 AND c.shortfall >= 0`
  const isFreeze = 'r.amount >= 0 AND r.payee IS NOT NULL AND r.expires_at IS NOT NULL'
  const isCharge = 'r.amount >= 0 AND r.payee IS NOT NULL'
  const broken = `SELECT ${CHANGED_HOLD} FROM hold_changes c WHERE ${unless(`${same(taken, given)} AND ${parts}`)}
    UNION ALL
    SELECT r.seq, 0, 'open', r.amount, r.amount, 0, 0, 0 FROM requests r WHERE r.kind = 'freeze' AND ${unless(isFreeze)}
    UNION ALL
    SELECT r.seq, 0, 'settled', r.amount, 0, r.amount, 0, 0 FROM requests r WHERE r.kind = 'charge' AND ${unless(isCharge)}`
  return withHold(broken, rowsMax)
}

/**
 * An open hold was open before. One that has just ended names no end, and the change holds nothing; what follows names the end (0 for a
 * charge, which ended as it was made), and is a
 * refund or, after an expiry, a late settle. An end that is no step is the first change, and leaves alone what only steps change.
 */
export function halfOpenHolds(_: AuditDialect, rowsMax: number): string {
  const isOpen = `c.state = 'open' AND c.seq IS NOT NULL AND c.held >= 0`
  const hasEnded = `c.state IN ('settled', 'released', 'expired') AND c.held = 0`
  const isPlain = `c.seq IS NULL AND c.number = 1 AND c.payee IS NULL AND c.refunded IS NULL AND c.settled_late IS NULL
    AND c.expires_at IS NULL AND c.on_expiry IS NULL`
  const first = `${before('state')} = 'open' AND c.end_number IS NULL AND (${isOpen} OR ${hasEnded})
    AND (c.seq IS NOT NULL OR (${isPlain}))`
  const later = `${before('state')} <> 'open' AND ${isSame('state')} AND ${hasEnded} AND c.end_number = COALESCE(p.end_number, p.number, 0)
    AND (e.kind = 'refund' OR (e.kind = 'settle' AND c.state = 'expired'))`
  return withHold(
    `SELECT ${CHANGED_HOLD} FROM ${CHANGES_AND_ENTRIES} AND ${unless(`(${first}) OR (${later})`)}`,
    rowsMax,
  )
}

/**
 * A change says what its holder's posting moved, and its payee's: the difference between the hold after it and before it. Compared with the
 * postings of the entries of holds, by where they are and whose they are: each is said once, and is there once.
 */
export function holdsThatMovedOtherwise(dialect: AuditDialect, rowsMax: number): string {
  const { sum, same, selectGroups, once, lines } = dialect
  const line = lines('j')
  const [available, held]: readonly Exact[] = ['available', 'held'].map((amount) => ({
    high: `SUM(t.${amount}_high)`,
    low: `SUM(t.${amount}_low)`,
  }))
  const isAsSaid = `SUM(t.posted) = 1 AND SUM(t.said) = 1 AND MAX(t.strayed) = 0
      AND ${same(available!, sum([]))} AND ${same(held!, sum([]))}`
  const broken = `${selectGroups} t.balance_id AS balance, t.version AS version, t.seq AS seq, MAX(t.hold_seq) AS hold_seq,
      ${shown('available_difference', available!)}, ${shown('held_difference', held!)}
    FROM (
      SELECT l.balance_id AS balance_id, l.version AS version, l.seq AS seq, NULL AS hold_seq, 1 AS posted, 0 AS said, 0 AS strayed,
        ${shown('available', sum(['l.available_delta']))}, ${shown('held', sum(['l.held_delta']))}
      FROM (${once(`SELECT j.balance_id AS balance_id, ${line.version} AS version, ${line.seq} AS seq,
          ${line.availableDelta} AS available_delta, ${line.heldDelta} AS held_delta
        FROM journal j ${line.join} WHERE ${line.kind} IN (${KINDS_OF_HOLDS}) OR (${line.kind} = 'charge' AND ${line.availableDelta} < 0)`)}) l
      UNION ALL
      ${saidByHolds(dialect)}
    ) t
    GROUP BY t.balance_id, t.version, t.seq
    HAVING ${unless(isAsSaid)}`
  return `SELECT COALESCE(i.id, '') AS hold, v.seq AS seq, v.balance AS balance, v.version AS version,
      v.available_difference_high AS available_difference_high, v.available_difference_low AS available_difference_low,
      v.held_difference_high AS held_difference_high, v.held_difference_low AS held_difference_low
    FROM (${broken} LIMIT ${rowsMax}) v
    LEFT JOIN requests e ON e.seq = v.seq
    LEFT JOIN request_ids i ON i.seq = COALESCE(v.hold_seq, e.hold_seq, e.seq)`
}

const KINDS_OF_STEPS = `'settle', 'release', 'amend', 'refund'`
const KINDS_OF_HOLDS = `'freeze', ${KINDS_OF_STEPS}`

/** What the holds say that their postings moved, with the opposite sign. Of a charge, whose entry has two postings, the payer's. */
function saidByHolds({ sum, same }: AuditDialect): string {
  const nothing = sum([])
  const paid = difference(sum, [before('settled'), after('refunded')], [after('settled'), before('refunded')])
  const taken = difference(
    sum,
    [before('released'), before('refunded'), after('amount'), after('drawn')],
    [after('released'), after('refunded'), before('amount'), before('drawn')],
  )
  const said = (strayed: string, moved: { readonly available: Exact; readonly held: Exact }): string =>
    `0, 1, ${strayed}, ${shown('available', moved.available)}, ${shown('held', moved.held)}`
  const isPayee = `b.account = ${after('payee')} AND c.payee_balance_id <> r.balance_id AND NOT ${same(paid, nothing)}`
  return `SELECT r.balance_id, r.opened_version, r.seq, r.seq,
        ${said('0', { available: sum(['r.amount']), held: difference(sum, [], ['r.amount']) })}
      FROM requests r WHERE r.kind = 'freeze'
      UNION ALL
      SELECT r.balance_id, r.opened_version, r.seq, r.seq,
        ${said('0', { available: sum(['r.amount']), held: nothing })}
      FROM requests r WHERE r.kind = 'charge'
      UNION ALL
      SELECT r.balance_id, c.version, COALESCE(c.seq, c.hold_seq), c.hold_seq,
        ${said('0', { available: taken, held: difference(sum, [before('held')], [after('held')]) })}
      FROM ${CHANGES} WHERE ${ARE_THERE}
      UNION ALL
      SELECT c.payee_balance_id, c.payee_version, COALESCE(c.seq, c.hold_seq), c.hold_seq,
        ${said(unlessTrue(isPayee), { available: paid, held: nothing })}
      FROM ${CHANGES} LEFT JOIN balances b ON b.id = c.payee_balance_id
      WHERE ${ARE_THERE} AND (c.payee_balance_id IS NOT NULL OR c.payee_version IS NOT NULL OR NOT ${same(paid, nothing)})`
}

/**
 * Changes without a hold or without the one before them, or that come before it on the holder's balance; steps and entries that do not name
 * each other, or differ in what both tell; and entries that expire as if they were steps.
 */
export function miscountedChanges(_: AuditDialect, rowsMax: number): string {
  const follows = `r.kind IN ('freeze', 'charge') AND c.version > COALESCE(p.version, r.opened_version)
      AND (c.number = 1 OR p.number IS NOT NULL)`
  const isEntry = `e.kind <> 'freeze' AND e.hold_seq = c.hold_seq AND e.hold_number = c.number AND e.at = c.at AND e.fingerprint = c.fingerprint
      AND COALESCE(e.expires_at, -1) = CASE WHEN c.state = 'open' THEN c.expires_at ELSE -1 END`
  const broken = `SELECT c.hold_seq AS hold_seq, c.number AS number, c.seq AS seq
    FROM hold_changes c
    LEFT JOIN requests r ON r.seq = c.hold_seq
    LEFT JOIN hold_changes p ON p.hold_seq = c.hold_seq AND p.number = c.number - 1
    LEFT JOIN requests e ON e.seq = c.seq
    WHERE ${unless(`${follows} AND (c.seq IS NULL OR (${isEntry}))`)}
    UNION ALL
    SELECT e.hold_seq, e.hold_number, e.seq
    FROM requests e LEFT JOIN hold_changes c ON c.hold_seq = e.hold_seq AND c.number = e.hold_number
    WHERE (e.hold_seq IS NOT NULL OR e.kind IN (${KINDS_OF_STEPS}) OR (e.kind <> 'freeze' AND e.expires_at IS NOT NULL))
      AND ${unless('c.seq = e.seq')}`
  return `SELECT COALESCE(h.id, '') AS hold, v.hold_seq AS hold_seq, v.number AS number, COALESCE(i.id, '') AS entry, v.seq AS seq
    FROM (${broken} LIMIT ${rowsMax}) v
    LEFT JOIN request_ids h ON h.seq = v.hold_seq
    LEFT JOIN request_ids i ON i.seq = v.seq`
}

/** Each kind of change leaves alone what is not its own. A late settle draws all that it settles. What follows an end says what the end settled. */
export function alteredHolds({ sum, same }: AuditDialect, rowsMax: number): string {
  const only = (kinds: string, ...columns: readonly Column[]): string =>
    `(${KIND} IN (${kinds}) OR (${columns.map(isSame).join(' AND ')}))`
  const grown = (['settled', 'released', 'drawn', 'shortfall', 'refunded', 'settledLate'] as const).map(
    (column) => `${after(column)} >= ${before(column)}`,
  )
  const isLate = `${before('settledLate')} = 0
        AND ${same(sum([after('settled'), before('drawn')]), sum([before('settled'), after('drawn')]))}
        AND ${same(sum([after('settledLate'), before('drawn')]), sum([after('drawn')]))}`
  const isAsItsKind = [
    `${KIND} IN (${KINDS_OF_STEPS})`,
    only(`'amend'`, 'amount', 'expiresAt', 'onExpiry'),
    only(`'settle'`, 'settled', 'drawn', 'shortfall'),
    only(`'refund'`, 'refunded'),
    `CASE WHEN ${before('state')} = 'open' AND ${after('state')} <> 'open' THEN ${KIND} = ${KIND_OF_END}
        ELSE ${KIND} <> 'release' AND ${isSame('released')} END`,
    `(${isSame('payee')} OR (${KIND} = 'settle' AND ${before('settled')} = 0))`,
    `CASE WHEN ${KIND} = 'settle' AND ${before('state')} <> 'open' THEN ${isLate} ELSE ${isSame('settledLate')} END`,
    `CASE WHEN c.seq IS NULL OR c.state = 'open' THEN c.end_settled IS NULL
        WHEN ${before('state')} = 'open' THEN ${same(sum(['c.end_settled', before('settled')]), sum(['c.settled']))}
        ELSE c.end_settled = CASE WHEN p.seq IS NULL THEN ${before('settled')} ELSE p.end_settled END END`,
    ...grown,
  ]
  return withHold(
    `SELECT ${CHANGED_HOLD} FROM ${CHANGES_AND_ENTRIES} AND ${unless(isAsItsKind.join('\n      AND '))}`,
    rowsMax,
  )
}
