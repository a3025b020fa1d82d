/** The server's memory for pages, against the tables. */
import { finding, type Finding } from './finding.ts'
import { bytesText, MEBIBYTE } from './sizes.ts'

export interface PoolSize {
  readonly variable: string
  readonly poolBytes: number
  readonly tableBytes: number
  /** Those of the index of request ids, the only one that is written at random places; null where it is not known. */
  readonly requestIdBytes: number | null
  /** Sets another size, in bytes. */
  readonly remedy: (bytes: number) => string
}

/** What a server is shipped with is enough for a small ledger. */
const POOL_BYTES_SUGGESTED_MIN = 128 * MEBIBYTE

export function judgePool({ variable, poolBytes, tableBytes, requestIdBytes, remedy }: PoolSize): Finding {
  const ids = requestIdBytes === null ? '' : `, of which the index of request ids ${bytesText(requestIdBytes)}`
  const value = `${variable} is ${bytesText(poolBytes)}; the tables of Holdfast have ${bytesText(tableBytes)}${ids}`
  // Without the size of the index: it is about a tenth of the tables.
  const needed = requestIdBytes ?? tableBytes / 10
  if (needed * 2 <= poolBytes) return finding('memory.pool', 'fine', { value })
  const bytes = Math.max(POOL_BYTES_SUGGESTED_MIN, Math.ceil((needed * 4) / MEBIBYTE) * MEBIBYTE)
  return finding('memory.pool', needed > poolBytes ? 'risk' : 'advice', { value, remedy: remedy(bytes) })
}
