/**
 * The token of a user's page: what follows the `#` of the address that the app opened, `/me#hft_…`. It leaves the address at once, so
 * that it is in no history and in no copied address, and stays in the session of the tab, so that the page can be loaded again.
 */
import { claimsIn, type TokenClaims } from '../../../src/access/token.ts'
import { currentKey, signIn } from '../session.ts'

export interface PageToken extends TokenClaims {
  readonly text: string
}

/** Null if there is none. */
export function tokenOfPage(): PageToken | null {
  const given = window.location.hash.slice(1)
  if (claimsIn(given) !== null) signIn(given)
  if (given !== '') window.history.replaceState(null, '', window.location.pathname)
  const text = currentKey()
  const claims = text === null ? null : claimsIn(text)
  return claims === null ? null : { ...claims, text: text! }
}
