/** Who calls: a key, or a token that was made with it. */
import { mayTouchAccount, mayTouchAsset, type Confinement } from '../domain/confinement.ts'
import type { AccountName, AssetCode, Instant } from '../domain/ids.ts'
import type { KeyRecord } from './key.ts'
import { TOKEN_SCOPES, type Scope } from './scope.ts'

export interface CallerKey {
  /** Of the key, which stays when it is rotated; a token has those of its key. */
  readonly number: number
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** Null: not confined. */
  readonly within: Confinement | null
  /** The one account that a token is for; null for a key. */
  readonly account: AccountName | null
  /** The rate limit of the key; null: none of its own. */
  readonly commandsPerSecond: number | null
  readonly burst: number | null
  /** When this secret or token ends by itself; null: it does not. */
  readonly expiresAt: Instant | null
}

/** @param until the end of the grace of a previous secret; null: it is the current one */
export function callerOfKey(key: KeyRecord, until: Instant | null): CallerKey {
  const { number, name, within, commandsPerSecond, burst } = key
  const expiresAt = earlier(key.expiresAt, until)
  return { number, name, scopes: new Set(key.scopes), within, account: null, commandsPerSecond, burst, expiresAt }
}

/** A token can do no more than its key, and for no longer. */
export function callerOfToken(
  key: CallerKey,
  { account, expiresAt }: { readonly account: AccountName; readonly expiresAt: Instant },
): CallerKey {
  const scopes = new Set(TOKEN_SCOPES.filter((scope) => key.scopes.has(scope)))
  return { ...key, scopes, account, expiresAt: earlier(key.expiresAt, expiresAt) }
}

function earlier(one: Instant | null, other: Instant | null): Instant | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other)
}

export function maySeeAccount({ account: own, within }: CallerKey, account: AccountName): boolean {
  return (own === null || own === account) && (within === null || mayTouchAccount(within, account))
}

export function maySeeAsset({ within }: CallerKey, asset: AssetCode): boolean {
  return within === null || mayTouchAsset(within, asset)
}

/** Whether the caller may see only some accounts. */
export function seesSomeAccounts({ account, within }: CallerKey): boolean {
  return account !== null || (within !== null && within.accounts !== null)
}

export function seesSomeAssets({ within }: CallerKey): boolean {
  return within !== null && within.assets !== null
}
