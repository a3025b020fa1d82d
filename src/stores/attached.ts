/** Filters by memo and metadata, which no index covers. */
import type { Metadata } from '../domain/metadata.ts'

export interface AttachedFilter {
  readonly memo?: string | null
  readonly metadata?: Metadata | null
}

export interface Attached {
  readonly memo: string | null
  readonly metadata: Metadata | null
}

export function filtersAttached({ memo, metadata }: AttachedFilter): boolean {
  return (memo ?? null) !== null || (metadata ?? null) !== null
}

export function matchesAttached(attached: Attached, { memo, metadata }: AttachedFilter): boolean {
  if (memo !== null && memo !== undefined && attached.memo?.includes(memo) !== true) return false
  if (metadata === null || metadata === undefined) return true
  const { metadata: found } = attached
  return Object.entries(metadata).every(
    ([key, value]) => found !== null && Object.hasOwn(found, key) && found[key] === value,
  )
}
