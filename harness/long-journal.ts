/**
 * SQL that generates a long journal: the holds of one busy user, frozen and settled, and one early hold that stays open. Every law holds in
 * it.
 *
 * A cycle of holds is as a busy hour and a quiet one: `BATCH` holds that one commit freezes and the next one settles, then `SINGLES` holds
 * one after another, each command in a commit of its own. So the journal has long runs and runs of one line.
 */
import { keySql, linesOf, rowSql, seriesSql, uuidKeySql, type Dialect, type Series, type Values } from './row-series.ts'

/** Holds of one call of `holdsSql`, a multiple of the cycle: 40 % of them alone, and almost all of the journal's rows. */
export const HOLDS_PER_STEP = 10_000
/** `RUN_LINES_MAX`, as a ledger would make it. */
const BATCH = 100
const SINGLES = 25
const CYCLE = BATCH + SINGLES

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

/** The number of the hold `h0`, had it been frozen: as long as the running numbers of a process, and before all of today. */
const SEQ = 2 ** 46

/** One hold in this many carries `{"rare":true}`, the others `{"model":"x"}`. */
const RARE_EVERY = 100_000

const GIVEN = 1_000_000_000_000_000n
const [USER, PAYEE, ISSUER] = [1, 2, 3]
/** What of a hold of `AMOUNT` is settled. */
const [AMOUNT, COST] = [10, 4]

/** How the holds are called: `h1`, `h2` and so on, or by UUIDs that are random. */
export type HoldNames = 'counted' | 'random'

/** Whose holds the journal has. */
export interface Parties {
  readonly holder: string
  readonly payee: string
}

const BUSY_AND_HOUSE: Parties = { holder: BUSY, payee: '@revenue' }

/** The first rows of an empty ledger: a deposit, and a hold that stays open. `holdsSql` follows. */
export function beginningSql(dialect: Dialect, { holder, payee }: Parties = BUSY_AND_HOUSE): readonly string[] {
  const payeeFloor: Values = payee.startsWith('@') ? {} : { floor: '0' }
  const at = String(JOURNAL_BEGINS_AT - 1_000)
  const [nil, deposit, left] = [SEQ - 2, SEQ - 1, SEQ].map(String)
  const request = (id: string, seq: string): Values => ({
    seq,
    id: keySql(dialect, `'${id}'`),
    at,
    fingerprint: '1',
  })
  const run = (balanceId: number, version: number, amounts: readonly [available: bigint, held: number]) => ({
    balance_id: String(balanceId),
    first_version: String(version),
    last_version: String(version),
    available: String(amounts[0]),
    held: String(amounts[1]),
    at,
  })
  const balance = (id: number, account: string): Values => ({
    id: String(id),
    account: `'${account}'`,
    asset: `'credit'`,
    stripe: '0',
  })
  const given = (sign: '' | '-'): Values => linesOf(1, () => [0, 'deposit', Number(`${sign}${GIVEN}`), 0])
  const own = GIVEN - BigInt(AMOUNT)
  return [
    // A balance has postings from version 1 on.
    rowSql('requests', { ...request('nil', nil!), kind: `'open'`, postings: `'[[${PAYEE},1,1]]'` }),
    rowSql('journal', {
      ...run(PAYEE, 1, [0n, 0]),
      seq: nil!,
      ...linesOf(1, () => [0, 'open', 0, 0]),
    }),
    rowSql('balances', { ...balance(PAYEE, payee), available: '0', held: '0', ...payeeFloor, version: '1' }),
    rowSql('requests', {
      ...request('d', deposit!),
      kind: `'deposit'`,
      memo: `'First'`,
      postings: `'[[${ISSUER},1,1],[${USER},1,1]]'`,
    }),
    rowSql('journal', { ...run(ISSUER, 1, [-GIVEN, 0]), seq: deposit!, ...given('-') }),
    rowSql('journal', { ...run(USER, 1, [GIVEN, 0]), seq: deposit!, ...given('') }),
    rowSql('balances', { ...balance(ISSUER, '@issuer'), available: String(-GIVEN), held: '0', version: '1' }),
    rowSql('requests', {
      ...request('left', left!),
      kind: `'freeze'`,
      balance_id: String(USER),
      opened_version: '2',
      payee: `'${payee}'`,
      amount: String(AMOUNT),
      expires_at: String(LEFT_EXPIRES_AT),
    }),
    rowSql('journal', {
      ...run(USER, 2, [own, AMOUNT]),
      seq: left!,
      ...linesOf(1, () => [0, 'freeze', -AMOUNT, AMOUNT]),
    }),
    rowSql('balances', {
      ...balance(USER, holder),
      available: String(own),
      held: String(AMOUNT),
      floor: '0',
      version: '2',
    }),
  ]
}

/** The next `HOLDS_PER_STEP` holds, each of 10 with 4 settled. */
export function holdsSql(
  step: number,
  dialect: Dialect,
  names: HoldNames = 'counted',
  { payee }: Parties = BUSY_AND_HOUSE,
): readonly string[] {
  const numbers = { first: step * HOLDS_PER_STEP + 1, count: HOLDS_PER_STEP }
  const last = step * HOLDS_PER_STEP + HOLDS_PER_STEP
  const own = GIVEN - BigInt(AMOUNT)
  return [
    seriesSql('requests', {
      numbers,
      key: 'seq',
      series: [
        {
          values: {
            seq: `${SEQ} + i`,
            id: names === 'random' ? uuidKeySql(dialect, 'i') : keySql(dialect, `CONCAT('h', i)`),
            kind: `'freeze'`,
            at: FROZEN_AT,
            fingerprint: '1',
            metadata: `CASE WHEN i % ${RARE_EVERY} = 7 THEN '{"rare":true}' ELSE '{"model":"x"}' END`,
            balance_id: String(USER),
            opened_version: `CASE WHEN ${IS_SINGLE} THEN 2 * i + 1 ELSE ${CYCLE_BEGINS} + i + 1 END`,
            payee: `'${payee}'`,
            amount: String(AMOUNT),
            expires_at: `${FROZEN_AT} + 900000`,
          },
        },
      ],
    }),
    seriesSql('hold_changes', {
      numbers,
      key: 'hold_seq',
      series: [
        {
          values: {
            hold_seq: `${SEQ} + i`,
            number: '1',
            at: `${FROZEN_AT} + ${SETTLED_AFTER_MS}`,
            fingerprint: '1',
            version: `CASE WHEN ${IS_SINGLE} THEN 2 * i + 2 ELSE ${CYCLE_BEGINS} + i + ${BATCH + 1} END`,
            payee_balance_id: String(PAYEE),
            payee_version: 'i + 1',
            state: `'settled'`,
            amount: String(AMOUNT),
            held: '0',
            settled: String(COST),
            released: String(AMOUNT - COST),
            drawn: '0',
            shortfall: '0',
          },
        },
      ],
    }),
    seriesSql('journal', {
      numbers,
      key: 'first_version',
      series: [...runs(USER, 'freeze'), ...runs(USER, 'settle')],
    }),
    seriesSql('journal', { numbers, key: 'first_version', series: runs(PAYEE, 'settle') }),
    `UPDATE balances SET available = ${own - BigInt(COST * last)}, version = ${2 * last + 2} WHERE id = ${USER}`,
    `UPDATE balances SET available = ${COST * last}, version = ${last + 1} WHERE id = ${PAYEE}`,
  ]
}

/** The first hold of the cycle that `i` is in, and whether `i` is one of its single holds. */
const CYCLE_BEGINS = `(i - (i - 1) % ${CYCLE})`
const IS_SINGLE = `(i - 1) % ${CYCLE} >= ${BATCH}`
const IS_FIRST = `(i - 1) % ${CYCLE} = 0`
const FROZEN_AT = `(${JOURNAL_BEGINS_AT} + ${HOLD_EVERY_MS} * CASE WHEN ${IS_SINGLE} THEN i ELSE ${CYCLE_BEGINS} END)`

/** The runs that the freezes, or the ends, are on a balance: one of each batch, and one of each single hold. */
function runs(balanceId: number, kind: 'freeze' | 'settle'): readonly Series[] {
  const isPayee = balanceId === PAYEE
  const [available, held] = isPayee ? [COST, 0] : kind === 'freeze' ? [-AMOUNT, AMOUNT] : [AMOUNT - COST, -AMOUNT]
  return [BATCH, 1].map((lines) => {
    const first = isPayee ? 'i + 1' : kind === 'freeze' ? '2 * i + 1' : `2 * i + 1 + ${lines}`
    // Of the holds before, and of those of this run.
    const settled = `${COST} * (i - 1)${kind === 'settle' ? ` + ${COST * lines}` : ''}`
    const frozen = kind === 'freeze' ? AMOUNT * lines : 0
    return {
      values: {
        balance_id: String(balanceId),
        first_version: first,
        last_version: `${first} + ${lines - 1}`,
        available: isPayee ? settled : `${GIVEN - BigInt(AMOUNT + frozen)} - (${settled})`,
        held: String(isPayee ? 0 : AMOUNT + frozen),
        at: kind === 'freeze' ? FROZEN_AT : `${FROZEN_AT} + ${SETTLED_AFTER_MS}`,
        seq: `${SEQ} + i`,
        ...linesOf(lines, (index) => [index, kind, available, held]),
      },
      where: lines === 1 ? IS_SINGLE : IS_FIRST,
    }
  })
}
