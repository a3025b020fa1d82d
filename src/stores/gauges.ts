/** How an open database is right now, as this process sees it. */
export interface StorageGauges {
  readonly pools: readonly PoolGauges[]
  /** The size of the log of an SQLite file; null for another database. */
  readonly logBytes: number | null
}

/** The connections of one pool. */
export interface PoolGauges {
  readonly pool: string
  readonly sizeMax: number
  readonly idle: number
  readonly used: number
  /** Calls that wait for a connection. */
  readonly waiting: number
}

export const NO_GAUGES: StorageGauges = { pools: [], logBytes: null }
