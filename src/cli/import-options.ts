/** The options of `import` and of `bridge install` that describe the old tables. */
import { InvalidArgumentError, Option } from 'commander'
import { KEY_FORMATS, type KeyFormat } from '../import/key-format.ts'
import {
  MAPPING_DEFAULT,
  type BalanceMeaning,
  type Coin,
  type Coins,
  type Mapping,
  type MetadataColumn,
} from '../import/mapping.ts'
import { SettingError } from '../config.ts'
import { readDurationMs, readWholeNumber } from './arguments.ts'

export interface MappingFlags {
  readonly usersTable: string
  readonly userKey: string
  readonly balanceColumn: string
  readonly frozenColumn: string
  readonly balanceMeans: BalanceMeaning
  readonly allowNegative?: true
  readonly freezesTable: string
  readonly freezeKey: string
  readonly requestColumn: string
  readonly freezeUserColumn: string
  readonly amountColumn: string
  readonly statusColumn: string
  readonly openStatus?: readonly string[]
  readonly metadataColumns?: readonly MetadataColumn[]
  readonly keyFormat?: KeyFormat
  readonly requestFormat?: KeyFormat
  readonly where?: string
  readonly withoutSnapshot?: true
  readonly account: string
  readonly asset: string
  readonly scale: number
  readonly assetColumn?: string
  readonly freezeAssetColumn?: string
  readonly assetMap?: readonly KindOfCoins[]
  readonly prefix?: string
  readonly holdExpiresIn?: number
}

interface KindOfCoins {
  readonly kind: string
  readonly asset: string
  /** Undefined: as --scale. */
  readonly scale: number | undefined
}

export function mappingOptions(): readonly Option[] {
  return [...usersOptions(), ...freezesOptions(), ...coinsOptions(), ...ledgerOptions()]
}

/** Those that a bridge has no use for: it joins all users of tables with exact keys. */
const ONLY_FOR_IMPORT = new Set([
  '--allow-negative',
  '--where',
  '--key-format',
  '--without-snapshot',
  '--request-format',
  '--metadata-columns',
  '--prefix',
  '--hold-expires-in',
])

/** The options of `bridge install` that describe the old tables. */
export function bridgeMappingOptions(): readonly Option[] {
  return mappingOptions().filter(({ long }) => long === undefined || !ONLY_FOR_IMPORT.has(long))
}

const named = (flags: string, meaning: string, fallback: string): Option =>
  new Option(flags, meaning).default(fallback, fallback)

function usersOptions(): readonly Option[] {
  const { users, balanceMeans } = MAPPING_DEFAULT
  return [
    named('--users-table <table>', 'table of users, optionally with its schema: shop.users', users.table),
    named('--user-key <column>', 'unique key of a user', users.key),
    named('--balance-column <column>', 'balance of a user', users.balance),
    named('--frozen-column <column>', 'coins in the open freezes of a user', users.frozen),
    named(
      '--balance-means <what>',
      'whether the balance includes frozen coins (total) or not (available)',
      balanceMeans,
    ).choices(['total', 'available']),
    new Option('--allow-negative', 'import users in debt, with a floor at their balance'),
    new Option('--where <sql>', 'import only the users that fulfil this condition'),
    new Option(
      '--key-format <format>',
      'how the bytes of binary keys of users become names; uuid-swapped for uuid_to_bin(…, 1) of MySQL',
    ).choices(KEY_FORMATS),
    new Option(
      '--without-snapshot',
      'read tables whose engine does not read as of one instant (MyISAM, Aria, MEMORY), while nothing writes them',
    ),
  ]
}

function freezesOptions(): readonly Option[] {
  const { freezes, openStatuses } = MAPPING_DEFAULT
  return [
    named('--freezes-table <table>', 'table of freezes', freezes.table),
    named('--freeze-key <column>', 'unique key of a freeze', freezes.key),
    named('--request-column <column>', 'request id of a freeze; it becomes the id of the hold', freezes.requestId),
    new Option('--request-format <format>', 'how the bytes of binary request ids become ids').choices(KEY_FORMATS),
    named('--freeze-user-column <column>', 'key of the user of a freeze', freezes.user),
    named('--amount-column <column>', 'amount of a freeze', freezes.amount),
    named('--status-column <column>', 'status of a freeze', freezes.status),
    new Option('--open-status <value...>', `statuses of open freezes (default: ${openStatuses.join(' ')})`),
    new Option(
      '--metadata-columns <column...>',
      'columns of open freezes that become metadata of their holds: model_id, or remark=note for another key',
    ).argParser(readMetadataColumn),
  ]
}

function coinsOptions(): readonly Option[] {
  const { asset, scale } = MAPPING_DEFAULT
  return [
    named('--asset <code>', 'asset', asset),
    new Option('--scale <digits>', 'decimal places of the old amounts: with 2, 1.50 becomes 150 minor units')
      .argParser(readWholeNumber)
      .default(scale, String(scale)),
    new Option(
      '--asset-column <column>',
      'kind of coins, in a table with one row per user and kind; needs --asset-map',
    ),
    new Option('--freeze-asset-column <column>', 'kind of coins of a freeze (default: as --asset-column)'),
    new Option(
      '--asset-map <kind=asset...>',
      'asset of each kind of coins: 1=gold 2=gem:2; a number after the asset is its --scale',
    ).argParser(readKindOfCoins),
  ]
}

function ledgerOptions(): readonly Option[] {
  const { account, prefix, holdExpiresInMs } = MAPPING_DEFAULT
  return [
    named('--account <template>', 'account name; {id} is the key of the user', account),
    named('--prefix <text>', 'prefix of the request ids of the import; use one per old system', prefix),
    new Option('--hold-expires-in <duration>', 'lifetime of the holds: 90s, 10m, 2h, 1d')
      .argParser(readDurationMs)
      .default(holdExpiresInMs, '7d'),
  ]
}

function readMetadataColumn(text: string, before: readonly MetadataColumn[] = []): readonly MetadataColumn[] {
  const mark = text.indexOf('=')
  const [column, key] = mark === -1 ? [text, text] : [text.slice(0, mark), text.slice(mark + 1)]
  if (column === '' || key === '') throw new InvalidArgumentError('Write COLUMN, or COLUMN=KEY.')
  return [...before, { column, key }]
}

function readKindOfCoins(text: string, before: readonly KindOfCoins[] = []): readonly KindOfCoins[] {
  const [, kind, asset, scale] = /^(.*)=([^=:]+)(?::([0-9]{1,2}))?$/s.exec(text) ?? []
  if (kind === undefined || asset === undefined)
    throw new InvalidArgumentError('Write KIND=ASSET, or KIND=ASSET:SCALE.')
  if (before.some((each) => each.kind === kind)) throw new InvalidArgumentError(`The kind "${kind}" is given twice.`)
  return [...before, { kind, asset, scale: scale === undefined ? undefined : Number(scale) }]
}

/** @throws SettingError */
export function mappingOf(flags: MappingFlags): Mapping {
  return {
    users: {
      table: flags.usersTable,
      key: flags.userKey,
      balance: flags.balanceColumn,
      frozen: flags.frozenColumn,
    },
    freezes: {
      table: flags.freezesTable,
      key: flags.freezeKey,
      requestId: flags.requestColumn,
      user: flags.freezeUserColumn,
      amount: flags.amountColumn,
      status: flags.statusColumn,
    },
    openStatuses: flags.openStatus ?? MAPPING_DEFAULT.openStatuses,
    balanceMeans: flags.balanceMeans,
    account: flags.account,
    asset: flags.asset,
    scale: flags.scale,
    coins: coinsOf(flags),
    keyFormat: flags.keyFormat ?? null,
    requestFormat: flags.requestFormat ?? null,
    metadataColumns: flags.metadataColumns ?? [],
    where: flags.where ?? null,
    allowNegative: flags.allowNegative ?? false,
    allowUnsteady: flags.withoutSnapshot ?? false,
    prefix: flags.prefix ?? MAPPING_DEFAULT.prefix,
    holdExpiresInMs: flags.holdExpiresIn ?? MAPPING_DEFAULT.holdExpiresInMs,
  }
}

function coinsOf({ assetColumn, freezeAssetColumn, assetMap, scale: fallback }: MappingFlags): Coins | null {
  if (assetColumn === undefined && assetMap === undefined && freezeAssetColumn === undefined) return null
  if (assetColumn === undefined || assetMap === undefined) {
    throw new SettingError('--asset-column and --asset-map are only possible together.')
  }
  const byKind = new Map<string, Coin>(
    assetMap.map(({ kind, asset, scale }) => [kind, { asset, scale: scale ?? fallback }]),
  )
  if (new Set(assetMap.map(({ asset }) => asset)).size < assetMap.length) {
    throw new SettingError('--asset-map must give each kind of coins an asset of its own.')
  }
  return { userColumn: assetColumn, freezeColumn: freezeAssetColumn ?? assetColumn, byKind }
}
