/** The queries of the lists of everything: the balances of all accounts, and assets in figures. */
import { BALANCE_MAX, BALANCE_MIN, parseInt64 } from '../domain/amount.ts'
import { DEFAULT_ASSET, type AssetCode } from '../domain/ids.ts'
import { CURSOR_LENGTH_MAX } from '../domain/page.ts'
import {
  BALANCE_ORDERS,
  FEED_STARTS,
  STATS_ASSETS_MAX,
  STATS_DAYS_MAX,
  type BalanceBounds,
  type BalanceOrder,
  type FeedStart,
} from '../engine/reader.ts'
import { LedgerError } from './error.ts'
import {
  assetParameter,
  cursorOf,
  limitOf,
  namesIn,
  pageFields,
  parametersIn,
  wordOf,
  type PageFilter,
  type Parameters,
} from './queries.ts'
import { AssetCode as AssetSchema, INT64_PATTERN, words } from './schema.ts'
import { Type } from './typebox.ts'

export { BALANCE_ORDERS, FEED_STARTS }

const CURSOR = { minLength: 1, maxLength: CURSOR_LENGTH_MAX }
const PREFIX_PATTERN = '^[ -~]{1,128}$'
const PREFIX = new RegExp(PREFIX_PATTERN)

function boundSchema(description: string) {
  return Type.Optional(Type.String({ pattern: INT64_PATTERN, description, examples: ['100'] }))
}

const BOUNDS = {
  availableBelow: boundSchema('Only balances with less available than this.'),
  availableAbove: boundSchema('Only balances with more available than this.'),
  heldBelow: boundSchema('Only balances with less held than this.'),
  heldAbove: boundSchema('Only balances with more held than this.'),
}

export const BalancesQuery = Type.Object(
  {
    prefix: Type.Optional(
      Type.String({
        pattern: PREFIX_PATTERN,
        description: 'Only accounts whose name begins with this text.',
        examples: ['user:'],
      }),
    ),
    asset: Type.Optional({
      ...AssetSchema,
      description:
        'Only balances of this asset. Default: every asset; with a bound, or in an order by an amount, `credit`.',
    }),
    ...BOUNDS,
    order: Type.Optional(
      words(BALANCE_ORDERS, {
        default: 'name',
        description:
          'By the name of the account, then by asset; or by an amount, the smallest or the largest first. By an amount, each page reads all ' +
          'balances of the prefix, 200,000 at most.',
      }),
    ),
    ...pageFields,
  },
  { additionalProperties: false },
)

export const StatsQuery = Type.Object(
  {
    days: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: STATS_DAYS_MAX,
        default: 7,
        description: 'How many days are listed, in UTC. The last one is today, and not over.',
      }),
    ),
    cursor: pageFields.cursor,
  },
  { additionalProperties: false },
)

export const FeedQuery = Type.Object(
  {
    start: Type.Optional(
      words(FEED_STARTS, {
        default: 'beginning',
        description:
          'Where to begin without a cursor: with the first entry, or behind the last one that the feed has, to see only what comes later.',
      }),
    ),
    limit: pageFields.limit,
    cursor: Type.Optional({ ...Type.String(CURSOR), description: '`next` of the previous page. It does not expire.' }),
  },
  { additionalProperties: false },
)

export interface FeedFilter extends PageFilter {
  readonly start: FeedStart
}

export interface BalancesFilter extends PageFilter, BalanceBounds {
  readonly prefix: string
  readonly asset: AssetCode | null
  readonly order: BalanceOrder
}

export interface StatsFilter extends PageFilter {
  readonly days: number
}

const BALANCES = namesIn(BalancesQuery)
const STATS = namesIn(StatsQuery)
const FEED = namesIn(FeedQuery)

export function balancesQueryOf(input: unknown): BalancesFilter {
  const parameters = parametersIn(input, BALANCES)
  const { asset, order } = parameters
  const bounds = {
    availableBelow: boundOf(parameters, 'availableBelow'),
    availableAbove: boundOf(parameters, 'availableAbove'),
    heldBelow: boundOf(parameters, 'heldBelow'),
    heldAbove: boundOf(parameters, 'heldAbove'),
  }
  const by = order === undefined ? 'name' : wordOf(order, 'order', BALANCE_ORDERS)
  const isOfAmounts = by !== 'name' || Object.values(bounds).some((bound) => bound !== null)
  return {
    prefix: prefixOf(parameters['prefix']),
    asset: asset === undefined ? (isOfAmounts ? DEFAULT_ASSET : null) : assetParameter(asset, 'asset'),
    ...bounds,
    order: by,
    limit: limitOf(parameters),
    cursor: cursorOf(parameters),
  }
}

export function statsQueryOf(input: unknown): StatsFilter {
  const parameters = parametersIn(input, STATS)
  return { days: daysOf(parameters['days']), limit: STATS_ASSETS_MAX, cursor: cursorOf(parameters) }
}

export function feedQueryOf(input: unknown): FeedFilter {
  const parameters = parametersIn(input, FEED)
  const { start } = parameters
  return {
    start: start === undefined ? 'beginning' : wordOf(start, 'start', FEED_STARTS),
    limit: limitOf(parameters),
    cursor: cursorOf(parameters),
  }
}

function prefixOf(prefix: unknown): string {
  if (prefix === undefined) return ''
  if (typeof prefix === 'string' && PREFIX.test(prefix)) return prefix
  throw LedgerError.invalidParameter('prefix', 'prefix must be the beginning of a name: 1 to 128 characters.')
}

function boundOf(parameters: Parameters, name: keyof BalanceBounds): bigint | null {
  const given = parameters[name]
  if (given === undefined) return null
  const bound = typeof given === 'number' ? null : parseInt64(given)
  if (bound !== null) return bound
  const rule = `a whole number from ${BALANCE_MIN} to ${BALANCE_MAX}, as a decimal string or a bigint`
  throw LedgerError.invalidParameter(name, `${name} must be ${rule}.`)
}

function daysOf(days: unknown): number {
  if (days === undefined) return 7
  if (typeof days === 'number' && Number.isInteger(days) && days >= 0 && days <= STATS_DAYS_MAX) return days
  throw LedgerError.invalidParameter('days', `days must be a whole number from 0 to ${STATS_DAYS_MAX}.`)
}
