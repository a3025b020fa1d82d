/** The audit port: the laws of docs/INVARIANTS.md as queries against a database. */

export interface AuditCheck {
  /** The law's number and a letter, as listed in docs/INVARIANTS.md: `1a`. */
  readonly id: string
  readonly title: string
}

/** One row that breaks a law, with its columns as the database returns them. */
export type Violation = Readonly<Record<string, string>>

export interface Auditor {
  readonly checks: readonly AuditCheck[]
  /** The first `limit` rows that break the law; empty when the law holds. @throws Fault `store_unavailable` */
  run(check: AuditCheck, limit: number): Promise<readonly Violation[]>
}
