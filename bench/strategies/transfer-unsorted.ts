/**
 * The incident: one update per account in the caller's order, then the journal. Two transfers with the same accounts in different orders
 * wait for each other.
 */
import { transferStrategy } from './coin-transfers.ts'

export const transferUnsorted = transferStrategy({
  summary: 'the incident: accounts updated in the caller’s order',
  first: 'balances',
  inOrder: (changes) => changes,
})
