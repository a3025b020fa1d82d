/** Whether the write lock of the file is held, and for how long one waits for it. */
import { DatabaseSync } from 'node:sqlite'
import { finding, type Finding } from '../finding.ts'
import { durationText } from '../sizes.ts'
import { lockHoldersOf, processText } from './file-locks.ts'

/** How long the lock is waited for. */
const LOCK_WAIT_MS_MAX = 1_000
const RETRY_MS = 20

export interface LockAttempt {
  /** Whether it was got within `LOCK_WAIT_MS_MAX`. */
  readonly isFree: boolean
  readonly waitedMs: number
  /** The process that had it when the wait began; null if it is not known. */
  readonly holder: number | null
}

/**
 * Takes the write lock and gives it back at once; writes nothing. Another connection of this process has to be open, and stay open: the last
 * one to close would move the log into the file.
 *
 * Null when this user may not write.
 */
export async function attemptLock(file: string): Promise<LockAttempt | null> {
  const holder = lockHoldersOf(file)?.writer ?? null
  const startedMs = performance.now()
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    for (;;) {
      const outcome = takeOnce(database)
      const waitedMs = performance.now() - startedMs
      if (outcome === 'refused') return null
      if (outcome === 'taken') return { isFree: true, waitedMs, holder }
      if (waitedMs >= LOCK_WAIT_MS_MAX)
        return { isFree: false, waitedMs, holder: lockHoldersOf(file)?.writer ?? holder }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  } finally {
    database.close()
  }
}

const BUSY = 5 // SQLITE_BUSY

function takeOnce(database: DatabaseSync): 'taken' | 'busy' | 'refused' {
  try {
    database.exec('BEGIN IMMEDIATE; ROLLBACK')
    return 'taken'
  } catch (error) {
    return ((error as { readonly errcode?: number }).errcode ?? 0) % 256 === BUSY ? 'busy' : 'refused'
  }
}

export function judgeLock({ isFree, waitedMs, holder }: LockAttempt): Finding {
  const who = holder === null ? 'another process' : processText(holder)
  if (isFree) {
    const value = holder === null ? 'free' : `free after ${durationText(waitedMs)}; ${who} had it`
    return finding('file.write_lock', 'fine', { value })
  }
  return finding('file.write_lock', 'risk', {
    value: `held by ${who} for longer than ${durationText(LOCK_WAIT_MS_MAX)}`,
    remedy:
      holder === null
        ? 'Find the programs that have the file open (fuser -v FILE), and let the one that writes end its transaction'
        : `Let it end its transaction (COMMIT or ROLLBACK). If it hangs: kill ${holder}`,
  })
}
