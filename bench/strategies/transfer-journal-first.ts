/** The write-up's first proposal alone: the journal is inserted before the balances are updated, in the caller's order. */
import { transferStrategy } from './coin-transfers.ts'

export const transferJournalFirst = transferStrategy({
  summary: 'its first proposal alone: the journal before the balances, still in the caller’s order',
  first: 'journal',
  inOrder: (changes) => changes,
})
