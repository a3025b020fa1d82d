/** The promises of the three ports. Every store runs all of them; a store that cannot keep one skips it with a reason. */
import { describe } from 'node:test'
import { describeAtomicity } from './atomicity.ts'
import { describeAuditor } from './auditor.ts'
import { describeAuthors } from './authors.ts'
import { describeChargeRefunds } from './charge-refunds.ts'
import { describeClock } from './clock.ts'
import { describeConstraints } from './constraints.ts'
import { describeCounterparties } from './counterparties.ts'
import { describeDoubt } from './doubt.ts'
import { describeExchanges } from './exchanges.ts'
import { describeExclusive } from './exclusive.ts'
import { describeExtremes } from './extremes.ts'
import { describeFeed } from './feed.ts'
import type { OpenHarness } from './harness.ts'
import { describeHoldEndings } from './hold-endings.ts'
import { describeHoldLife } from './hold-life.ts'
import { describeKeys } from './keys.ts'
import { describeLists } from './lists.ts'
import { describeLookups } from './lookups.ts'
import { describeOverdrafts } from './overdrafts.ts'
import { describeStandings } from './standings.ts'
import { describePageBounds } from './page-bounds.ts'
import { describePages } from './pages.ts'
import { describePrecedence } from './precedence.ts'
import { describeReopening } from './reopening.ts'
import { describeReplay } from './replay.ts'
import { describeStaleness } from './staleness.ts'
import { describeStatements } from './statements.ts'
import { describeSupply } from './supply.ts'

const THEMES = {
  atomicity: describeAtomicity,
  staleness: describeStaleness,
  replay: describeReplay,
  'hold endings': describeHoldEndings,
  'hold life': describeHoldLife,
  'charge refunds': describeChargeRefunds,
  overdrafts: describeOverdrafts,
  standings: describeStandings,
  extremes: describeExtremes,
  supply: describeSupply,
  constraints: describeConstraints,
  precedence: describePrecedence,
  exclusive: describeExclusive,
  exchanges: describeExchanges,
  doubt: describeDoubt,
  lookups: describeLookups,
  pages: describePages,
  'page bounds': describePageBounds,
  lists: describeLists,
  feed: describeFeed,
  statements: describeStatements,
  counterparties: describeCounterparties,
  auditor: describeAuditor,
  authors: describeAuthors,
  reopening: describeReopening,
  clock: describeClock,
  keys: describeKeys,
} as const satisfies Record<string, (openHarness: OpenHarness) => void>

export type Theme = keyof typeof THEMES

/** The themes that a store skips, each with the reason that the test report shows. */
export type Skips = Readonly<Partial<Record<Theme, string>>>

export function describeStore(name: string, openHarness: OpenHarness, skips: Skips = {}): void {
  describe(`the ${name} store`, () => {
    for (const theme of Object.keys(THEMES) as Theme[]) {
      describe(theme, { skip: skips[theme] ?? false }, () => THEMES[theme](openHarness))
    }
  })
}
