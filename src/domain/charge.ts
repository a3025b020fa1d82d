/** A charge as a hold: it was settled when it was made, and can be refunded as a settle can. */
import type { HoldRecord } from './hold-record.ts'
import type { EntryRecord } from './journal.ts'

/** @param entry of a charge; its postings are those of the payer and of the payee, in this order */
export function chargeOf(entry: EntryRecord): HoldRecord {
  const [payer, payee] = entry.postings
  const { id, seq, at, fingerprint, metadata, by } = entry
  const { account, asset, version, availableDelta } = payer!.posting
  const amount = -availableDelta
  const paid = payee!.posting
  return {
    id,
    kind: 'freeze',
    seq,
    account,
    asset,
    payee: paid.account,
    state: 'settled',
    amount,
    held: 0n,
    settled: amount,
    released: 0n,
    drawn: 0n,
    shortfall: 0n,
    refunded: 0n,
    settledLate: 0n,
    onExpiry: null,
    expiresAt: at,
    createdAt: at,
    metadata,
    fingerprint,
    charge: entry,
    by,
    balanceId: payer!.balanceId,
    openedVersion: version,
    end: {
      number: 0,
      at,
      fingerprint,
      settled: amount,
      version,
      payee: { balanceId: payee!.balanceId, version: paid.version },
      by: null,
    },
    changes: 0,
    firstAnswers: null,
  }
}
