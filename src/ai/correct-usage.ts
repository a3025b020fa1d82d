/** Usage that is told late, for example in the provider's own list of calls. */
import type { Ledger } from '../api/ledger.ts'
import type { RequestId } from '../domain/ids.ts'
import type { Tariff } from '../prices/bill.ts'
import type { Usage } from '../prices/usage.ts'

/**
 * Makes a call cost what its usage costs, whatever was settled by an estimate or on expiry: returns the difference to the user, or takes it.
 * The first correction of a hold counts; a repeat of it has no further effect. A key needs the scopes `holds:write`, `accounts:read` and, to
 * take a difference from a hold that was settled, `charges:write`.
 *
 * @param tariff of the version that the hold's metadata names
 * @returns what was taken in addition, in minor units; below 0: what was returned
 * @throws LedgerError, for example `insufficient_funds`
 */
export async function correctUsage(
  ledger: Pick<Ledger, 'hold' | 'settle' | 'refund' | 'charge'>,
  { hold: id, tariff, usage }: { readonly hold: RequestId; readonly tariff: Tariff; readonly usage: Usage },
): Promise<bigint> {
  const hold = await ledger.hold(id)
  const cost = tariff.cost(usage)
  const difference = cost - hold.settled
  if (hold.state === 'open' || (hold.state === 'expired' && difference > 0n)) {
    const settled = await ledger.settle(id, { amount: cost, overage: 'draw', late: true })
    return settled.settled - hold.settled
  }
  const requestId = `${id}:corrected`
  if (difference < 0n) await ledger.refund(id, { requestId, amount: -difference })
  if (difference > 0n) {
    const { account, asset, payee } = hold
    const metadata = { ...tariff.bill(usage), corrects: id }
    await ledger.charge({ requestId, account, asset, payee, amount: difference, metadata })
  }
  return difference
}
