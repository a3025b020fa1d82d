/** The findings of an audit: the number of checks by law, and the checks that failed. */

export interface Violation {
  /** A number of docs/INVARIANTS.md; 0 for "an answer never contradicts one that was given before it was asked". */
  readonly law: number
  readonly what: string
}

export class Findings {
  readonly violations: Violation[] = []
  /** The number of checks made, by law. */
  readonly checks = new Map<number, number>()

  /** @returns whether the check passed; `what` describes a failure */
  check(law: number, holds: boolean, what: () => string): boolean {
    this.checks.set(law, (this.checks.get(law) ?? 0) + 1)
    if (!holds) this.violations.push({ law, what: what() })
    return holds
  }
}
