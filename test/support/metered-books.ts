/** A ledger whose books are looked at after every call of a model: one token of input costs 1 coin, one of output 2. */
import assert from 'node:assert/strict'
import { openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import {
  priceBook,
  recomputeBill,
  type CreditsOptions,
  type MeteringTrouble,
  type SettledCall,
} from '../../src/ai/index.ts'
import { assertLaws } from './audited-ledger.ts'

export const PRICES = priceBook({
  version: 'test-1',
  validFrom: '2020-01-01T00:00:00Z',
  coinsPerUnit: '1000',
  favour: 'house',
  models: [
    {
      provider: 'test',
      model: 'chat',
      input: '1000',
      cacheRead: '500',
      output: '2000',
      reasoning: '3000',
      outputTokensMax: 1_000,
    },
    { provider: 'test', model: 'embedding', input: '1000' },
    { provider: 'test', model: 'image', image: '0.25', outputTokensMax: 10 },
    { provider: 'test', model: 'image-tokens', input: '1000', output: '2000', outputTokensMax: 100 },
    { provider: 'test', model: 'speech', characters: '3000' },
  ],
})

const FUNDS = 10_000n
const ACCOUNT = 'user:8'

export class Books implements AsyncDisposable {
  readonly ledger: EmbeddedLedger
  readonly bills: SettledCall[] = []
  readonly troubles: MeteringTrouble[] = []

  private constructor(ledger: EmbeddedLedger) {
    this.ledger = ledger
  }

  static async open(funds = FUNDS, store = 'memory:'): Promise<Books> {
    const books = new Books(await openLedger(store, { tracing: false }))
    if (funds > 0n) await books.ledger.deposit({ account: ACCOUNT, amount: funds })
    return books
  }

  options(changes: Partial<CreditsOptions> = {}): CreditsOptions {
    return {
      ledger: this.ledger,
      prices: PRICES,
      provider: 'test',
      onBill: (bill) => this.bills.push(bill),
      onTrouble: (trouble) => this.troubles.push(trouble),
      ...changes,
    }
  }

  async available(): Promise<bigint> {
    return (await this.ledger.balance(ACCOUNT)).available
  }

  /** The cost and state of each hold of the account, oldest first, and that nothing else has happened to the coins. */
  async holds(): Promise<readonly (readonly [id: string, state: string, settled: bigint])[]> {
    await assertLaws(this.ledger)
    const { items } = await this.ledger.holds({ account: ACCOUNT, limit: 1_000 })
    const { available, held } = await this.ledger.balance(ACCOUNT)
    const settled = items.reduce((sum, hold) => sum + hold.settled - hold.refunded, 0n)
    const stillHeld = items.reduce((sum, hold) => sum + hold.held, 0n)
    const deposits = await this.#deposits()
    assert.deepEqual([available, held], [deposits - settled - stillHeld, stillHeld], 'the coins went elsewhere')
    return items.toReversed().map(({ id, state, settled: cost }) => [id, state, cost] as const)
  }

  /** Asserts that each hold has ended with this cost, and that each bill comes to it again. */
  async assertCosts(...costs: readonly bigint[]): Promise<void> {
    const holds = await this.holds()
    assert.deepEqual(
      holds.map(([, , cost]) => cost),
      costs,
    )
    for (const [id, state, cost] of holds) {
      assert.equal(state, cost === 0n ? 'released' : 'settled', id)
      if (cost === 0n) continue
      const { metadata } = await this.ledger.entry(`${id}:bill`)
      if (metadata?.['charged'] !== 'everything') assert.equal(recomputeBill(PRICES, metadata), cost, id)
    }
  }

  async #deposits(): Promise<bigint> {
    let sum = 0n
    for await (const line of this.ledger.exportPostings(ACCOUNT, { kind: 'deposit' })) sum += line.change
    return sum
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ledger.close()
  }
}
