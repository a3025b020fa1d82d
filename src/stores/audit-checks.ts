/** The laws of docs/INVARIANTS.md that can be checked on rows, for every store. The number is the law's. */
import type { AuditCheck } from '../engine/auditor.ts'

export const AUDIT_CHECKS = [
  { id: '1a', title: 'The postings of every entry sum to zero per asset.' },
  { id: '1b', title: 'The balances of every asset sum to zero.' },
  { id: '1c', title: 'The postings of a transfer across assets moved what its legs say.' },
  { id: '1d', title: 'Every rate that an entry rests on is in the history as it was.' },
  { id: '2a', title: 'No balance holds less than nothing.' },
  { id: '2b', title: 'No balance is below its floor.' },
  { id: '2c', title: 'What a balance holds is the sum of what its open holds still hold.' },
  { id: '3a', title: 'A balance has one posting for each of its versions, and no other.' },
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
  { id: '5c', title: 'The postings of a hold moved the amounts that the hold has.' },
  { id: '5d', title: 'The steps of a hold are numbered without gaps, and each of them is an entry that knows it.' },
  { id: '5e', title: 'A hold is as its last step left it.' },
] as const satisfies readonly AuditCheck[]

export type AuditCheckId = (typeof AUDIT_CHECKS)[number]['id']
