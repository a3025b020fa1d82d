/** What an examination finds. */
import { KINDS, type FindingId } from './catalogue.ts'

/**
 * - `broken`: Holdfast does not work, or loses rows, until this is mended.
 * - `risk`: rows or time can be lost.
 * - `advice`: nothing is wrong; an expert would do it differently, or wants to know.
 * - `fine`: was examined.
 */
export type Severity = 'broken' | 'risk' | 'advice' | 'fine'

/** The worst first. */
const SEVERITIES: readonly Severity[] = ['broken', 'risk', 'advice', 'fine']

export interface Finding {
  /** Stable, see catalogue.ts. */
  readonly id: FindingId
  /** Which one, where a database can have several: a setting, a table, a database session. Null otherwise. */
  readonly subject: string | null
  readonly severity: Severity
  /** What was examined. */
  readonly what: string
  /** What was found. */
  readonly value: string
  /** Why it matters, in one sentence. */
  readonly why: string
  /** A statement, a setting or a command to type; null if there is nothing to do. */
  readonly remedy: string | null
  /** Further facts, a line each. */
  readonly details: readonly string[]
}

export interface FindingFacts {
  readonly value: string
  readonly subject?: string | null
  /** In place of the sentence of the catalogue. */
  readonly why?: string
  readonly remedy?: string | null
  readonly details?: readonly string[]
}

export function finding(id: FindingId, severity: Severity, facts: FindingFacts): Finding {
  const { what, why } = KINDS[id]
  const { value, subject = null, remedy = null, details = [] } = facts
  return { id, subject, severity, what, value, why: facts.why ?? why, remedy, details }
}

/** The worst first; findings of one severity stay in their order. */
export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((left, right) => SEVERITIES.indexOf(left.severity) - SEVERITIES.indexOf(right.severity))
}

/** Two examinations that find the same thing have the same key for it, whatever its value is. */
function keyOf({ id, subject, severity }: Finding): string {
  return JSON.stringify([id, subject, severity])
}

/** The findings of the one examination that the other does not have. Those that are fine are left out. */
export function findingsMissingIn(one: readonly Finding[], other: readonly Finding[]): readonly Finding[] {
  const keys = new Set(other.map(keyOf))
  return one.filter((found) => found.severity !== 'fine' && !keys.has(keyOf(found)))
}
