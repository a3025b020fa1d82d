/** The laws of docs/INVARIANTS.md that can be checked on rows, for every store. The number is the law's. */
import type { AuditCheck } from '../engine/auditor.ts'

export const AUDIT_CHECKS = [
  { id: '1a', title: 'The postings of every entry sum to zero per asset.' },
  { id: '1b', title: 'The balances of every asset sum to zero.' },
  { id: '1c', title: 'The postings of a transfer across assets match its legs.' },
  { id: '1d', title: 'Every rate in an entry is the same in the history of rates.' },
  { id: '2a', title: 'No balance holds less than nothing.' },
  { id: '2b', title: 'No balance is below its floor.' },
  { id: '2c', title: 'The held amount of a balance is the sum of what its open holds still hold.' },
  { id: '3a', title: 'A balance has exactly one posting for each of its versions.' },
  { id: '3b', title: 'The amounts of a balance are those of its last posting.' },
  { id: '3c', title: 'The amounts of a posting are those of the one before plus its deltas.' },
  { id: '4a', title: 'Every posting that an entry or a hold names exists and belongs to it.' },
  { id: '4b', title: 'Every posting is named by the entry or the hold that it belongs to.' },
  {
    id: '5a',
    title: 'What was frozen and drawn was settled, was released or is still held; no more was refunded than settled.',
  },
  {
    id: '5b',
    title: 'An open hold has no end, and without steps holds its whole amount; an ended one holds nothing and has one.',
  },
  { id: '5c', title: 'The postings of a hold match the amounts of the hold.' },
  { id: '5d', title: 'The steps of a hold are numbered without gaps, and each is an entry that names the hold.' },
  { id: '5e', title: 'A hold has the values that its last step recorded.' },
] as const satisfies readonly AuditCheck[]

export type AuditCheckId = (typeof AUDIT_CHECKS)[number]['id']
