/** Holdfast as a service in a separate process, called through `connect`, which combines calls into requests. */
import { auditLedger } from '../audit/ledger.ts'
import { connect } from '../../src/client/index.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { UNCOUNTED } from './counting.ts'
import { accountOf, LedgerCalls, prepareAccounts } from './ledger-accounts.ts'
import type { Player, Strategy } from './strategy.ts'

export const holdfastClient: Strategy = {
  summary: 'Holdfast as a service, through the client that combines calls',
  plays: 'both',
  prepare: (site) => prepareAccounts(site, site.users.map(accountOf)),
  async open(site): Promise<Player> {
    const service = await ServiceProcess.start(site.url, ['--log-level', 'silent'])
    const ledger = connect(service.url)
    const calls = new LedgerCalls(ledger)
    return {
      lives: calls,
      transfers: calls,
      counts: () => UNCOUNTED,
      workerPid: service.pid,
      async [Symbol.asyncDispose]() {
        await ledger.close()
        await service.stop()
      },
    }
  },
  audit: auditLedger,
}
