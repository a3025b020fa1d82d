/** What the views read, by the shapes that the service publishes. */
import { infiniteQueryOptions, queryOptions, useQuery } from '@tanstack/react-query'
import type { AccountWire } from '../../src/api/account.ts'
import type { AssetsWire } from '../../src/api/asset.ts'
import type { BalancePageWire } from '../../src/api/balance.ts'
import type { EntryWire, FeedPageWire } from '../../src/api/entry.ts'
import type { HoldEventPageWire, HoldPageWire, HoldWire } from '../../src/api/hold.ts'
import type { KeyPageWire } from '../../src/api/key-schemas.ts'
import type { PostingPageWire } from '../../src/api/posting.ts'
import type { ReadinessWire } from '../../src/api/outcome-schemas.ts'
import type { RatePageWire } from '../../src/api/rate.ts'
import type { StatsPageWire } from '../../src/api/stats.ts'
import { read, type Query } from './call.ts'

/** How often a view that is looked at is read again, in milliseconds. */
const LIVE_MS = 5_000
/** Figures are added up for every request: not so often. */
const FIGURES_MS = 60_000

export const readiness = queryOptions({
  queryKey: ['readiness'],
  queryFn: () => read<ReadinessWire>(['readyz']),
  refetchInterval: LIVE_MS,
  retry: false,
})

export const stats = (days: number) =>
  queryOptions({
    queryKey: ['stats', days],
    queryFn: () => read<StatsPageWire>(['v1', 'stats'], { days }),
    refetchInterval: FIGURES_MS,
    staleTime: FIGURES_MS,
  })

const assets = queryOptions({
  queryKey: ['assets'],
  queryFn: () => read<AssetsWire>(['v1', 'assets']),
  staleTime: FIGURES_MS,
})

export function useAssets() {
  return useQuery(assets)
}

/** The decimal places of an asset; null until they are known. */
export function useDecimals(asset: string): number | null {
  return useAssets().data?.items.find(({ code }) => code === asset)?.decimals ?? null
}

/** @param at an instant, or null for now */
export const account = (name: string, at: string | null = null) =>
  queryOptions({
    queryKey: ['account', name, at],
    queryFn: () => read<AccountWire>(['v1', 'accounts', name], { at }),
    refetchInterval: LIVE_MS,
  })

export const hold = (id: string) =>
  queryOptions({
    queryKey: ['hold', id],
    queryFn: () => read<HoldWire>(['v1', 'holds', id]),
    refetchInterval: LIVE_MS,
  })

export const entry = (id: string) =>
  queryOptions({ queryKey: ['entry', id], queryFn: () => read<EntryWire>(['v1', 'entries', id]) })

/** A page, of which there may be a next one. */
interface Page {
  readonly next: string | null
}

/** @param edition of what is read: another one is read again */
function pages<Of extends Page>(steps: readonly string[], query: Query, edition = 0) {
  return infiniteQueryOptions({
    queryKey: ['pages', steps, query, edition],
    queryFn: ({ pageParam }) => read<Of>(steps, { ...query, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }: Of) => next,
  })
}

export const accounts = (query: Query) => pages<BalancePageWire>(['v1', 'accounts'], query)
export const holds = (query: Query) => pages<HoldPageWire>(['v1', 'holds'], query)
/** @param steps those of the hold that is shown */
export const holdHistory = (id: string, steps: number) =>
  pages<HoldEventPageWire>(['v1', 'holds', id, 'history'], { limit: 100 }, steps)
export const postings = (name: string, query: Query) =>
  pages<PostingPageWire>(['v1', 'accounts', name, 'postings'], query)
export const rates = () => pages<RatePageWire>(['v1', 'rates'], { limit: 100 })
export const rateHistory = (from: string, to: string) => pages<RatePageWire>(['v1', 'rates', from, to], { limit: 100 })
export const keys = () => pages<KeyPageWire>(['v1', 'keys'], { limit: 100 })

export async function readFeed(query: Query): Promise<FeedPageWire> {
  return await read<FeedPageWire>(['v1', 'entries'], query)
}
