/** Both proposals of the write-up: journal first, and accounts in the order of their keys. */
import { transferStrategy } from './coin-transfers.ts'

export const transferSorted = transferStrategy({
  summary: 'both proposals: the journal first, accounts updated in the order of their keys',
  first: 'journal',
  inOrder: (changes) => changes.toSorted((left, right) => left.uid - right.uid),
})
