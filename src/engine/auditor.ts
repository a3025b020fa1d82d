/** The audit port: the laws of docs/INVARIANTS.md as questions to a database. */

export interface AuditCheck {
  /** The law's number and a letter, as docs/INVARIANTS.md lists it: `1a`. */
  readonly id: string
  readonly title: string
}

/** One row that breaks a law, as the database shows it. */
export type Violation = Readonly<Record<string, string>>

export interface Auditor {
  readonly checks: readonly AuditCheck[]
  /** The first `limit` rows that break the law; none when it holds. @throws Fault `store_unavailable` */
  run(check: AuditCheck, limit: number): Promise<readonly Violation[]>
}
