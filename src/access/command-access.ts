/** What each kind of command needs of a key: a scope, and that everything that it names is within the bounds. Total by type. */
import type { Command, CommandKind, Commands } from '../domain/command.ts'
import type { AccountName, AssetCode } from '../domain/ids.ts'
import type { Scope } from './scope.ts'

/** What a command names. */
export interface Named {
  readonly accounts: readonly AccountName[]
  /** `all`: it concerns every balance of its accounts. */
  readonly assets: readonly AssetCode[] | 'all'
  /** What it may move or lend at most, per asset. */
  readonly amounts: readonly bigint[]
}

interface Needs<Kind extends CommandKind> {
  /** The scopes of which a caller needs one. */
  readonly scopes: readonly Scope[]
  readonly named: (command: Commands[Kind]) => Named
}

const COMMAND_ACCESS: { readonly [Kind in CommandKind]: Needs<Kind> } = {
  open: {
    scopes: ['accounts:write'],
    named: ({ account, asset, floor }) => ({
      accounts: [account],
      assets: asset === null ? [] : [asset],
      // A floor below zero lends coins.
      amounts: floor === null ? [] : [-floor],
    }),
  },
  block: {
    scopes: ['accounts:write'],
    named: ({ account }) => ({ accounts: [account], assets: 'all', amounts: [] }),
  },
  unblock: {
    scopes: ['accounts:write'],
    named: ({ account }) => ({ accounts: [account], assets: 'all', amounts: [] }),
  },
  merge: {
    scopes: ['accounts:write'],
    named: ({ account, into }) => ({ accounts: [account, into], assets: 'all', amounts: [] }),
  },
  deposit: {
    scopes: ['deposits:write'],
    named: ({ account, asset, amount }) => ({ accounts: [account], assets: [asset], amounts: [amount] }),
  },
  charge: {
    scopes: ['charges:write'],
    named: ({ account, payee, asset, amount }) => ({ accounts: [account, payee], assets: [asset], amounts: [amount] }),
  },
  transfer: {
    scopes: ['transfers:write'],
    named: namedInLegs,
  },
  freeze: {
    scopes: ['holds:write'],
    named: ({ account, payee, asset, amount }) => ({ accounts: [account, payee], assets: [asset], amounts: [amount] }),
  },
  settle: {
    scopes: ['holds:write'],
    named: ({ payee, amount }) => ({ accounts: payee === null ? [] : [payee], assets: [], amounts: [amount] }),
  },
  'settle-part': {
    scopes: ['holds:write'],
    named: ({ payee, amount }) => ({ accounts: payee === null ? [] : [payee], assets: [], amounts: [amount] }),
  },
  amend: {
    scopes: ['holds:write'],
    named: ({ amount, by }) => ({ accounts: [], assets: [], amounts: [amount ?? 0n, by ?? 0n] }),
  },
  refund: {
    // It does not say whether it is of a hold or of a charge.
    scopes: ['holds:write', 'charges:write'],
    named: ({ amount, toTotal }) => ({ accounts: [], assets: [], amounts: [amount ?? toTotal ?? 0n] }),
  },
  release: {
    scopes: ['holds:write'],
    named: () => ({ accounts: [], assets: [], amounts: [] }),
  },
  declare: {
    scopes: ['assets:write'],
    named: ({ asset }) => ({ accounts: [], assets: [asset], amounts: [] }),
  },
  house: {
    scopes: ['assets:write'],
    named: ({ account }) => ({ accounts: [account], assets: [], amounts: [] }),
  },
  rate: {
    scopes: ['assets:write'],
    named: ({ from, to }) => ({ accounts: [], assets: [from, to], amounts: [] }),
  },
}

export function scopesOfCommand(kind: CommandKind): readonly Scope[] {
  return COMMAND_ACCESS[kind].scopes
}

export function namedIn(command: Command): Named {
  return (COMMAND_ACCESS[command.kind].named as (command: Command) => Named)(command)
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
