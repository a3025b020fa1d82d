/** What is reported of a copy of a database. */
import type { AuditCheck } from '../engine/auditor.ts'

export interface BackupReport {
  readonly bytes: number
  /** Laws that were checked on the copy. */
  readonly checks: readonly AuditCheck[]
  /** The laws among them that are broken. The copy is kept only when none is. */
  readonly broken: readonly AuditCheck[]
}

/** Called with the current step and the part of the whole that is done: 0 to 1. */
export type BackupProgress = (what: string, share: number) => void

/** The copy could not be made; the message says what to do. No file of its name is left, unless it existed before. */
export class BackupError extends Error {
  override readonly name = 'BackupError'
}
