/**
 * Calls in batches, as in the engine: those that arrive during a batch form the next one, and a second batch is sent early only when it is
 * full. No rule is applied and nothing is compared.
 */
import type { EngineLimits } from '../../src/engine/limits.ts'
import { Fifo } from '../load/fifo.ts'
import type { RawCommand } from './raw-rows.ts'
import type { FreezeRequest, HoldRequest, Lives, TransferRequest, Transfers } from './strategy.ts'

interface Waiting {
  readonly command: RawCommand
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

type BatchLimits = Pick<EngineLimits, 'batchCommandsMax' | 'batchesInFlightMax'>

/** Writes one batch. Called in the order of the batches; resolves when the batch is durable. @throws DatabaseFailure */
export type WriteBatch = (commands: readonly RawCommand[]) => Promise<void>

export class BatchedCalls implements Lives, Transfers {
  readonly #write: WriteBatch
  readonly #limits: BatchLimits
  readonly #waiting = new Fifo<Waiting>()
  #inFlight = 0
  #isGathering = false
  batches = 0
  commands = 0

  constructor(write: WriteBatch, limits: BatchLimits) {
    this.#write = write
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
      await this.#write(batch.map(({ command }) => command))
      for (const { resolve } of batch) resolve()
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      this.#inFlight--
      this.#gather()
    }
  }
}
