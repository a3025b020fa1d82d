/**
 * What the rules and the engine cost: exactly the rows that Holdfast writes, in the same batches, and nothing else.
 *
 * No rule is applied and nothing is compared, so balances cannot be shared: every process writes its own accounts. It is not idempotent.
 */
import { balanceKey } from '../../src/domain/balance.ts'
import { HouseStripes } from '../../src/domain/house-stripes.ts'
import { DEFAULT_ASSET, REVENUE } from '../../src/domain/ids.ts'
import type { Store } from '../../src/engine/store.ts'
import { openLedger } from '../../src/ledger.ts'
import { auditLedger } from '../audit/ledger.ts'
import { BatchedCalls } from './batched-calls.ts'
import { UNCOUNTED } from './counting.ts'
import { prepareAccounts } from './ledger-accounts.ts'
import { RawRows, type RawCommand } from './raw-rows.ts'
import { openRawWriter } from './raw-writers.ts'
import type { Player, Site, Strategy } from './strategy.ts'

export const raw: Strategy = {
  summary: 'the rows that Holdfast writes, in the same batches, without rules or checks',
  plays: 'both',
  async prepare(site) {
    for (let processIndex = 0; processIndex < site.processCount; processIndex++) {
      const accounts = site.users.map((user) => accountOf({ processIndex }, user))
      await prepareAccounts(site, accounts)
      if (site.processCount > 1) await appearPayee(site, accounts[0]!, processIndex)
    }
  },
  async open(site): Promise<Player> {
    // For its store and its limits; its engine is idle.
    const ledger = await openLedger(site.url)
    const rows = await rowsOf(site, ledger.storage.store)
    const writer = await openRawWriter(site.url, ledger.storage.store)
    const write = (commands: readonly RawCommand[]): Promise<void> => writer.write(rows.changesOf(commands, Date.now()))
    const calls = new BatchedCalls(write, ledger.engine.limits)
    return {
      lives: calls,
      transfers: calls,
      counts: () => ({ ...UNCOUNTED, retries: 0, batches: calls.batches, batchedCommands: calls.commands }),
      workerPid: null,
      async [Symbol.asyncDispose]() {
        await writer[Symbol.asyncDispose]()
        await ledger.close()
      },
    }
  },
  audit: auditLedger,
}

/** Several processes would assign the same number to the payee's balance, and nothing here would detect it. */
async function appearPayee({ url }: Site, account: string, houseStripe: number): Promise<void> {
  await using ledger = await openLedger(url, { houseStripe })
  await ledger.charge({ account, amount: 1n })
}

function accountOf({ processIndex }: Pick<Site, 'processIndex'>, user: number): string {
  return processIndex === 0 ? `user:${user}` : `user:${user}/${processIndex}`
}

/** The current balances; the payee's has no row yet. */
async function rowsOf(site: Site, store: Store): Promise<RawRows> {
  const names = [
    ...site.users.map((user) => ({ account: accountOf(site, user), asset: DEFAULT_ASSET, stripe: 0 })),
    { account: REVENUE, asset: DEFAULT_ASSET, stripe: site.processIndex },
  ]
  const { balances } = await store.load({
    houseStripes: new HouseStripes(site.processIndex),
    requests: new Set(),
    balances: new Map(names.map((name) => [balanceKey(name.account, name.asset, name.stripe), name])),
    assets: new Set(),
    standings: new Set(),
    wholes: new Map(),
    houses: new Set(),
    rates: new Map(),
    payees: new Map(),
  })
  return new RawRows([...balances.values()], (user) => accountOf(site, user))
}
