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
    const statement = AUDIT_STATEMENTS[known.id](this.#dialect)
    const rows = await this.#query(`${statement}\nLIMIT ${limit}`, [])
    return rows.map(violationOf)
  }
}

/** The columns by their names in camel case; the two halves of an exact sum become one number. */
function violationOf(row: Row): Violation {
  const { sum_high: high, sum_low: low, ...columns } = row
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(columns)) shown[camelCase(name)] = String(value)
  if (low !== undefined) shown['sum'] = String((big(high) << 32n) + big(low))
  return shown
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
