/** What ledgers in front of other ledgers share: they pass on commands that are already checked, and reads. */
import { commandToWire } from '../api/contracts.ts'
import { LedgerError } from '../api/error.ts'
import type { BatchOutcome, CallOptions, CommandInput, Ledger, Reads } from '../api/ledger.ts'
import type { Command } from '../domain/command.ts'

/** One outcome per command, in order. An error of the whole call is the fault of each command; nothing is thrown. */
export async function relay(
  ledger: Ledger,
  commands: readonly Command[],
  options: CallOptions & { readonly atomic?: boolean } = {},
): Promise<BatchOutcome[]> {
  try {
    const inputs = commands.map((command) => commandToWire(command) as CommandInput)
    const outcomes = await ledger.batch(inputs, options)
    if (outcomes.length === commands.length) return outcomes
    throw new LedgerError('unexpected_answer', `${outcomes.length} outcomes for ${commands.length} commands.`)
  } catch (thrown) {
    const error =
      thrown instanceof LedgerError
        ? thrown
        : new LedgerError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown })
    return commands.map(() => ({ status: 'faulted', error }))
  }
}

/** The reads of a ledger. The assets are one page, because a ledger gives all of them. */
export function readsOf(ledger: Ledger): Reads {
  return {
    account: (account, input) => ledger.account(account, input),
    accounts: (input) => ledger.accounts(input),
    stats: (input) => ledger.stats(input),
    balance: (account, asset) => ledger.balance(account, asset),
    hold: (id) => ledger.hold(id),
    holds: (input) => ledger.holds(input),
    holdHistory: (id, input) => ledger.holdHistory(id, input),
    postings: (account, input) => ledger.postings(account, input),
    entry: (id) => ledger.entry(id),
    entries: (input) => ledger.entries(input),
    assetPage: async () => ({ items: await ledger.assets(), next: null }),
    rates: (input) => ledger.rates(input),
    rateHistory: (from, to, input) => ledger.rateHistory(from, to, input),
  }
}
