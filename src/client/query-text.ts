/** The text of a query string. */
import { instantToWire } from '../api/instants.ts'
import type { Metadata } from '../domain/metadata.ts'

const INSTANTS: ReadonlySet<string> = new Set(['at', 'from', 'until'])

/** Filters that are null are left out. */
export function queryText(filters: Readonly<Record<string, string | number | bigint | Metadata | null>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) {
    if (value === null) continue
    if (typeof value === 'object') query.set(name, JSON.stringify(value))
    else query.set(name, INSTANTS.has(name) ? instantToWire(Number(value)) : String(value))
  }
  return query.toString()
}
