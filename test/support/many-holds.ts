/** SQL that adds many holds to the long journal: one account with many open holds, and one hold with many steps. Every law holds in it. */
import { JOURNAL_BEGINS_AT } from '../../harness/long-journal.ts'
import { keySql, linesOf, rowSql, seriesSql, type Dialect, type Values } from '../../harness/row-series.ts'

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
const AT = String(JOURNAL_BEGINS_AT - 1_000)
const EXPIRES_AT = String(JOURNAL_BEGINS_AT + 899_000)
/** Of an open hold. */
const AMOUNT = 10

/** The numbers of the hold with many steps, and those before its steps and before the open holds. */
const [STEPPED_SEQ, STEPS_SEQ, OPEN_SEQ] = [3, 10, 1_000_000]

/** A credit line, and the hold `STEPPED`, settled in `STEPS_OF_ONE` parts. `openHoldsSql` follows. */
export function steppedHoldSql(dialect: Dialect): readonly string[] {
  const total = String(STEPS_OF_ONE)
  const numbers = { first: 1, count: STEPS_OF_ONE }
  const stepSeq = `${STEPS_SEQ} + i`
  return [
    ...openedSql(dialect, { id: 'line', seq: 1, balanceId: LENDER_ID }),
    ...openedSql(dialect, { id: 'line2', seq: 2, balanceId: HOLDER_ID }),
    rowSql('requests', {
      ...freeze(keySql(dialect, `'${STEPPED}'`), String(STEPPED_SEQ)),
      balance_id: String(HOLDER_ID),
      opened_version: '2',
      payee: `'${PAYEE}'`,
      amount: total,
      expires_at: EXPIRES_AT,
    }),
    rowSql('journal', {
      ...runOf(HOLDER_ID, { version: '2', available: `-${total}`, held: total, at: AT, seq: String(STEPPED_SEQ) }),
      ...linesOf(1, () => [0, 'freeze', -STEPS_OF_ONE, STEPS_OF_ONE]),
    }),
    seriesSql('requests', {
      numbers,
      key: 'seq',
      series: [
        {
          values: {
            seq: stepSeq,
            id: keySql(dialect, `CONCAT('s', i)`),
            kind: `'settle'`,
            at: `${AT} + i`,
            fingerprint: '1',
            postings: `CONCAT('[[${HOLDER_ID},', i + 2, ',', i + 2, '],[${PAYEE_ID},', i, ',', i, ']]')`,
            hold_seq: String(STEPPED_SEQ),
            hold_number: 'i',
            expires_at: EXPIRES_AT,
          },
        },
      ],
    }),
    seriesSql('hold_changes', {
      numbers,
      key: 'number',
      series: [
        {
          values: {
            hold_seq: String(STEPPED_SEQ),
            number: 'i',
            at: `${AT} + i`,
            fingerprint: '1',
            version: 'i + 2',
            payee_balance_id: String(PAYEE_ID),
            payee_version: 'i',
            state: `'open'`,
            amount: total,
            held: `${total} - i`,
            settled: 'i',
            released: '0',
            drawn: '0',
            shortfall: '0',
            seq: stepSeq,
            payee: `'${PAYEE}'`,
            refunded: '0',
            settled_late: '0',
            expires_at: EXPIRES_AT,
          },
        },
      ],
    }),
    seriesSql('journal', {
      numbers,
      key: 'balance_id',
      series: [
        {
          values: {
            ...runOf(HOLDER_ID, {
              version: 'i + 2',
              available: `-${total}`,
              held: `${total} - i`,
              at: `${AT} + i`,
              seq: stepSeq,
            }),
            ...linesOf(1, () => [0, 'settle', 0, -1]),
          },
        },
        {
          values: {
            ...runOf(PAYEE_ID, { version: 'i', available: 'i', held: '0', at: `${AT} + i`, seq: stepSeq }),
            ...linesOf(1, () => [0, 'settle', 1, 0]),
          },
        },
      ],
    }),
    rowSql('balances', balance(LENDER_ID, LENDER, { available: '0', floor: String(-CREDIT_LINE), version: '1' })),
    rowSql(
      'balances',
      balance(HOLDER_ID, STEPPED_HOLDER, {
        available: `-${total}`,
        floor: String(-CREDIT_LINE),
        version: String(STEPS_OF_ONE + 2),
      }),
    ),
    rowSql('balances', balance(PAYEE_ID, PAYEE, { available: total, floor: '0', version: total })),
  ]
}

/** The next `OPEN_PER_STEP` open holds of `LENDER`, of 10 each; the hold `o1` expires at 1, `o2` at 2, and so on. */
export function openHoldsSql(step: number, dialect: Dialect): readonly string[] {
  const numbers = { first: step * OPEN_PER_STEP + 1, count: OPEN_PER_STEP }
  const last = step * OPEN_PER_STEP + OPEN_PER_STEP
  const seq = `${OPEN_SEQ} + i`
  return [
    seriesSql('requests', {
      numbers,
      key: 'seq',
      series: [
        {
          values: {
            ...freeze(keySql(dialect, `CONCAT('o', i)`), seq),
            balance_id: String(LENDER_ID),
            opened_version: 'i + 1',
            payee: `'@revenue'`,
            amount: String(AMOUNT),
            expires_at: 'i',
          },
        },
      ],
    }),
    seriesSql('journal', {
      numbers,
      key: 'first_version',
      series: [
        {
          values: {
            ...runOf(LENDER_ID, { version: 'i + 1', available: `-${AMOUNT} * i`, held: `${AMOUNT} * i`, at: AT, seq }),
            ...linesOf(1, () => [0, 'freeze', -AMOUNT, AMOUNT]),
          },
        },
      ],
    }),
    `UPDATE balances SET available = ${-AMOUNT * last}, held = ${AMOUNT * last}, version = ${last + 1} WHERE id = ${LENDER_ID}`,
  ]
}

/** An `open` that sets the floor. */
function openedSql(
  dialect: Dialect,
  { id, seq, balanceId }: { readonly id: string; readonly seq: number; readonly balanceId: number },
): readonly string[] {
  return [
    rowSql('requests', {
      seq: String(seq),
      id: keySql(dialect, `'${id}'`),
      kind: `'open'`,
      at: AT,
      fingerprint: '1',
      floor: String(-CREDIT_LINE),
      postings: `'[[${balanceId},1,1]]'`,
    }),
    rowSql('journal', {
      ...runOf(balanceId, { version: '1', available: '0', held: '0', at: AT, seq: String(seq) }),
      ...linesOf(1, () => [0, 'open', 0, 0]),
    }),
  ]
}

function freeze(id: string, seq: string): Values {
  return { seq, id, kind: `'freeze'`, at: AT, fingerprint: '1' }
}

/** A run of one line, without the line. */
function runOf(
  balanceId: number,
  run: Readonly<Record<'version' | 'available' | 'held' | 'at' | 'seq', string>>,
): Values {
  const { version, available, held, at, seq } = run
  return { balance_id: String(balanceId), first_version: version, last_version: version, available, held, at, seq }
}

/** Nothing is held. */
function balance(
  id: number,
  account: string,
  { available, floor, version }: Readonly<Record<'available' | 'floor' | 'version', string>>,
): Values {
  const name = { id: String(id), account: `'${account}'`, asset: `'credit'`, stripe: '0' }
  return { ...name, available, held: '0', floor, debt: '0', version }
}
