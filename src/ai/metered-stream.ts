/**
 * A stream of a model's answer that is metered while it is read. Nothing is read ahead: the provider is asked for a piece when the reader
 * asks. However the stream ends, its call ends once.
 */
import type { CallMeter, ToldUsage } from './call-meter.ts'
import { CreditsError } from './credits-error.ts'
import type { SettledCall } from './credits-options.ts'

/** What a piece of the stream means. */
export interface PieceMeaning<Piece> {
  /** It delivers this text to the user; `''` for something without text. */
  readonly delivers?: string
  /** It reports an error of the provider. */
  readonly breaks?: boolean
  /** It tells the usage: the call is done. */
  readonly finishes?: ToldUsage
  /** The reader does not get it. */
  readonly hidden?: boolean
  /** The piece as the reader gets it after the call was settled. Default: as it is. */
  readonly finished?: (meter: CallMeter, settled: SettledCall | null) => Piece
}

/** How a kind of stream is read. */
export interface StreamReading<Piece> {
  meaningOf(piece: Piece): PieceMeaning<Piece>
  /** What is known when the stream ends without a piece that finishes it; null: it was cut. */
  atEnd(): ToldUsage | null
  /** The last piece that the reader gets when the coins are used up. */
  refusal(error: CreditsError): Piece
}

export class MeteredStream<Piece> {
  readonly #reader: ReadableStreamDefaultReader<Piece>
  readonly #meter: CallMeter
  readonly #reading: StreamReading<Piece>
  /** When the reader got its last piece; null while it waits for one. */
  #idleSince: number | null = performance.now()
  /** Why the source was given up; null while it is read. A reader must not take that for the end of the answer. */
  #dropped: { readonly reason: unknown } | null = null
  #forget: () => void = () => undefined

  constructor(
    source: ReadableStream<Piece>,
    meter: CallMeter,
    { stallMs }: { readonly stallMs: number },
    reading: StreamReading<Piece>,
  ) {
    this.#reader = source.getReader()
    this.#meter = meter
    this.#reading = reading
    meter.watch(
      () => this.#idleSince !== null && performance.now() - this.#idleSince > stallMs,
      () => this.#drop(new Error(`Nobody read the answer for ${stallMs} ms, so it was given up.`)),
    )
  }

  /** @param signal the user's abort; the provider's stream may take a while to notice it */
  readable(signal?: AbortSignal): ReadableStream<Piece> {
    return new ReadableStream<Piece>(
      {
        start: (controller) => {
          if (signal === undefined) return
          const abort = (): void => {
            this.#drop(signal.reason)
            void this.#meter.end('aborted').then(() => controller.error(signal.reason))
          }
          this.#forget = () => signal.removeEventListener('abort', abort)
          if (signal.aborted) abort()
          else signal.addEventListener('abort', abort, { once: true })
        },
        pull: async (controller) => {
          this.#idleSince = null
          await this.#next(controller, signal)
          this.#idleSince = performance.now()
        },
        cancel: async (reason) => {
          this.#drop(reason)
          await this.#meter.end('aborted')
        },
      },
      { highWaterMark: 0 },
    )
  }

  async #next(controller: ReadableStreamDefaultController<Piece>, signal: AbortSignal | undefined): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read()
        if (this.#dropped !== null) throw this.#dropped.reason
        if (done) {
          const told = this.#reading.atEnd()
          if (told !== null) await this.#meter.end('done', told)
          await this.#end(signal)
          this.#forget()
          controller.close()
          return
        }
        const piece = await this.#metered(value, signal)
        if (piece === null) continue
        controller.enqueue(piece)
        return
      }
    } catch (error) {
      await this.#end(signal)
      this.#drop(error)
      if (!(error instanceof CreditsError)) return controller.error(error)
      controller.enqueue(this.#reading.refusal(error))
      controller.close()
    }
  }

  /** The piece for the reader; null if the reader does not get it. @throws CreditsError if it cannot be paid */
  async #metered(piece: Piece, signal: AbortSignal | undefined): Promise<Piece | null> {
    const { delivers, breaks, hidden, finishes, finished } = this.#reading.meaningOf(piece)
    if (delivers !== undefined) await this.#meter.deliver(delivers)
    if (breaks === true) await this.#end(signal)
    if (finishes === undefined) return hidden === true ? null : piece
    const settled = await this.#meter.end('done', finishes)
    return finished === undefined ? piece : finished(this.#meter, settled)
  }

  /** The provider's stream is over before it told that the answer is done. After that, this does nothing. */
  async #end(signal: AbortSignal | undefined): Promise<void> {
    const broken = this.#meter.hasDelivered ? 'cut' : 'failed'
    await this.#meter.end(signal?.aborted === true ? 'aborted' : broken)
  }

  #drop(reason: unknown): void {
    if (this.#dropped !== null) return
    this.#dropped = { reason }
    this.#forget()
    // A source that has failed already rejects its cancel with that failure.
    this.#reader.cancel(reason).catch(() => undefined)
  }
}
