/** What an audit found: every check that was made, by the law that it holds, and those that failed. */

export interface Violation {
  /** Of docs/INVARIANTS.md; 0 for "an answer never contradicts one that was given before it was asked". */
  readonly law: number
  readonly what: string
}

export class Findings {
  readonly violations: Violation[] = []
  /** How many checks were made, by law. */
  readonly checks = new Map<number, number>()

  /** False when the check failed; then `what` says how. */
  check(law: number, holds: boolean, what: () => string): boolean {
    this.checks.set(law, (this.checks.get(law) ?? 0) + 1)
    if (!holds) this.violations.push({ law, what: what() })
    return holds
  }
}
