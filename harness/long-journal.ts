/**
 * SQL that generates a long journal: the holds of one busy user, frozen and settled one after another, and one early hold that stays open.
 * Every law holds in it.
 */

/** Holds of one call of `holdsSql`. */
export const HOLDS_PER_STEP = 10_000

export const BUSY = 'user:8'
/**
 * When the first hold was frozen, and the distance between holds. The journal is in the past because a process on the real clock serves
 * nothing from future rows.
 */
export const JOURNAL_BEGINS_AT = Date.UTC(2025, 0, 1)
/** Expiry of the hold that stays open: no sweeper should end it. */
const LEFT_EXPIRES_AT = Date.UTC(2090, 0, 1)
export const HOLD_EVERY_MS = 50
const SETTLED_AFTER_MS = 20

/** One hold in this many carries `{"rare":true}`, the others `{"model":"x"}`. */
const RARE_EVERY = 100_000

const GIVEN = 1_000_000_000_000_000n
const [USER, REVENUE, ISSUER] = [1, 2, 3]

const HEAD = 'id, kind, at, fingerprint'
const POSTING = 'balance_id, version, entry_id, kind, available_delta, held_delta, available, held, at'
const BALANCE = 'id, account, asset, stripe, available, held, floor, version'
const HOLD = `${HEAD}, metadata, balance_id, payee, state, amount, held, settled, released, drawn, shortfall, expires_at,
  opened_version`

/** The first rows: a deposit, and a hold of 10 that stays open. `holdsSql` follows. */
export function beginningSql(): readonly string[] {
  const at = JOURNAL_BEGINS_AT - 1_000
  return [
    `INSERT INTO requests (${HEAD}, memo, postings) VALUES ('d', 'deposit', ${at}, 1, 'First', '[[${ISSUER},1],[${USER},1]]')`,
    `INSERT INTO requests (${HOLD}) VALUES
      ('left', 'freeze', ${at}, 1, NULL, ${USER}, '@revenue', 'open', 10, 10, 0, 0, 0, 0, ${LEFT_EXPIRES_AT}, 2)`,
    `INSERT INTO postings (${POSTING}) VALUES
      (${ISSUER}, 1, 'd', 'deposit', ${-GIVEN}, 0, ${-GIVEN}, 0, ${at}),
      (${USER}, 1, 'd', 'deposit', ${GIVEN}, 0, ${GIVEN}, 0, ${at}),
      (${USER}, 2, 'left', 'freeze', -10, 10, ${GIVEN - 10n}, 10, ${at})`,
    `INSERT INTO balances (${BALANCE}) VALUES
      (${USER}, '${BUSY}', 'credit', 0, ${GIVEN - 10n}, 10, 0, 2),
      (${ISSUER}, '@issuer', 'credit', 0, ${-GIVEN}, 0, NULL, 1),
      (${REVENUE}, '@revenue', 'credit', 0, 0, 0, NULL, 1)`,
    // A balance has postings from version 1 on.
    `INSERT INTO requests (${HEAD}, postings) VALUES ('nil', 'open', ${at}, 1, '[[${REVENUE},1]]')`,
    `INSERT INTO postings (${POSTING}) VALUES (${REVENUE}, 1, 'nil', 'open', 0, 0, 0, 0, ${at})`,
  ]
}

/** The next `HOLDS_PER_STEP` holds, each of 10 with 4 settled: three postings and one request. */
export function holdsSql(step: number): readonly string[] {
  const first = step * HOLDS_PER_STEP + 1
  const last = first + HOLDS_PER_STEP - 1
  const numbers = `WITH d AS (${Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS x`).join(' UNION ALL ')}),
    n AS (SELECT ${first} + a.x + 10 * b.x + 100 * c.x + 1000 * e.x AS i FROM d a, d b, d c, d e)`
  const left = `${GIVEN - 10n} - 4 * (i - 1)`
  const frozenAt = `${JOURNAL_BEGINS_AT} + ${HOLD_EVERY_MS} * i`
  const settledAt = `${frozenAt} + ${SETTLED_AFTER_MS}`
  const metadata = `CASE WHEN i % ${RARE_EVERY} = 7 THEN '{"rare":true}' ELSE '{"model":"x"}' END`
  return [
    `INSERT INTO requests (${HOLD}, ended_at, end_fingerprint, ended_version, payee_balance_id, payee_version)
      ${numbers} SELECT CONCAT('h', i), 'freeze', ${frozenAt}, 1, ${metadata}, ${USER}, '@revenue', 'settled', 10, 0, 4, 6, 0, 0,
      ${frozenAt} + 900000, 2 * i + 1, ${settledAt}, 1, 2 * i + 2, ${REVENUE}, i + 1 FROM n ORDER BY i`,
    `INSERT INTO postings (${POSTING})
      ${numbers} SELECT ${USER}, 2 * i + 1, CONCAT('h', i), 'freeze', -10, 10, ${left} - 10, 20, ${frozenAt} FROM n
      UNION ALL SELECT ${USER}, 2 * i + 2, CONCAT('h', i, '~settle'), 'settle', 6, -10, ${left} - 4, 10, ${settledAt} FROM n
      ORDER BY 2`,
    `INSERT INTO postings (${POSTING})
      ${numbers} SELECT ${REVENUE}, i + 1, CONCAT('h', i, '~settle'), 'settle', 4, 0, 4 * i, 0, ${settledAt} FROM n ORDER BY i`,
    `UPDATE balances SET available = ${GIVEN - 10n - 4n * BigInt(last)}, version = ${2 * last + 2} WHERE id = ${USER}`,
    `UPDATE balances SET available = ${4 * last}, version = ${last + 1} WHERE id = ${REVENUE}`,
  ]
}
