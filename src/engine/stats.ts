/** Counters of an engine since its start. */
export class EngineStats {
  /** Batches processed, and the commands in them. */
  batches = 0
  commands = 0
  /** Reads of rows that were not cached, or that had to prove a rejection or a repeat. */
  loads = 0
  /** Commits that came out `stale`, and contended by the reason (store.ts). */
  stale = 0
  deadlock = 0
  lock_timeout = 0
  serialization = 0
  /** Batches decided under locks. */
  exclusives = 0
  /** Commits whose outcome was unknown at first. */
  doubts = 0
  /** Batches that were halved because the database refused a row, or a rule failed. */
  splits = 0

  /** Commits that came out contended, for whatever reason. */
  get contended(): number {
    return this.deadlock + this.lock_timeout + this.serialization
  }
}
