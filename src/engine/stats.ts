/** Counters of an engine since its start. */
export interface EngineStats {
  /** Batches processed, and the commands in them. */
  batches: number
  commands: number
  /** Reads of rows that were not cached, or that had to prove a rejection or a repeat. */
  loads: number
  /** Commits that came out `stale`, and `contended`. */
  stale: number
  contended: number
  /** Batches decided under locks. */
  exclusives: number
  /** Commits whose outcome was unknown at first. */
  doubts: number
  /** Batches that were halved because the database refused a row, or a rule failed. */
  splits: number
}

export function newStats(): EngineStats {
  return { batches: 0, commands: 0, loads: 0, stale: 0, contended: 0, exclusives: 0, doubts: 0, splits: 0 }
}
