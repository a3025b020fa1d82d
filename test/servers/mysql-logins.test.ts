/** Servers that only an operator can make Holdfast work with: it ends at once, and says what to do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createServer } from 'mysql2'
import { openMysqlStorage } from '../../src/stores/mysql/storage.ts'
import { freePort } from '../support/free-port.ts'
import { PrivateServer } from '../support/private-server.ts'
import { installationUnderTest } from '../../harness/server-installations.ts'
import { runHoldfast } from '../../harness/service-process.ts'

const { installation, reason } = installationUnderTest('mariadb')

test(
  'a way to log in that the driver lacks is named, with what to do',
  { skip: installation === null && reason },
  async () => {
    await using server = await PrivateServer.start(installation!)
    const url = await server.createDatabase()
    await server.execute(`INSTALL SONAME 'auth_ed25519'`)
    await server.execute(`CREATE USER modern@'%' IDENTIFIED VIA ed25519 USING PASSWORD('secret')`)
    const store = url.replace('root@', 'modern:secret@')
    await assert.rejects(openMysqlStorage(store), {
      code: 'store_misconfigured',
      message: /ed25519.*a way to log in that the driver has/,
    })
    const { exitCode, stderr } = await runHoldfast(['account', 'user:8', '--store', store])
    assert.equal(exitCode, 3)
    assert.match(stderr, /ed25519.*mysql_native_password/s)
    assert.doesNotMatch(stderr, /is the database running|secret/i)
  },
)

test('an engine that only speaks like MySQL is refused when it is connected to, by its name', async () => {
  const texts: string[] = []
  const engine = createServer((connection) => {
    // Whoever leaves in the middle is no trouble of the engine's.
    connection.on('error', () => undefined)
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.11-TiDB-v8.5.1',
      connectionId: 1,
      statusFlags: 2,
      characterSet: 45,
      capabilityFlags: 0xff_f7_ff & ~0x0800,
    })
    connection.on('query', (text: string) => {
      texts.push(text)
      // The driver's side of a server does not begin to count again by itself.
      connection.sequenceId = 1
      const columns = ['version', 'comment'].map((name) => ({
        catalog: 'def',
        schema: '',
        table: '',
        orgTable: '',
        name,
        orgName: name,
        characterSet: 45,
        columnLength: 100,
        columnType: 253,
        flags: 0,
        decimals: 0,
      }))
      connection.writeTextResult([{ version: '8.0.11-TiDB-v8.5.1', comment: 'TiDB Server' }], columns)
    })
  })
  const port = await freePort()
  engine.listen(port)
  try {
    await assert.rejects(openMysqlStorage(`mysql://root@127.0.0.1:${port}/ledger`), {
      code: 'store_misconfigured',
      message: /The server is TiDB .*allowUnsupported=true/,
    })
    assert.equal(texts.length, 1)
  } finally {
    await new Promise((resolve) => {
      engine.close(resolve as () => void)
    })
  }
})
