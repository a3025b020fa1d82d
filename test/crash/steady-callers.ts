/** Callers that use the client as a program does, with all of its retries, and remember every error that comes through. */
import { connect, type ClientLimits } from '../../src/client/index.ts'
import type { Ledger } from '../../src/api/ledger.ts'

/** Not one of the users whose journal is proven command by command. */
const ACCOUNT = 'user:steady'

/** Longer than a lease of a cluster. */
const PATIENT = { attemptsMax: 1_000, callTimeoutMsDefault: 110_000 }

export class SteadyCallers {
  readonly #urls: readonly string[]
  readonly #count: number
  #clients: readonly Ledger[] = []
  #running: Promise<void>[] = []
  readonly errors: Error[] = []
  appliedCount = 0
  #stopped = false

  /** @param urls of services; each has `count` callers */
  constructor(urls: readonly string[], count: number) {
    this.#urls = urls
    this.#count = count
    this.#start('usual', {})
  }

  /** From now on the callers do not give up before a lease of a cluster has ended. */
  async bePatient(): Promise<void> {
    await this.stop()
    this.#stopped = false
    this.#start('patient', PATIENT)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
    await Promise.all(this.#clients.map((client) => client.close()))
  }

  /** What the account must have. @throws as the ledger */
  async missing(ledger: Ledger): Promise<bigint> {
    const { balances } = await ledger.account(ACCOUNT)
    return BigInt(this.appliedCount) - (balances[0]?.available ?? 0n)
  }

  #start(name: string, limits: Partial<ClientLimits>): void {
    this.#clients = this.#urls.map((url) => connect(url, { limits }))
    this.#running = this.#clients.flatMap((client, index) =>
      Array.from({ length: this.#count }, (_, caller) => this.#run(client, `${name}-${index}-${caller}`)),
    )
  }

  async #run(client: Ledger, id: string): Promise<void> {
    for (let turn = 0; !this.#stopped; turn++) {
      try {
        await client.deposit({ requestId: `steady-${id}-${turn}`, account: ACCOUNT, amount: 1n })
        this.appliedCount++
      } catch (error) {
        this.errors.push(error as Error)
      }
    }
  }
}
