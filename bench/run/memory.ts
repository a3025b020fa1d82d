/** The memory of a process, in MB of 10^6 bytes. */
import { readFileSync } from 'node:fs'

const PAGE_BYTES = 4_096

/** Of this process when `pid` is null; for another one only on Linux, 0 elsewhere. */
export function residentMbOf(pid: number | null): number {
  if (pid === null) return process.memoryUsage.rss() / 1_000_000
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
    return (Number(pages) * PAGE_BYTES) / 1_000_000
  } catch {
    return 0
  }
}
