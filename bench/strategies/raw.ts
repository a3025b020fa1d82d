/**
 * The upper limit: exactly the rows that Holdfast writes, in the same batches, and nothing else.
 *
 * Calls are batched as in the engine: calls that arrive during a batch form the next one, and a second batch is sent early only when it is
 * full. No rule is applied and nothing is compared, so balances cannot be shared: every process writes its own accounts. It is not
 * idempotent.
 */
import { balanceKey } from '../../src/domain/balance.ts'
import { HouseStripes } from '../../src/domain/house-stripes.ts'
import { DEFAULT_ASSET, REVENUE } from '../../src/domain/ids.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { Store } from '../../src/engine/store.ts'
import { openLedger } from '../../src/ledger.ts'
import { auditLedger } from '../audit/ledger.ts'
import { Fifo } from '../load/fifo.ts'
import { UNCOUNTED } from './counting.ts'
import { prepareAccounts } from './ledger-accounts.ts'
import { RawRows, type RawCommand } from './raw-rows.ts'
import { openRawWriter, type RawWriter } from './raw-writers.ts'
import type {
  FreezeRequest,
  HoldRequest,
  Lives,
  Player,
  Site,
  Strategy,
  TransferRequest,
  Transfers,
} from './strategy.ts'

export const raw: Strategy = {
  summary: 'the limit: the rows that Holdfast writes, in the same batches, without rules or checks',
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
    const calls = new RawCalls(rows, writer, ledger.engine.limits)
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
    rates: new Map(),
    payees: new Map(),
  })
  return new RawRows([...balances.values()], (user) => accountOf(site, user))
}

interface Waiting {
  readonly command: RawCommand
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

type BatchLimits = Pick<EngineLimits, 'batchCommandsMax' | 'batchesInFlightMax'>

class RawCalls implements Lives, Transfers {
  readonly #rows: RawRows
  readonly #writer: RawWriter
  readonly #limits: BatchLimits
  readonly #waiting = new Fifo<Waiting>()
  #inFlight = 0
  #isGathering = false
  batches = 0
  commands = 0

  constructor(rows: RawRows, writer: RawWriter, limits: BatchLimits) {
    this.#rows = rows
    this.#writer = writer
    this.#limits = limits
  }

  freeze(request: FreezeRequest): Promise<void> {
    return this.#add({ kind: 'freeze', ...request })
  }

  settle(hold: HoldRequest, cost: number): Promise<void> {
    return this.#add({ kind: 'settle', ...hold, cost })
  }

  release(hold: HoldRequest): Promise<void> {
    return this.#add({ kind: 'release', ...hold })
  }

  transfer(request: TransferRequest): Promise<void> {
    return this.#add({ kind: 'transfer', ...request })
  }

  #add(command: RawCommand): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject })
      this.#gather()
    })
  }

  /** Sends the next batch, if allowed, after the calls of this turn of the event loop have arrived. */
  #gather(): void {
    if (this.#isGathering || !this.#maySend()) return
    this.#isGathering = true
    setImmediate(() => {
      this.#isGathering = false
      if (!this.#maySend()) return
      void this.#send(this.#waiting.take(this.#limits.batchCommandsMax))
      this.#gather()
    })
  }

  #maySend(): boolean {
    const { length } = this.#waiting
    if (this.#inFlight === 0) return length > 0
    return this.#inFlight < this.#limits.batchesInFlightMax && length >= this.#limits.batchCommandsMax
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    this.#inFlight++
    this.batches++
    this.commands += batch.length
    try {
      const changes = this.#rows.changesOf(
        batch.map(({ command }) => command),
        Date.now(),
      )
      await this.#writer.write(changes)
      for (const { resolve } of batch) resolve()
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      this.#inFlight--
      this.#gather()
    }
  }
}
