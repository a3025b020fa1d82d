/** The shares of the guide. */
import type { Share } from '../../harness/old-application.ts'
import { cohort } from '../../src/client/index.ts'

export const FEW = { percent: 1, prefixes: ['user:9'] } as const
export const SOME = { percent: 10, prefixes: ['user:9'] } as const
export const ALL = { percent: 100, prefixes: [] } as const
export const NONE = { percent: 0, prefixes: [] } as const

/** Whether the freezes of an account are the ledger's. */
export function ruleOf(share: Share): (account: string) => boolean {
  if (share === 'old') return () => false
  return share === 'ledger' ? () => true : cohort(share)
}
