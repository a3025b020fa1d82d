/** The real service and the command line on a machine whose clock is hours off and is then corrected; on every real store. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import { migrateLedger } from '../../src/ledger.ts'
import { until } from '../support/mysql-ledger.ts'
import { realStores, type RealStore } from '../support/places.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'

/** Eight hours, and some seconds: what is read of it is less by the time of a call. */
const OFF_MS = 8 * 3_600_000 + 5_000
const LIFE_MS = 2_000
/** The largest difference between a correct clock and this process's clock, including the time between the two readings. */
const CLOSE_MS = 30_000
const MS_MAX = 20_000
/** In every log line of level error. */
const ALARM = '"level":50'

function clockOff(ms: number): Readonly<Record<string, string>> {
  const moved = pathToFileURL(resolve(import.meta.dirname, '../support/moved-clock.ts')).href
  return { NODE_OPTIONS: `--import ${moved}`, HOLDFAST_TEST_CLOCK_OFF_MS: String(ms) }
}

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function ask({ url }: ServiceProcess, path: string, body?: object): Promise<Answer> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(`${url}${path}`, body === undefined ? {} : post)
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

function isNow(instant: unknown): boolean {
  return Math.abs(Date.parse(String(instant)) - Date.now()) < CLOSE_MS
}

function logged({ log }: ServiceProcess, part: string): number {
  return log.split('\n').filter((line) => line.includes(part)).length
}

async function setRight(service: ServiceProcess): Promise<void> {
  process.kill(service.pid, 'SIGUSR2')
  await until(async () => (await ask(service, '/readyz')).status === 200, 'the service to be ready', MS_MAX)
}

/** From now on nothing shows that the clock was wrong. */
async function assertTimely(service: ServiceProcess): Promise<void> {
  const short = await ask(service, '/v1/holds', { requestId: 'short', account: 'user:8', amount: '1' })
  assert.equal(short.status, 201, JSON.stringify(short.body))
  const { createdAt, expiresAt } = short.body
  assert.ok(isNow(createdAt), `frozen at ${String(createdAt)}`)
  assert.equal(Date.parse(String(expiresAt)) - Date.parse(String(createdAt)), LIFE_MS)
  const soon = new Date(Date.now() + 600_000).toISOString()
  const exact = await ask(service, '/v1/holds', { requestId: 'exact', account: 'user:8', amount: '1', expiresAt: soon })
  assert.equal(exact.status, 201, JSON.stringify(exact.body))
  const moments = new Set<unknown>()
  for (const requestId of ['d-2', 'd-3']) {
    const { body } = await ask(service, '/v1/deposits', { requestId, account: 'user:8', amount: '1' })
    assert.ok(isNow(body['at']), `booked at ${String(body['at'])}`)
    moments.add(body['at'])
  }
  assert.equal(moments.size, 2)
  const now = new Date().toISOString()
  const statement = await ask(service, `/v1/accounts/user:8/postings?until=${now}`)
  const entries = new Set((statement.body['items'] as { entryId: string }[]).map(({ entryId }) => entryId))
  for (const id of ['short', 'exact', 'd-2', 'd-3']) assert.ok(entries.has(id), [...entries].join())
  const then = await ask(service, `/v1/accounts/user:8?at=${now}`)
  assert.equal((then.body['balances'] as unknown[]).length, 1)
  const hasExpired = async (): Promise<boolean> => (await ask(service, '/v1/holds/short')).body['state'] === 'expired'
  await until(hasExpired, 'the hold to expire', MS_MAX)
}

function describeServer({ open }: RealStore): void {
  test('a service whose clock is ahead of the server’s serves and sweeps nothing, and goes on once it is set right', async () => {
    await using place = await open()
    await migrateLedger(place.url)
    const life = ['--hold-ttl-ms-default', String(LIFE_MS), '--expiry-interval-ms', '100']
    await using right = await ServiceProcess.start(place.url, ['--expiry-interval-ms', '3600000'])
    await ask(right, '/v1/deposits', { requestId: 'd-0', account: 'user:9', amount: '100' })
    await ask(right, '/v1/holds', { requestId: 'kept', account: 'user:9', amount: '1' })
    await using service = await ServiceProcess.start(place.url, life, clockOff(OFF_MS))
    const refused = await ask(service, '/v1/deposits', { requestId: 'd-1', account: 'user:8', amount: '100' })
    assert.deepEqual([refused.status, refused.body['code'], refused.body['applied']], [503, 'clock_wrong', 'no'])
    const readiness = await ask(service, '/readyz')
    assert.equal(readiness.status, 503)
    assert.match(
      String(readiness.body['detail']),
      /^The clock of this process is 2880\d s ahead of that of the database/,
    )
    const ran = await runHoldfast(['deposit', 'user:8', '100', '--store', place.url], clockOff(-OFF_MS))
    assert.equal(ran.exitCode, 3, ran.stderr)
    assert.match(ran.stderr, /clock_wrong: The clock of this process is 28\d\d\d s behind that of the database/)
    const read = await runHoldfast(['account', 'user:9', '--store', place.url], clockOff(-OFF_MS))
    assert.equal(read.exitCode, 0, read.stderr)
    assert.equal((await ask(service, '/v1/holds/kept')).body['state'], 'open')
    await setRight(service)
    assert.deepEqual([logged(service, ALARM), logged(service, 'right again')], [1, 1], service.log)
    const again = await ask(service, '/v1/deposits', { requestId: 'd-1', account: 'user:8', amount: '100' })
    assert.equal(again.status, 201)
    await assertTimely(service)
  })
}

function describeFile({ open }: RealStore): void {
  test('a service that was ahead when it started books and ends by the time that it was set to, and warns of what it wrote', async () => {
    await using place = await open()
    const life = ['--hold-ttl-ms-default', String(LIFE_MS), '--expiry-interval-ms', '100']
    await using service = await ServiceProcess.start(place.url, life, clockOff(OFF_MS))
    const early = await ask(service, '/v1/deposits', { requestId: 'd-1', account: 'user:8', amount: '100' })
    assert.equal(early.status, 201)
    assert.ok(!isNow(early.body['at']))
    await setRight(service)
    const { body } = await ask(service, '/readyz')
    assert.match(JSON.stringify(body['warnings']), /Rows of the database are up to 2\d\d\d\d s ahead of the clock/)
    assert.equal(logged(service, 's ahead of the clock'), 1, service.log)
    // A process that starts now cannot know which of the two clocks was wrong.
    const deposit = ['deposit', 'user:8', '1', '--request-id', 'd-0', '--store', place.url]
    const ran = await runHoldfast(deposit)
    assert.equal(ran.exitCode, 3, ran.stderr)
    assert.match(ran.stderr, /clock_wrong: The newest rows of the database are 2\d\d\d\d s ahead of the clock/)
    await assertTimely(service)
    const accepted = await runHoldfast(deposit, { HOLDFAST_ACCEPT_ROWS_AHEAD: 'true' })
    assert.equal(accepted.exitCode, 0, accepted.stderr)
    assert.equal(await service.stop(), 0)
    // The rows written since are newer, whatever their time.
    await using next = await ServiceProcess.start(place.url, life)
    assert.equal((await ask(next, '/readyz')).status, 200)
    const behind = await runHoldfast(['deposit', 'user:8', '1', '--store', place.url], clockOff(-OFF_MS))
    assert.equal(behind.exitCode, 3, behind.stderr)
    const { exitCode, stdout } = await runHoldfast(['verify', '--store', place.url])
    assert.equal(exitCode, 0, stdout)
  })
}

for (const store of realStores()) {
  describe(`a wrong clock on ${store.name}`, { skip: store.skip }, () => {
    if (store.name === 'sqlite') describeFile(store)
    else describeServer(store)
  })
}
