/** Laws 4, 6, 7 and 8 under what breaks between the service and a database server, and in that server, without ending either. */
import { after, before, describe, test } from 'node:test'
import { PrivateServer } from '../support/private-server.ts'
import { installationUnderTest, type ServerName } from '../../harness/server-installations.ts'
import { describeNetworkFaults } from './network.ts'
import { describeServerStates } from './server-state.ts'

/** On a server of the tests' own. */
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
