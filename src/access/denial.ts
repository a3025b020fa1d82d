/** Why a caller may not do what it asks for. Only what a command or a read names itself is looked at here. */
import type { Command } from '../domain/command.ts'
import { mayMove, mayTouchAccount, mayTouchAsset } from '../domain/confinement.ts'
import type { AccountName, AssetCode } from '../domain/ids.ts'
import { maySeeAccount, maySeeAsset, seesSomeAccounts, seesSomeAssets, type CallerKey } from './caller-key.ts'
import { namedIn, scopesOfCommand } from './command-access.ts'
import type { Scope } from './scope.ts'

export interface Denial {
  readonly message: string
  /** The missing scope, or the account or asset that is out of bounds. */
  readonly details: { readonly scope?: Scope; readonly account?: AccountName; readonly asset?: AssetCode }
}

export function denialOfScopes(caller: CallerKey, scopes: readonly Scope[]): Denial | null {
  if (scopes.some((scope) => caller.scopes.has(scope))) return null
  const who = caller.account === null ? `The key "${caller.name}"` : `A token of the key "${caller.name}"`
  return { message: `${who} lacks the scope ${scopes.join(' or ')}.`, details: { scope: scopes[0]! } }
}

export function denialOfCommand(caller: CallerKey, command: Command): Denial | null {
  const ofScope = denialOfScopes(caller, scopesOfCommand(command.kind))
  if (ofScope !== null || caller.within === null) return ofScope
  const { within } = caller
  const named = namedIn(command)
  const account = named.accounts.find((name) => !mayTouchAccount(within, name))
  if (account !== undefined) return outOfAccounts(caller, account)
  if (named.assets === 'all') {
    if (within.assets !== null) return outOfAssets(caller, `${command.kind} concerns every asset of an account`)
  } else {
    const asset = named.assets.find((code) => !mayTouchAsset(within, code))
    if (asset !== undefined) return outOfAssets(caller, `it names ${asset}`, asset)
  }
  if (named.amounts.every((amount) => mayMove(within, amount))) return null
  return { message: `The key "${caller.name}" may move ${within.amountMax} at most with one command.`, details: {} }
}

/** What a read names. */
export interface Looked {
  /** Null: all accounts. */
  readonly account: AccountName | null
  /** Null: every asset. */
  readonly asset: AssetCode | null
}

export function denialOfRead(caller: CallerKey, { account, asset }: Looked): Denial | null {
  if (account !== null && !maySeeAccount(caller, account)) return outOfAccounts(caller, account)
  if (asset !== null && !maySeeAsset(caller, asset)) return outOfAssets(caller, `the request names ${asset}`, asset)
  if (account === null && seesSomeAccounts(caller)) return { message: `${boundsOf(caller)}: name one.`, details: {} }
  if (account === null && asset === null && seesSomeAssets(caller)) {
    return outOfAssets(caller, 'the request is about every asset')
  }
  return null
}

/** A list of accounts by a prefix, which must be within the caller's. */
export function denialOfPrefix(caller: CallerKey, prefix: string, asset: AssetCode | null): Denial | null {
  const { account, within } = caller
  const isWithin = account === null && (within === null || mayTouchAccount(within, prefix))
  if (!isWithin) return { message: `${boundsOf(caller)}: name a prefix that begins so.`, details: {} }
  if (asset === null ? !seesSomeAssets(caller) : maySeeAsset(caller, asset)) return null
  return outOfAssets(caller, asset === null ? 'the request is about every asset' : `the request names ${asset}`)
}

/** What is about everybody: the feed, the figures. */
export function denialOfEverything(caller: CallerKey): Denial | null {
  if (seesSomeAccounts(caller)) return { message: `${boundsOf(caller)}, and this is about all.`, details: {} }
  return seesSomeAssets(caller) ? outOfAssets(caller, 'the request is about every asset') : null
}

function boundsOf({ name, account, within }: CallerKey): string {
  if (account !== null) return `The token is for the account "${account}"`
  const prefixes = (within?.accounts ?? []).map((prefix) => `"${prefix}"`).join(', ')
  return `The key "${name}" is confined to accounts that begin with ${prefixes}`
}

function outOfAccounts(caller: CallerKey, account: AccountName): Denial {
  return { message: `${boundsOf(caller)}, and "${account}" is another one.`, details: { account } }
}

function outOfAssets({ name, within }: CallerKey, why: string, asset?: AssetCode): Denial {
  const assets = (within?.assets ?? []).join(', ')
  const message = `The key "${name}" is confined to the assets ${assets}, and ${why}.`
  return { message, details: asset === undefined ? {} : { asset } }
}
