/** An asset in figures, on the wire. */
import type { AssetStats as Value } from '../engine/reader.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import { jsonForm } from './json-form.ts'
import { page } from './resource.ts'
import { AssetCode, instant, named, sum, WHOLE_PATTERN } from './schema.ts'
import { type Static, Type } from './typebox.ts'

const AccountTotals = Type.Object(
  {
    count: Type.Integer({ minimum: 0, description: 'Accounts with a balance of the asset.', examples: [1200] }),
    available: sum('The sum of what they can spend.'),
    held: sum('The sum of what open holds have set aside.'),
  },
  { description: 'All accounts but house accounts.' },
)

const DayStats = Type.Object(
  {
    from: instant('The beginning of the day, in UTC.'),
    issued: Type.String({
      pattern: WHOLE_PATTERN,
      description: 'By how much the supply grew: deposits, without what went back to `@issuer`.',
      examples: ['10000'],
    }),
    earned: Type.String({
      pattern: WHOLE_PATTERN,
      description:
        'By how much `@revenue` grew: what was charged and settled to it, without refunds and what was transferred from it.',
      examples: ['500'],
    }),
  },
  { description: 'A day in UTC.' },
)

export const AssetStats = named(
  'AssetStats',
  Type.Object(
    {
      asset: AssetCode,
      issued: Type.String({
        pattern: WHOLE_PATTERN,
        description: 'The supply: by how much `@issuer` is below zero.',
        examples: ['10000'],
      }),
      accounts: Type.Union([AccountTotals, Type.Null()], {
        description: 'Null if there are more than 1,000,000 balances, which are not added up for every request.',
      }),
      holdsOpen: Type.Union([Type.Integer({ minimum: 0, examples: [3] }), Type.Null()], {
        description:
          'How many holds are open, without those that expired more than an hour ago; null if there are too many to count.',
      }),
      days: Type.Array(DayStats, { description: 'The oldest day first. The last one is today.' }),
    },
    {
      description:
        'An asset in figures. They are read one after the other, so while commands are applied they are not of one instant. Days are as ' +
        'exact as the clocks of the writing processes agree.',
    },
  ),
)

export const StatsPage = page('StatsPage', 'assets in figures', AssetStats)

export type AssetStatsWire = Static<typeof AssetStats>
export type StatsPageWire = Static<typeof StatsPage>

export function statsToWire({ asset, issued, accounts, holdsOpen, days }: Value): AssetStatsWire {
  return {
    asset,
    issued: issued.toString(),
    accounts: accounts && {
      count: accounts.count,
      available: accounts.available.toString(),
      held: accounts.held.toString(),
    },
    holdsOpen,
    days: days.map((day) => ({
      from: instantToWire(day.from),
      issued: day.issued.toString(),
      earned: day.earned.toString(),
    })),
  }
}

export function statsFromWire({ asset, issued, accounts, holdsOpen, days }: AssetStatsWire): Value {
  return {
    asset,
    issued: BigInt(issued),
    accounts: accounts && {
      count: accounts.count,
      available: BigInt(accounts.available),
      held: BigInt(accounts.held),
    },
    holdsOpen,
    days: days.map((day) => ({
      from: instantFromWire(day.from),
      issued: BigInt(day.issued),
      earned: BigInt(day.earned),
    })),
  }
}

export const statsWithJson = jsonForm(statsToWire)
