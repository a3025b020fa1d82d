/** The TLS options of store URLs, each tested against a server that has a certificate. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { Certificates, withoutOpenssl } from '../support/certificates.ts'
import { PrivateServer } from '../support/private-server.ts'
import {
  installationUnderTest,
  SERVER_NAMES,
  type Installation,
  type ServerName,
} from '../../harness/server-installations.ts'
import { errorOf } from '../support/ledger-errors.ts'
import { isAskedFor } from '../../harness/stores.ts'

/** The names of the options. */
interface Options {
  readonly mode: string
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Modes: any server, encrypted; a certificate signed by the authority; a certificate for the host itself. */
  readonly encrypt: string
  readonly verifyAuthority: string
  readonly verifyHost: string
}

const MYSQL_OPTIONS: Options = {
  mode: 'ssl-mode',
  ca: 'ssl-ca',
  cert: 'ssl-cert',
  key: 'ssl-key',
  encrypt: 'REQUIRED',
  verifyAuthority: 'VERIFY_CA',
  verifyHost: 'VERIFY_IDENTITY',
}

const OPTIONS: Readonly<Record<ServerName, Options>> = {
  mysql: MYSQL_OPTIONS,
  mariadb: MYSQL_OPTIONS,
  postgres: {
    mode: 'sslmode',
    ca: 'sslrootcert',
    cert: 'sslcert',
    key: 'sslkey',
    encrypt: 'require',
    verifyAuthority: 'verify-ca',
    verifyHost: 'verify-full',
  },
}

/** Names of the server. */
const NAME = 'localhost'
const ADDRESS = '127.0.0.1'

/** This user must present a client certificate. */
const CERTIFIED_USER = 'certified'

const CREATE_CERTIFIED_USER: Readonly<Record<ServerName, readonly string[]>> = {
  mysql: [`CREATE USER ${CERTIFIED_USER} REQUIRE X509`, `GRANT ALL ON *.* TO ${CERTIFIED_USER}`],
  mariadb: [`CREATE USER ${CERTIFIED_USER} REQUIRE X509`, `GRANT ALL ON *.* TO ${CERTIFIED_USER}`],
  // The rules of the server name this user, see private-server.ts.
  postgres: [`CREATE ROLE ${CERTIFIED_USER} LOGIN SUPERUSER`],
}

for (const name of SERVER_NAMES) {
  const { installation, reason } = installationUnderTest(name)
  const openssl = withoutOpenssl()
  if (openssl !== null && isAskedFor(name) === true) throw new Error(`TLS to ${name} cannot be tested: ${openssl}.`)
  if (installation === null) test(`TLS to ${name}`, { skip: reason }, () => {})
  else if (openssl !== null) test(`TLS to ${name}`, { skip: openssl }, () => {})
  else describe(`TLS to ${name}`, () => describeTls(installation))
}

function describeTls(installation: Installation): void {
  const options = OPTIONS[installation.name]
  const owned = new AsyncDisposableStack()
  let certificates: Certificates
  let server: PrivateServer
  let database = ''

  before(async () => {
    certificates = owned.use(await Certificates.make())
    const { authority, localhost } = certificates
    server = owned.use(await PrivateServer.start(installation, { tls: { authority, certificate: localhost } }))
    database = new URL(await server.createDatabase()).pathname.slice(1)
    for (const statement of CREATE_CERTIFIED_USER[installation.name]) await server.execute(statement)
    await migrateLedger(url({ [options.mode]: options.encrypt }))
  })

  after(() => owned.disposeAsync())

  function url(query: Readonly<Record<string, string>>, host: string = ADDRESS, user?: string): string {
    const store = server.url(database, { host, ...(user === undefined ? {} : { user }) })
    return `${store}?${new URLSearchParams(query).toString()}`
  }

  test('every connection is encrypted when the URL asks for it; without, the server would not talk', async () => {
    await assertServes(url({ [options.mode]: options.encrypt }))
    await assertRefused(url({}), /no encryption|insecure transport|Access denied/)
  })

  test('a certificate of the authority that the URL names is accepted, whatever the server is called', async () => {
    const query = { [options.mode]: options.verifyAuthority, [options.ca]: certificates.authority.cert }
    await assertServes(url(query, NAME))
    await assertServes(url(query, ADDRESS))
  })

  test('a certificate of another authority is refused', async () => {
    for (const mode of [options.verifyAuthority, options.verifyHost]) {
      const query = { [options.mode]: mode, [options.ca]: certificates.stranger.cert }
      await assertRefused(url(query, NAME), /certificate/)
    }
  })

  test('a certificate that nobody vouches for is refused', async () => {
    await assertRefused(url({ [options.mode]: options.verifyHost }, NAME), /certificate/)
  })

  test('a certificate of the client’s own is shown to the server', async () => {
    const { authority, client } = certificates
    const query = { [options.mode]: options.verifyAuthority, [options.ca]: authority.cert }
    const withCertificate = { ...query, [options.cert]: client.cert, [options.key]: client.key }
    await assertServes(url(withCertificate, ADDRESS, CERTIFIED_USER))
    await assertRefused(url(query, ADDRESS, CERTIFIED_USER), /certificate|Access denied/)
  })

  test('with the identity verified, the certificate must be made out to the name or the address that is called', async () => {
    const { authority, address } = certificates
    const query = { [options.mode]: options.verifyHost, [options.ca]: authority.cert }
    await assertServes(url(query, NAME))
    await assertRefused(url(query, ADDRESS), /127\.0\.0\.1 is not in the cert's list/)

    await server.kill()
    await server.certify({ authority, certificate: address })
    await server.start()
    await assertServes(url(query, ADDRESS))
    await assertRefused(url(query, NAME), /localhost\. is not/)
  })
}

/** Every part of the ledger can use the database. */
async function assertServes(store: string): Promise<void> {
  await using ledger = await openLedger(store)
  await ledger.deposit({ account: 'user:8', amount: 100n })
  const { id } = await ledger.freeze({ account: 'user:8', amount: 10n })
  await ledger.settle(id, { amount: 10n })
  assert.equal((await ledger.hold(id)).state, 'settled')
  const { auditor } = ledger.storage
  for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 10), [], check.title)
}

async function assertRefused(store: string, message: RegExp): Promise<void> {
  const error = await errorOf(openLedger(store))
  // Only an operator can correct it.
  assert.equal(error.code, 'store_misconfigured')
  assert.match(error.message, message)
}
