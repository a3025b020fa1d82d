/** Why a caller may not do what it asks for. Only what a command or a read names itself is looked at here. */
import type { Command, CommandKind, Commands } from '../domain/command.ts'
import { mayMove, mayTouchAccount, mayTouchAsset } from '../domain/confinement.ts'
import type { AccountName, AssetCode } from '../domain/ids.ts'
import { maySeeAccount, maySeeAsset, seesSomeAccounts, seesSomeAssets, type CallerKey } from './caller-key.ts'
import { scopesOfCommand, type Scope } from './scope.ts'

export interface Denial {
  readonly message: string
  /** The missing scope, or the account or asset that is out of bounds. */
  readonly details: { readonly scope?: Scope; readonly account?: AccountName; readonly asset?: AssetCode }
}

/** What a command names. */
interface Named {
  readonly accounts: readonly AccountName[]
  /** `all`: it concerns every balance of its accounts. */
  readonly assets: readonly AssetCode[] | 'all'
  /** What it may move or lend at most, per asset. */
  readonly amounts: readonly bigint[]
}

const NAMED: { readonly [Kind in CommandKind]: (command: Commands[Kind]) => Named } = {
  open: ({ account, asset, floor }) => ({
    accounts: [account],
    assets: asset === null ? [] : [asset],
    // A floor below zero lends coins.
    amounts: floor === null ? [] : [-floor],
  }),
  block: ({ account }) => ({ accounts: [account], assets: 'all', amounts: [] }),
  unblock: ({ account }) => ({ accounts: [account], assets: 'all', amounts: [] }),
  merge: ({ account, into }) => ({ accounts: [account, into], assets: 'all', amounts: [] }),
  deposit: ({ account, asset, amount }) => ({ accounts: [account], assets: [asset], amounts: [amount] }),
  charge: ({ account, payee, asset, amount }) => ({ accounts: [account, payee], assets: [asset], amounts: [amount] }),
  transfer: namedInLegs,
  freeze: ({ account, payee, asset, amount }) => ({ accounts: [account, payee], assets: [asset], amounts: [amount] }),
  settle: ({ payee, amount }) => ({ accounts: payee === null ? [] : [payee], assets: [], amounts: [amount] }),
  'settle-part': ({ payee, amount }) => ({ accounts: payee === null ? [] : [payee], assets: [], amounts: [amount] }),
  amend: ({ amount, by }) => ({ accounts: [], assets: [], amounts: [amount ?? 0n, by ?? 0n] }),
  refund: ({ amount, toTotal }) => ({ accounts: [], assets: [], amounts: [amount ?? toTotal ?? 0n] }),
  release: () => ({ accounts: [], assets: [], amounts: [] }),
  declare: ({ asset }) => ({ accounts: [], assets: [asset], amounts: [] }),
  house: ({ account }) => ({ accounts: [account], assets: [], amounts: [] }),
  rate: ({ from, to }) => ({ accounts: [], assets: [from, to], amounts: [] }),
}

/** The legs of one asset count together: many small ones move as much as a large one. */
function namedInLegs({ legs }: Commands['transfer']): Named {
  const sums = new Map<AssetCode, bigint>()
  const add = (asset: AssetCode, amount: bigint): void => void sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  for (const { asset, amount, toAsset, toAmount } of legs) {
    add(asset, amount)
    if (toAsset !== undefined) add(toAsset, toAmount ?? 0n)
  }
  return { accounts: legs.flatMap(({ from, to }) => [from, to]), assets: [...sums.keys()], amounts: [...sums.values()] }
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
  const named = (NAMED[command.kind] as (command: Command) => Named)(command)
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
