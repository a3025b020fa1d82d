/** Laws 4, 6, 7 and 8 under faults of the network and of the database server, while both processes stay alive. */
import { after, before, describe, test } from 'node:test'
import { PrivateServer } from '../support/private-server.ts'
import { installationUnderTest, type ServerName } from '../../harness/server-installations.ts'
import { describeNetworkFaults } from './network.ts'
import { describeServerStates } from './server-state.ts'

/** Runs on a private server. */
export function describeServerFaults(name: ServerName): void {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) {
    test(`faults of ${name}`, { skip: reason }, () => {})
    return
  }
  describe(`faults of ${name}`, () => {
    const owned = new AsyncDisposableStack()
    let server: PrivateServer

    before(async () => {
      server = owned.use(await PrivateServer.start(installation))
    })

    after(() => owned.disposeAsync())

    describeNetworkFaults(() => server)
    describeServerStates(() => server)
  })
}
