/**
 * The incident: one update per account in the order in which the caller names them, then the journal. Two transfers that name
 * the same accounts in different orders wait for each other.
 */
import { transferStrategy } from './coin-transfers.ts'

export const transferUnsorted = transferStrategy({
  summary: 'the incident: accounts changed in the order in which the caller names them',
  first: 'balances',
  inOrder: (changes) => changes,
})
