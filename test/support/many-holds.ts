/** SQL that adds many holds to the long journal: one account with many open holds, and one hold with many steps. Every law holds in it. */
import { JOURNAL_BEGINS_AT } from '../../harness/long-journal.ts'

/** Open holds of one call of `openHoldsSql`. */
const OPEN_PER_STEP = 10_000
/** Steps of the one hold with many steps. */
export const STEPS_OF_ONE = 1_000

const LENDER = 'user:20'
export const STEPPED_HOLDER = 'user:21'
export const STEPPED = 's'
const [LENDER_ID, HOLDER_ID, PAYEE_ID] = [20, 21, 22]
const PAYEE = 'user:22'

const CREDIT_LINE = 1_000_000_000_000n
const AT = JOURNAL_BEGINS_AT - 1_000
const EXPIRES_AT = AT + 900_000

const POSTING = 'balance_id, version, entry_id, kind, available_delta, held_delta, available, held, at'
const BALANCE = 'id, account, asset, stripe, available, held, floor, version'
const HOLD = `id, kind, at, fingerprint, balance_id, payee, state, amount, held, settled, released, drawn, shortfall, expires_at,
  opened_version`

function numbers(first: number, digits: number): string {
  const places = ['a', 'b', 'c', 'e'].slice(0, digits)
  const number = places.map((place, index) => `${10 ** index} * ${place}.x`).join(' + ')
  return `WITH d AS (${Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS x`).join(' UNION ALL ')}),
    n AS (SELECT ${first} + ${number} AS i FROM ${places.map((place) => `d ${place}`).join(', ')})`
}

/** A credit line, and the hold `STEPPED`, settled in `STEPS_OF_ONE` parts. `openHoldsSql` follows. */
export function steppedHoldSql(): readonly string[] {
  const opened = (id: string, balance: number): readonly string[] => [
    `INSERT INTO requests (id, kind, at, fingerprint, floor, postings)
      VALUES ('${id}', 'open', ${AT}, 1, ${-CREDIT_LINE}, '[[${balance},1]]')`,
    `INSERT INTO postings (${POSTING}) VALUES (${balance}, 1, '${id}', 'open', 0, 0, 0, 0, ${AT})`,
  ]
  const total = STEPS_OF_ONE
  const after = (held: string, settled: string): string =>
    `"id":"${STEPPED}","account":"${STEPPED_HOLDER}","asset":"credit","payee":"${PAYEE}","state":"open","amount":"${total}",` +
    `"held":"${held}","settled":"${settled}","released":"0","drawn":"0","shortfall":"0","refunded":"0","settledLate":"0",` +
    `"onExpiry":null,"expiresAt":${EXPIRES_AT},"createdAt":${AT},"endedAt":null,"metadata":null}`
  const holdAfter = `CONCAT('{"number":', i, ',${after(`', ${total} - i, '`, `', i, '`)}')`
  return [
    ...opened('line', LENDER_ID),
    ...opened('line2', HOLDER_ID),
    `INSERT INTO requests (${HOLD}, steps, first_answers) VALUES ('${STEPPED}', 'freeze', ${AT}, 1, ${HOLDER_ID}, '${PAYEE}', 'open',
      ${total}, 0, ${total}, 0, 0, 0, ${EXPIRES_AT}, 2, ${total}, '{"freeze":{${after(String(total), '0')},"end":null}')`,
    `INSERT INTO requests (id, kind, at, fingerprint, postings, hold_after)
      ${numbers(1, 3)} SELECT CONCAT('s', i), 'settle', ${AT} + i, 1, CONCAT('[[${HOLDER_ID},', i + 2, '],[${PAYEE_ID},', i, ']]'),
      ${holdAfter} FROM n ORDER BY i`,
    `INSERT INTO hold_steps (hold, step, entry_id) ${numbers(1, 3)} SELECT '${STEPPED}', i, CONCAT('s', i) FROM n ORDER BY i`,
    `INSERT INTO postings (${POSTING}) VALUES
      (${HOLDER_ID}, 2, '${STEPPED}', 'freeze', ${-total}, ${total}, ${-total}, ${total}, ${AT})`,
    `INSERT INTO postings (${POSTING})
      ${numbers(1, 3)} SELECT ${HOLDER_ID}, i + 2, CONCAT('s', i), 'settle', 0, -1, ${-total}, ${total} - i, ${AT} + i FROM n ORDER BY i`,
    `INSERT INTO postings (${POSTING})
      ${numbers(1, 3)} SELECT ${PAYEE_ID}, i, CONCAT('s', i), 'settle', 1, 0, i, 0, ${AT} + i FROM n ORDER BY i`,
    `INSERT INTO balances (${BALANCE}) VALUES
      (${LENDER_ID}, '${LENDER}', 'credit', 0, 0, 0, ${-CREDIT_LINE}, 1),
      (${HOLDER_ID}, '${STEPPED_HOLDER}', 'credit', 0, ${-total}, 0, ${-CREDIT_LINE}, ${total + 2}),
      (${PAYEE_ID}, '${PAYEE}', 'credit', 0, ${total}, 0, 0, ${total})`,
  ]
}

/** The next `OPEN_PER_STEP` open holds of `LENDER`, of 10 each; the hold `o1` expires at 1, `o2` at 2, and so on. */
export function openHoldsSql(step: number): readonly string[] {
  const first = step * OPEN_PER_STEP + 1
  const last = first + OPEN_PER_STEP - 1
  return [
    `INSERT INTO requests (${HOLD})
      ${numbers(first, 4)} SELECT CONCAT('o', i), 'freeze', ${AT}, 1, ${LENDER_ID}, '@revenue', 'open', 10, 10, 0, 0, 0, 0, i, i + 1
      FROM n ORDER BY i`,
    `INSERT INTO postings (${POSTING})
      ${numbers(first, 4)} SELECT ${LENDER_ID}, i + 1, CONCAT('o', i), 'freeze', -10, 10, -10 * i, 10 * i, ${AT} FROM n ORDER BY i`,
    `UPDATE balances SET available = ${-10 * last}, held = ${10 * last}, version = ${last + 1} WHERE id = ${LENDER_ID}`,
  ]
}
