/** The sample configurations of balancers do what they say, with real balancers. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connect, LedgerError, type Ledger } from '../../src/client/index.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { BALANCERS, startBalancer } from '../support/balancer.ts'
import { withoutProxy } from '../support/proxy-process.ts'

const USERS = Array.from({ length: 12 }, (_, number) => `user:${number}`)
const ROUNDS = 3

/** Each has books of its own, so that an account shows where its calls went. */
async function twoServices(): Promise<readonly ServiceProcess[]> {
  return await Promise.all([ServiceProcess.start('memory:'), ServiceProcess.start('memory:')])
}

async function availableAt(ledger: Ledger, account: string): Promise<bigint> {
  try {
    return (await ledger.account(account)).balances[0]?.available ?? 0n
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'account_not_found') return 0n
    throw error
  }
}

for (const name of ['haproxy', 'nginx'] as const) {
  describe(`the sample of ${name}`, { skip: withoutProxy(BALANCERS[name].program) }, () => {
    test('sends the calls of an account to one service, and others to any; goes on when one is killed', async () => {
      await using parts = new AsyncDisposableStack()
      const services = (await twoServices()).map((service) => parts.use(service))
      const balancer = parts.use(await startBalancer(name, services))
      const ledger = parts.use(connect(balancer.url, { accountHeader: true }))
      const [first, second] = services.map(({ url }) => parts.use(connect(url))) as [Ledger, Ledger]
      for (let round = 0; round < ROUNDS; round++) {
        for (const account of USERS) await ledger.deposit({ account, amount: 1n })
      }
      const totals = await Promise.all(
        USERS.map(async (account) => [await availableAt(first, account), await availableAt(second, account)]),
      )
      for (const [index, pair] of totals.entries()) {
        assert.deepEqual(
          pair.toSorted((a, b) => Number(a - b)),
          [0n, BigInt(ROUNDS)],
          USERS[index],
        )
      }
      assert.equal(new Set(totals.map(([here]) => here)).size, 2, 'both services have accounts')

      // Without the header, calls are distributed.
      const unnamed = parts.use(connect(balancer.url))
      for (let turn = 0; turn < USERS.length; turn++) await unnamed.deposit({ account: 'user:any', amount: 1n })
      for (const service of [first, second]) assert.ok((await availableAt(service, 'user:any')) > 0n)

      await services[0]!.kill()
      for (const account of USERS) await ledger.deposit({ account, amount: 1n })
    })
  })
}
