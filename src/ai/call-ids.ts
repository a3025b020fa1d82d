/**
 * The ids of the holds of one request: `ID`, `ID:2`, `ID:3` … A request is what the user sends once; it has a hold for each step of a loop
 * with tools, and one for each attempt of a step. A repeat of the request in any process meets the id of the first call, and is refused.
 */
import { LedgerError } from '../api/error.ts'
import { newRequestId } from '../api/request-id.ts'
import { isRequestId, type RequestId } from '../domain/ids.ts'
import { REQUEST_ID_LENGTH_MAX } from './limits.ts'

export class CallIds {
  readonly requestId: RequestId
  /** Whether the last call with these contents may be an attempt that failed, by the fingerprint of the contents. */
  readonly #callsByContents = new Map<number, { isOver: boolean; mayRepeat: boolean }>()
  readonly #holdsMax: number
  #count = 0

  /** @throws LedgerError `invalid_request` for an id that is malformed or longer than `REQUEST_ID_LENGTH_MAX` */
  constructor(requestId: unknown, holdsMax: number) {
    const id = requestId ?? newRequestId()
    if (!isRequestId(id) || id.length > REQUEST_ID_LENGTH_MAX) {
      const message = `requestId must be 1 to ${REQUEST_ID_LENGTH_MAX} of the characters that a request id may have.`
      throw LedgerError.invalid('/requestId', message)
    }
    this.requestId = id
    this.#holdsMax = holdsMax
  }

  /**
   * A call with these contents begins. If one runs or was answered, this is a repeat, because a step of a loop has another prompt than the
   * step before; after a call that failed or was cut it is the next attempt.
   *
   * @returns what to call when it has ended, or for a repeat, how the earlier call is
   */
  begin(contents: number): ((mayRepeat: boolean) => void) | 'open' | 'settled' {
    const before = this.#callsByContents.get(contents)
    if (before !== undefined && !before.mayRepeat) return before.isOver ? 'settled' : 'open'
    const call = { isOver: false, mayRepeat: false }
    this.#callsByContents.set(contents, call)
    return (mayRepeat) => Object.assign(call, { isOver: true, mayRepeat })
  }

  /** The next id. @throws LedgerError `invalid_request` beyond the limit */
  next(): RequestId {
    this.#count += 1
    if (this.#count > this.#holdsMax) {
      throw LedgerError.invalid('/requestId', `The request has more than ${this.#holdsMax} holds (holdsMax).`)
    }
    return this.#count === 1 ? this.requestId : `${this.requestId}:${this.#count}`
  }
}

/**
 * The ids by the object that names the request. The AI SDK hands one object `providerOptions.holdfast` to every step and attempt of a call
 * of `streamText` or `generateText`, and another call has another object, even with the same request id in it.
 */
export class CallIdsByOptions {
  readonly #ids = new WeakMap<object, CallIds>()
  readonly #holdsMax: number

  constructor(holdsMax: number) {
    this.#holdsMax = holdsMax
  }

  of(options: object, requestId: unknown): CallIds {
    const known = this.#ids.get(options)
    // One object without an id may serve many requests.
    if (known !== undefined && requestId !== undefined) return known
    const ids = new CallIds(requestId, this.#holdsMax)
    this.#ids.set(options, ids)
    return ids
  }
}
