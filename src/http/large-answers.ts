/**
 * The limit of batch answers that are larger than a page (law 8).
 *
 * The outcomes of a batch cannot be left out, and a thousand holds with the largest metadata are a hundred megabytes. Such an answer is in
 * memory until its caller has taken it, and slow callers could collect any number of them. So while `largeAnswersMax` of them are being
 * sent, further batch requests are refused before anything of them takes effect.
 */
import type { ServerResponse } from 'node:http'
import { LedgerError } from '../api/error.ts'
import type { HttpLimits } from './limits.ts'

const RETRY_AFTER_MS = 1_000

export class LargeAnswers {
  readonly #max: number
  #count = 0

  constructor({ largeAnswersMax }: Pick<HttpLimits, 'largeAnswersMax'>) {
    this.#max = largeAnswersMax
  }

  /** @throws LedgerError `overloaded` */
  requireRoom(): void {
    if (this.#count < this.#max) return
    const message = `The answers of ${this.#max} batches, of more than 1 MiB each, are still being taken.`
    throw new LedgerError('overloaded', message, { retryAfterMs: RETRY_AFTER_MS })
  }

  /** Counts the answer until it is sent, or its connection has ended. */
  add(response: ServerResponse): void {
    // The caller may have gone while the batch was decided.
    if (response.destroyed) return
    this.#count += 1
    response.once('close', () => (this.#count -= 1))
  }
}
