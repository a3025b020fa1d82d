/** Holdfast as a library: `openLedger` in the calling process, with defaults. */
import { auditLedger } from '../audit/ledger.ts'
import type { EngineStats } from '../../src/engine/stats.ts'
import { openLedger } from '../../src/ledger.ts'
import { LOADING } from './ledger-loading.ts'
import { accountOf, LedgerCalls, prepareAccounts } from './ledger-accounts.ts'
import type { Counts, Player, Strategy } from './strategy.ts'

export const holdfast: Strategy = {
  summary: 'Holdfast as a library',
  plays: 'both',
  loading: LOADING,
  prepare: (site) => prepareAccounts(site, site.users.map(accountOf)),
  async open(site): Promise<Player> {
    const ledger = await openLedger(site.url)
    const calls = new LedgerCalls(ledger)
    return {
      lives: calls,
      transfers: calls,
      counts: () => countsOf(ledger.engine.stats),
      workerPid: null,
      [Symbol.asyncDispose]: () => ledger.close(),
    }
  },
  audit: auditLedger,
}

/** A stale or contended batch is decided again with all of its commands. */
function countsOf({ batches, commands, stale, contended }: Readonly<EngineStats>): Counts {
  const retriedBatches = stale + contended
  return {
    retries: batches === 0 ? 0 : (retriedBatches * commands) / batches,
    // The engine does not distinguish them; the server's counters do.
    lockTimeouts: null,
    deadlocks: null,
    casWins: Math.max(0, batches - stale),
    casLosses: stale,
    batches,
    batchedCommands: commands,
  }
}
