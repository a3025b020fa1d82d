/** What an engine has done since it began; counts only ever grow. */
export interface EngineStats {
  /** Batches processed, and the commands in them. */
  batches: number
  commands: number
  /** Reads of rows that the cache lacked or a rejection needed. */
  loads: number
  /** Commits that another writer had overtaken, and that the database gave up over a lock. */
  stale: number
  contended: number
  /** Batches decided under locks. */
  exclusives: number
  doubts: number
  /** Batches halved because the database refused one of their commands. */
  splits: number
}

export function newStats(): EngineStats {
  return { batches: 0, commands: 0, loads: 0, stale: 0, contended: 0, exclusives: 0, doubts: 0, splits: 0 }
}
