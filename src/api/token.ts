/** Keys and tokens as a caller handles them: checked before they are sent, and made without asking anybody. */
import { KEY_LENGTH, isSecret } from '../access/key-format.ts'
import { claimsIn, looksLikeToken, signToken, TOKEN_MS_DEFAULT, TOKEN_MS_MAX } from '../access/token.ts'
import type { AccountName } from '../domain/ids.ts'
import { LedgerError } from './error.ts'
import { accountParameter } from './queries.ts'

/**
 * Makes a token: it reads one account, its balances, holds and statement, and nothing else, for a short time. Nobody is asked, so it
 * costs nothing; the service refuses it if the key has ended or lacks the scopes.
 *
 * @param key `hf_…`, with `accounts:read` or `statements:read`
 * @returns `hft_…`, to be sent as `Authorization: Bearer`
 * @throws LedgerError `invalid_request`
 */
export async function createToken(key: string, input: TokenInput): Promise<string> {
  const { account, expiresInMs } = tokenTermsOf(input)
  return await signToken(secretParameter(key), account, Date.now() + expiresInMs)
}

/** Checks a key before it is sent. The message does not repeat it. @throws LedgerError `invalid_request` */
function secretParameter(value: unknown): string {
  if (typeof value === 'string' && isSecret(value)) return value
  throw LedgerError.invalidParameter(
    'key',
    `key must be hf_ and ${KEY_LENGTH - 3} characters, the last of which are a checksum.`,
  )
}

export interface TokenInput {
  /** The one account that the token may read. */
  readonly account: AccountName
  /** 1 ms to 24 hours, default 15 minutes. */
  readonly expiresInMs?: number
}

function tokenTermsOf({ account, expiresInMs = TOKEN_MS_DEFAULT }: TokenInput): Required<TokenInput> {
  const isRight = Number.isSafeInteger(expiresInMs) && expiresInMs >= 1 && expiresInMs <= TOKEN_MS_MAX
  if (isRight) return { account: accountParameter(account, 'account'), expiresInMs }
  const rule = `a whole number of milliseconds from 1 to ${TOKEN_MS_MAX}`
  throw LedgerError.invalidParameter('expiresInMs', `expiresInMs must be ${rule}.`)
}

/** A key or a token. @throws LedgerError `invalid_request` */
export function credentialParameter(value: string): string {
  if (!looksLikeToken(value)) return secretParameter(value)
  if (claimsIn(value) !== null) return value
  throw LedgerError.invalidParameter('key', 'The token is malformed.')
}
