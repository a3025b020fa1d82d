/** The memory of a process, as reported by Linux. */
import { readFileSync } from 'node:fs'

export interface Resident {
  readonly nowMb: number
  /** The peak. */
  readonly peakMb: number
}

/** Null without /proc. */
export function residentOf(pid: number): Resident | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const megabytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024
    return { nowMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') }
  } catch {
    return null
  }
}
