/** Who calls: a key, or a token that was made with it. */
import { mayTouchAccount, mayTouchAsset, type Confinement } from '../domain/confinement.ts'
import type { AccountName, AssetCode } from '../domain/ids.ts'
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
}

export function callerOfKey({ number, name, scopes, within, commandsPerSecond, burst }: KeyRecord): CallerKey {
  return { number, name, scopes: new Set(scopes), within, account: null, commandsPerSecond, burst }
}

/** A token can do no more than its key. */
export function callerOfToken(key: CallerKey, account: AccountName): CallerKey {
  return { ...key, scopes: new Set(TOKEN_SCOPES.filter((scope) => key.scopes.has(scope))), account }
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
