/** Both proposals of the write-up: the journal first, and every transfer takes its accounts in the order of their keys. */
import { transferStrategy } from './coin-transfers.ts'

export const transferSorted = transferStrategy({
  summary: 'both proposals: the journal first, accounts changed in the order of their keys',
  first: 'journal',
  inOrder: (changes) => changes.toSorted((left, right) => left.uid - right.uid),
})
