/** The columns and joins from which a request is read: a hold with its changes, or an entry with the hold of its step. */
import { AUTHOR_COLUMNS } from './author-row.ts'
import { HOLD_STEPPED } from './hold-row.ts'

/** What a step needs of its hold's freeze, or of the charge. */
const OF_FREEZE = ['id', 'id_text', 'kind', 'at', 'metadata', 'payee', 'amount', 'expires_at', 'on_expiry']

export function columnsOf(alias: string, columns: readonly string[], prefix: string): string {
  return columns.map((column) => `${alias}.${column} AS ${prefix}${column}`).join(', ')
}

/** The columns of requests `r` and of `REQUEST_JOINS`. */
export const REQUEST_COLUMNS = [
  'r.*, b.account AS account, b.asset AS asset',
  columnsOf('h', OF_FREEZE, 'hold_'),
  columnsOf('c', HOLD_STEPPED.columns, 'change_'),
  columnsOf('e', HOLD_STEPPED.columns, 'end_'),
  AUTHOR_COLUMNS,
].join(',\n  ')

/**
 * To requests `r`: `h`, the freeze of the hold that a step changed; `b`, the balance of the hold; `c`, the change that an entry made, or
 * the last one of a hold; `e`, the change that ended the hold before that. Each is found by its primary key.
 */
export const REQUEST_JOINS = `LEFT JOIN requests h ON h.seq = r.hold_seq
  LEFT JOIN balances b ON b.id = COALESCE(r.balance_id, h.balance_id)
  LEFT JOIN hold_changes c ON c.hold_seq = COALESCE(r.hold_seq, r.seq)
    AND c.number = COALESCE(r.hold_number, (
      SELECT m.number FROM hold_changes m WHERE m.hold_seq = r.seq ORDER BY m.hold_seq DESC, m.number DESC LIMIT 1))
  LEFT JOIN hold_changes e ON e.hold_seq = c.hold_seq AND e.number = c.end_number`
