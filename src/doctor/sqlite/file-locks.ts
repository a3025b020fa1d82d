/** Which processes have the locks of an SQLite file with a log, by /proc/locks of Linux. */
import { readFileSync, statSync } from 'node:fs'

/** Bytes of the -shm file that SQLite locks, see https://www.sqlite.org/walformat.html#wal_locks */
const WRITE_BYTE = 120
const READ_BYTE_FIRST = 123
const READ_BYTE_LAST = 127

export interface LockHolders {
  /** The process that writes; null if none does. */
  readonly writer: number | null
  /** Processes that read. */
  readonly readers: readonly number[]
}

/** Null where the system does not tell, or the file has no log. */
export function lockHoldersOf(file: string): LockHolders | null {
  try {
    return holdersIn(readFileSync('/proc/locks', 'utf8'), statSync(`${file}-shm`).ino)
  } catch {
    // Another system, or a container that hides it.
    return null
  }
}

const LINE = /^\d+: POSIX\s+ADVISORY\s+(READ|WRITE)\s+(\d+)\s+\S+:(\d+)\s+(\d+)\s+(\d+|EOF)$/gm

/**
 * @param text of /proc/locks
 * @param inode of the -shm file
 */
export function holdersIn(text: string, inode: number): LockHolders {
  let writer: number | null = null
  const readers = new Set<number>()
  for (const [, kind, process, found, first, last] of text.matchAll(LINE)) {
    if (Number(found) !== inode) continue
    const [from, to] = [Number(first), last === 'EOF' ? Infinity : Number(last)]
    if (kind === 'WRITE' && from <= WRITE_BYTE && to >= WRITE_BYTE) writer = Number(process)
    if (kind === 'READ' && from <= READ_BYTE_LAST && to >= READ_BYTE_FIRST) readers.add(Number(process))
  }
  return { writer, readers: [...readers] }
}

/** `process 42 (node)`: without its arguments, which may have passwords. */
export function processText(id: number): string {
  try {
    return `process ${id} (${readFileSync(`/proc/${id}/comm`, 'utf8').trim()})`
  } catch {
    return `process ${id}`
  }
}
