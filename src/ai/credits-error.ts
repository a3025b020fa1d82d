/** The refusal of a call that cannot be paid or must not be made again. */
import { LedgerError } from '../api/error.ts'
import type { ProblemCode } from '../api/problem.ts'

// How the AI SDK recognizes its errors, whichever copy of its packages made them: `APICallError.isInstance` looks for these. An import
// would make the SDK a dependency of programs that do not use it.
const SDK_ERROR = Symbol.for('vercel.ai.error')
const SDK_CALL_ERROR = Symbol.for('vercel.ai.error.AI_APICallError')

/** Details as JSON has them: amounts are decimal strings. */
export interface CreditsErrorData {
  readonly code: ProblemCode
  readonly account: string
  /** For `insufficient_funds`: what could be spent, what the call needs at least, and the difference. Minor units of `asset`. */
  readonly asset?: string
  readonly available?: string
  readonly required?: string
  readonly missing?: string
  /** For `request_replayed`: the hold of the first call, and how it is now. */
  readonly hold?: string
  readonly state?: string
}

/**
 * A model call that the ledger refuses. For the AI SDK it is an `APICallError` with a status and `isRetryable`, so it reaches `onError`, the
 * UI's stream and retries as an error of the provider would. Codes are those of the ledger; these two are for users:
 *
 * - `insufficient_funds` (402): `data.missing` is what to pay in before the call can be made.
 * - `request_replayed` (409): the request was made before and is running or was paid.
 */
export class CreditsError extends Error {
  override readonly name = 'CreditsError'
  readonly code: ProblemCode
  readonly statusCode: number
  readonly isRetryable: boolean
  readonly data: CreditsErrorData
  readonly url = 'holdfast:'
  readonly requestBodyValues = {}
  readonly responseHeaders = {}
  readonly responseBody: string
  readonly [SDK_ERROR] = true
  readonly [SDK_CALL_ERROR] = true

  constructor(
    message: string,
    facts: { readonly statusCode: number; readonly isRetryable: boolean },
    data: CreditsErrorData,
    cause?: unknown,
  ) {
    super(message, { cause })
    this.code = data.code
    this.statusCode = facts.statusCode
    this.isRetryable = facts.isRetryable
    this.data = data
    this.responseBody = JSON.stringify({ error: { message, type: 'credits', ...data } })
  }

  /** @param error as a command on a hold of the account has thrown it @param required what the call needs at least, in minor units */
  static of(error: unknown, account: string, required: bigint): unknown {
    if (!(error instanceof LedgerError)) return error
    const facts = { statusCode: error.status, isRetryable: error.retryable }
    if (error.code !== 'insufficient_funds') {
      return new CreditsError(error.message, facts, { code: error.code, account }, error)
    }
    const { asset, available, floor } = error.details as {
      readonly asset: string
      readonly available: bigint
      readonly floor: bigint
    }
    const room = available > floor ? available - floor : 0n
    const missing = required - (available - floor)
    const message = `"${account}" has ${room} ${asset} to spend; the call needs ${required}, so ${missing} are missing.`
    const data = {
      code: error.code,
      account,
      asset,
      available: `${room}`,
      required: `${required}`,
      missing: `${missing}`,
    }
    return new CreditsError(message, facts, data, error)
  }

  static replayed(account: string, hold: string, state: string, cause?: unknown): CreditsError {
    const message = `The request was made before: its hold "${hold}" is ${state}. Use another request id to make the call again.`
    return new CreditsError(
      message,
      { statusCode: 409, isRetryable: false },
      { code: 'request_replayed', account, hold, state },
      cause,
    )
  }
}
