/**
 * Holdfast as a service in a separate process, one HTTP request per command over keep-alive connections.
 *
 * The connections are the lab's own (http-load.ts): a full HTTP client would cost more than the server under measurement.
 */
import { auditLedger } from '../audit/ledger.ts'
import { errorFromProblem } from '../../src/api/received.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { ConnectionQueue } from '../databases/connection-queue.ts'
import { HttpConnection } from '../http-load.ts'
import { UNCOUNTED } from './counting.ts'
import { accountOf, prepareAccounts } from './ledger-accounts.ts'
import type { FreezeRequest, HoldRequest, Lives, Player, Strategy, TransferRequest, Transfers } from './strategy.ts'

/** More connections would only wait in the service. */
const CONNECTIONS_MAX = 500

export const holdfastHttp: Strategy = {
  summary: 'Holdfast as a service, one HTTP request per command',
  plays: 'both',
  prepare: (site) => prepareAccounts(site, site.users.map(accountOf)),
  async open(site): Promise<Player> {
    const service = await ServiceProcess.start(site.url, ['--log-level', 'silent'])
    const port = Number(new URL(service.url).port)
    const connections = await Promise.all(
      Array.from({ length: Math.min(site.inFlight, CONNECTIONS_MAX) }, () => HttpConnection.open(port)),
    )
    const calls = new HttpCalls(connections)
    return {
      lives: calls,
      transfers: calls,
      counts: () => UNCOUNTED,
      workerPid: service.pid,
      async [Symbol.asyncDispose]() {
        for (const connection of connections) connection.close()
        await service.stop()
      },
    }
  },
  audit: auditLedger,
}

class HttpCalls implements Lives, Transfers {
  readonly #connections: ConnectionQueue<HttpConnection>

  constructor(connections: readonly HttpConnection[]) {
    this.#connections = new ConnectionQueue(connections)
  }

  async freeze({ requestId, user, amount }: FreezeRequest): Promise<void> {
    await this.#post('/v1/holds', { requestId, account: accountOf(user), amount: String(amount) })
  }

  async settle({ requestId }: HoldRequest, cost: number): Promise<void> {
    await this.#post(`/v1/holds/${requestId}/settle`, { amount: String(cost) })
  }

  async release({ requestId }: HoldRequest): Promise<void> {
    await this.#post(`/v1/holds/${requestId}/release`, {})
  }

  async transfer({ requestId, from, shares }: TransferRequest): Promise<void> {
    const legs = shares.map(({ to, amount }) => ({
      from: accountOf(from),
      to: accountOf(to),
      amount: String(amount),
    }))
    await this.#post('/v1/transfers', { requestId, legs })
  }

  async #post(path: string, body: object): Promise<void> {
    const answer = await this.#connections.use((connection) => connection.post(path, JSON.stringify(body)))
    if (answer.status >= 300) throw errorFromProblem(JSON.parse(answer.body), answer.status)
  }
}
