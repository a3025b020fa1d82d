/** Shared by the strategies on Holdfast's tables: accounts with funds, and the audit of the laws. */
import type { Ledger } from '../../src/api/ledger.ts'
import { BATCH_COMMANDS_MAX } from '../../src/api/contracts.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import type { FreezeRequest, HoldRequest, Lives, Site, TransferRequest, Transfers } from './strategy.ts'

export function accountOf(user: number): string {
  return `user:${user}`
}

/** Creates Holdfast's tables and funds each account. */
export async function prepareAccounts(site: Pick<Site, 'url' | 'funds'>, accounts: readonly string[]): Promise<void> {
  await migrateLedger(site.url)
  await using ledger = await openLedger(site.url)
  for (let start = 0; start < accounts.length; start += BATCH_COMMANDS_MAX) {
    const deposits = accounts
      .slice(start, start + BATCH_COMMANDS_MAX)
      .map((account) => ({ kind: 'deposit', account, amount: BigInt(site.funds) }) as const)
    const outcomes = await ledger.batch(deposits)
    const failed = outcomes.find(({ status }) => status !== 'applied')
    if (failed !== undefined && failed.status !== 'applied') throw failed.error
  }
}

/** Holdfast in this process or as a service through `connect`: both implement `Ledger`. */
export class LedgerCalls implements Lives, Transfers {
  readonly #ledger: Ledger

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  freeze({ requestId, user, amount }: FreezeRequest): Promise<unknown> {
    return this.#ledger.freeze({ requestId, account: accountOf(user), amount: BigInt(amount) })
  }

  settle({ requestId }: HoldRequest, cost: number): Promise<unknown> {
    return this.#ledger.settle(requestId, { amount: BigInt(cost) })
  }

  release({ requestId }: HoldRequest): Promise<unknown> {
    return this.#ledger.release(requestId)
  }

  transfer({ requestId, from, shares }: TransferRequest): Promise<unknown> {
    const legs = shares.map(({ to, amount }) => ({ from: accountOf(from), to: accountOf(to), amount: BigInt(amount) }))
    return this.#ledger.transfer({ requestId, legs })
  }
}
