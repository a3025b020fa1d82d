/** The laws of docs/INVARIANTS.md that can be checked on rows, for every store. The number is the law's. */
import type { AuditCheck } from '../engine/auditor.ts'

export const AUDIT_CHECKS = [
  { id: '1a', title: 'The postings of every entry sum to zero per asset.' },
  { id: '1b', title: 'The balances of every asset sum to zero.' },
  { id: '1c', title: 'The postings of a transfer across assets match its legs.' },
  { id: '1d', title: 'Every rate in an entry is the same in the history of rates.' },
  { id: '2a', title: 'No balance holds less than nothing.' },
  { id: '2b', title: 'No balance is below its floor by anything but its debt.' },
  { id: '2c', title: 'The held amount of a balance is the sum of what its open holds still hold.' },
  { id: '2d', title: 'No balance owes without an overdraft charge.' },
  { id: '2e', title: 'Every balance of a house account is of a declared one.' },
  {
    id: '2f',
    title: 'Every balance is active, blocked or closed as its account is, which knows that it has the balance.',
  },
  {
    id: '3a',
    title: 'The runs of a balance follow each other without gaps, with one posting for each of its versions.',
  },
  { id: '3b', title: 'The amounts of a balance are those after its last run.' },
  { id: '3c', title: 'The amounts after a run are those after the one before plus the deltas of its postings.' },
  { id: '3d', title: 'Every actor that a request or the end of a hold names is there.' },
  { id: '4a', title: 'Every posting that an entry names exists once, where the entry says, and belongs to it.' },
  { id: '4b', title: 'Every posting is named by the entry that it belongs to.' },
  { id: '4c', title: 'The id of a request is what its key tells, or is stored if the key does not tell it.' },
  {
    id: '5a',
    title: 'What was frozen and drawn was settled, was released or is still held; no more was refunded than settled.',
  },
  {
    id: '5b',
    title:
      'A hold ends once: an open one has no end, an ended one holds nothing, and only refunds and late settles follow.',
  },
  { id: '5c', title: 'The postings of a hold are those that its changes name, and moved what the changes say.' },
  {
    id: '5d',
    title: 'The changes of a hold are numbered without gaps, and each step and its entry name each other and agree.',
  },
  { id: '5e', title: 'Each change of a hold changes only what its kind changes, and no sum shrinks.' },
] as const satisfies readonly AuditCheck[]

export type AuditCheckId = (typeof AUDIT_CHECKS)[number]['id']
