/** Terms that the statements of the audit share. */
import type { AuditDialect, Exact } from './audit-dialects.ts'

/** True where the condition is false or NULL. */
export function unless(condition: string): string {
  return `${unlessTrue(condition)} = 1`
}

/** 0 where the condition is true, otherwise 1. */
export function unlessTrue(condition: string): string {
  return `CASE WHEN ${condition} THEN 0 ELSE 1 END`
}

/** The columns of an exact number; auditor.ts joins them again. */
export function shown(name: string, { high, low }: Exact): string {
  return `${high} AS ${name}_high, ${low} AS ${name}_low`
}

/** What the left sum is more than the right one, term by term. */
export function difference(sum: AuditDialect['sum'], left: readonly string[], right: readonly string[]): Exact {
  const [more, less] = [sum(left), sum(right)]
  return { high: `(${more.high}) - (${less.high})`, low: `(${more.low}) - (${less.low})` }
}
