/** What the callers were answered, for comparison with the rows. */
export interface Tally {
  readonly freezes: number
  readonly settles: number
  readonly releases: number
  readonly transfers: number
  /** Calls whose answer never arrived: they may or may not have taken effect. */
  readonly unknown: number
}

export const NO_CALLS: Tally = { freezes: 0, settles: 0, releases: 0, transfers: 0, unknown: 0 }

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, one) => ({
      freezes: sum.freezes + one.freezes,
      settles: sum.settles + one.settles,
      releases: sum.releases + one.releases,
      transfers: sum.transfers + one.transfers,
      unknown: sum.unknown + one.unknown,
    }),
    NO_CALLS,
  )
}

/** A finding unless the number found equals the number acknowledged, give or take the unknown ones. */
export function compareCounts(what: string, acknowledged: number, found: number, unknown: number): readonly string[] {
  if (found >= acknowledged && found <= acknowledged + unknown) return []
  const orMore = unknown === 0 ? '' : ` (and ${unknown} unknown)`
  return [`${what}: ${acknowledged} acknowledged${orMore}, ${found} in the rows`]
}
