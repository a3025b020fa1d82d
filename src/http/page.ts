import { LedgerError } from '../api/error.ts'
import type { Page } from '../engine/reader.ts'

/** A page of the read port, whose way to say that it gave out no such cursor is a RangeError. */
export async function readPage<Row>(page: Promise<Page<Row>>): Promise<Page<Row>> {
  try {
    return await page
  } catch (error) {
    if (error instanceof RangeError)
      throw LedgerError.invalidParameter('cursor', 'cursor must be the `next` of another page.')
    throw error
  }
}

/** A query string can only carry the digits of a number. */
export function typedQuery(query: unknown): unknown {
  const { limit } = query as { readonly limit?: unknown }
  if (typeof limit !== 'string' || !/^[0-9]{1,9}$/.test(limit)) return query
  return { ...(query as object), limit: Number(limit) }
}
