/** A journal in which every page is followed by another one. */
import type { StatementLine } from '../../src/domain/journal.ts'
import type { HttpService } from './http-service.ts'

const LINE: StatementLine = {
  entryId: 'd',
  kind: 'deposit',
  account: 'user:8',
  asset: 'credit',
  stripe: 0,
  version: 1,
  availableDelta: 1n,
  heldDelta: 0n,
  change: 1n,
  counterparties: ['@issuer'],
  moreCounterparties: false,
  available: 1n,
  held: 0n,
  total: 1n,
  hold: null,
  by: null,
  memo: 'x'.repeat(256),
  metadata: null,
  at: Date.UTC(2030, 0, 1),
}

export interface EndlessPages {
  /** Pages read so far. */
  count: number
  /** Resolves once this many pages were read. */
  readonly reached: (count: number) => Promise<void>
}

/** From now on the journal is endless, and its pages of 1,000 lines are counted. */
export function endless(service: HttpService): EndlessPages {
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  const pages: EndlessPages = {
    count: 0,
    reached: (count) =>
      new Promise((resolve) => {
        if (pages.count >= count) resolve()
        else waiting.push({ count, resolve })
      }),
  }
  service.reader.postings = async () => {
    const first = 1_000_000 - 1_000 * pages.count++
    for (const { resolve } of waiting.filter(({ count }) => count <= pages.count)) resolve()
    const items = Array.from({ length: 1_000 }, (_, index) => ({ ...LINE, version: first - index }))
    return { items, next: 'more' }
  }
  return pages
}
