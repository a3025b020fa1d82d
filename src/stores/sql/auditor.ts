/** The audit port over any SQL database: each law is one statement, so it is checked at one instant. */
import type { AuditCheck, Auditor, Violation } from '../../engine/auditor.ts'
import { AUDIT_CHECKS } from '../audit-checks.ts'
import { AUDIT_DIALECTS, type AuditDialect } from './audit-dialects.ts'
import { AUDIT_STATEMENTS } from './audit-statements.ts'
import type { Query, SqlDialect } from './dialect.ts'
import { big, type Row } from './values.ts'

export class SqlAuditor implements Auditor {
  readonly checks: readonly AuditCheck[] = AUDIT_CHECKS
  readonly #dialect: AuditDialect
  readonly #query: Query

  constructor(dialect: SqlDialect, query: Query) {
    this.#dialect = AUDIT_DIALECTS[dialect]
    this.#query = query
  }

  async run(check: AuditCheck, limit: number): Promise<readonly Violation[]> {
    const known = AUDIT_CHECKS.find(({ id }) => id === check.id)
    if (known === undefined) throw new RangeError(`There is no check "${check.id}".`)
    const rows = await this.#query(AUDIT_STATEMENTS[known.id](this.#dialect, limit), [])
    return rows.map(violationOf)
  }
}

/** The columns by their names in camel case; the two halves of an exact number become one. */
function violationOf(row: Row): Violation {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(row)) {
    if (name.endsWith(LOW)) continue
    if (!name.endsWith(HIGH)) {
      shown[camelCase(name)] = String(value)
      continue
    }
    const exact = name.slice(0, -HIGH.length)
    shown[camelCase(exact)] = exactText(value, row[exact + LOW])
  }
  return shown
}

/** The sum of nothing is null. */
function exactText(high: unknown, low: unknown): string {
  return high === null || low === null ? String(null) : String((big(high) << 32n) + big(low))
}

const HIGH = '_high'
const LOW = '_low'

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
