/** A copy of a database, as whoever asks for one is told about it. */
import type { AuditCheck } from '../engine/auditor.ts'

export interface BackupReport {
  readonly bytes: number
  /** Laws that were checked on the copy. */
  readonly checks: readonly AuditCheck[]
  /** Those of them that are broken. There is a copy only when none is. */
  readonly broken: readonly AuditCheck[]
}

/** Hears what is being done, and how much of the whole is done: 0 to 1. */
export type BackupProgress = (what: string, share: number) => void

/** The copy could not be made, and the message says what to do. There is no file of its name, unless it was there before. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
