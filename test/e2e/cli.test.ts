/** The command line, started as a process. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { runHoldfast, ServiceProcess, spawnHoldfast, type Ran } from '../../harness/service-process.ts'
import { withoutEnd } from '../support/end-rows.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/mysql-ledger.ts'
import { plain } from '../support/repeats.ts'

/** Only the service's timeout ends the request this late: it waits half a minute for a body. */
const ENDLESS_MS = 25_000

let folder = ''
let fileCount = 0

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'))
})
after(() => rm(folder, { recursive: true }))

function newFile(): string {
  fileCount += 1
  return join(folder, `ledger-${fileCount}.db`)
}

async function run(line: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return await runHoldfast(line.split(' '), environment)
}

/** Runs a command that must succeed, and returns its JSON. */
async function json(line: string, environment: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await run(`${line} --json`, environment)
  assert.equal(exitCode, 0, `${line}: ${stderr}${stdout}`)
  return JSON.parse(stdout) as Record<string, unknown>
}

async function fails(line: string, exitCode: number, environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const ran = await run(line, environment)
  assert.equal(ran.exitCode, exitCode, `${line}: ${ran.stdout}${ran.stderr}`)
  return ran
}

/** The commands of one hold's life, on the store or service that the environment names. */
async function liveOneHold(environment: Readonly<Record<string, string>>): Promise<void> {
  await json('deposit user:8 9007199254740993 --request-id d-1 --memo hello', environment)
  const frozen = await json('freeze user:8 616 --request-id job-616 --expires-in 10m --metadata {"a":1}', environment)
  assert.partialDeepStrictEqual(frozen, { id: 'job-616', state: 'open', held: '616', metadata: { a: 1 } })
  assert.equal(Date.parse(String(frozen['expiresAt'])) - Date.parse(String(frozen['createdAt'])), 600_000)
  const settled = await json('settle job-616 500', environment)
  assert.partialDeepStrictEqual(settled, { state: 'settled', settled: '500', released: '116' })
  assert.deepEqual(await json('hold job-616', environment), plain(settled))
  const account = await json('account user:8', environment)
  assert.partialDeepStrictEqual(account, { balances: [{ available: '9007199254740493', held: '0' }] })
  const entry = await json('entry job-616~settle', environment)
  assert.equal((entry['postings'] as unknown[]).length, 2)
}

describe('everyday commands', () => {
  test('a hold lives its whole life on a database file', async () => {
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    await liveOneHold(environment)
    assert.equal((await json('verify', environment))['ok'], true)
  })

  test('and the same through a service', async () => {
    await using service = await ServiceProcess.start(`sqlite:${newFile()}`)
    await liveOneHold({ HOLDFAST_URL: service.url })
  })

  test('a gift may arrive in another asset, at a rate', async () => {
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    await json('declare star', environment)
    await json('declare gem', environment)
    await json('deposit user:8 100 --asset star', environment)
    const rate = await json('rate put star gem 1:10 --rounding half-even --tolerance-ppm 500000', environment)
    assert.partialDeepStrictEqual(rate, { version: 1, numerator: '1', denominator: '10', tolerancePpm: 500_000 })
    const sent = await json('transfer user:8 user:9=16 user:10=20:3 --asset star --to-asset gem', environment)
    assert.partialDeepStrictEqual(sent, { legs: [{ toAmount: '2', rate: { remainder: '-4' } }, { toAmount: '3' }] })
    await json('rate put star gem 1:9', environment)
    assert.equal(((await json('rate list star gem', environment))['items'] as unknown[]).length, 2)
    assert.partialDeepStrictEqual(await json('rate list', environment), { items: [{ version: 2 }] })
    const shown = await run(`entry ${String(sent['id'])}`, environment)
    assert.match(shown.stdout, /user:9 .* 1:10 half-even .* -4\/10/)
    assert.match((await run('rate list star', environment)).stderr, /to must be a code/)
    assert.equal((await json('verify', environment))['ok'], true)
  })

  test('a negative floor is taken in both spellings, and metadata and money follow it', async () => {
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    const floorOf = async (line: string): Promise<unknown> =>
      ((await json(line, environment))['balance'] as { floor: string } | null)?.floor
    assert.equal(await floorOf('open user:9 --floor -500'), '-500')
    assert.equal(await floorOf('open user:9 --floor=-600'), '-600')
    assert.equal(await floorOf(`open user:9 --metadata {"tier":1}`), undefined)
    assert.equal(await floorOf('open user:9 --asset credit'), '-600')
    const moved = await json('transfer user:9 user:10=100 user:11=500 --memo gifts', environment)
    assert.equal((moved['postings'] as unknown[]).length, 3)
    const { stdout } = await fails('charge user:9 1 --json', 1, environment)
    assert.partialDeepStrictEqual(JSON.parse(stdout), { code: 'insufficient_funds', available: '-600', floor: '-600' })
  })

  test('lists go on page by page', async () => {
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    await json('deposit user:8 10', environment)
    for (const id of ['h1', 'h2', 'h3']) await json(`freeze user:8 1 --request-id ${id}`, environment)
    const first = await json('holds --account user:8 --state open --limit 2', environment)
    const second = await json(
      `holds --account user:8 --state open --limit 2 --cursor ${String(first['next'])}`,
      environment,
    )
    const ids = [first, second].flatMap((page) => (page['items'] as { id: string }[]).map(({ id }) => id))
    assert.deepEqual(ids, ['h3', 'h2', 'h1'])
    const { stdout } = await run('postings user:8 --limit 3', environment)
    assert.match(stdout, /^at +kind +change +counterparty/)
    assert.match(stdout, /For the next page, add --cursor \S+\n$/)
  })

  test('amounts are in the decimal places of their asset, and JSON has minor units', async () => {
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    await json('declare gold --decimals 2', environment)
    await json('declare gem --decimals 3', environment)
    await json('deposit user:8 100.5 --asset gold', environment)
    const held = await json('freeze user:8 10.00 --asset gold --request-id h --on-expiry-settle 0.25', environment)
    assert.partialDeepStrictEqual(held, { amount: '1000', onExpiry: { settle: '25' } })
    assert.match((await run('amend h --amount 20', environment)).stdout, /^amount +20\.00$/m)
    assert.match((await run('settle h 7.25 --part', environment)).stdout, /^held +12\.75$/m)
    assert.partialDeepStrictEqual(await json('settle h 0', environment), { settled: '725' })
    assert.match((await run('refund h 0.05', environment)).stdout, /^refunded +0\.05$/m)
    assert.partialDeepStrictEqual(await json('open user:8 --floor -3.5 --asset gold', environment), {
      balance: { floor: '-350' },
    })
    await json('rate put gold gem 1:1', environment)
    const entry = await run('transfer user:8 user:9=0.10:0.010 --asset gold --to-asset gem', environment)
    assert.match(entry.stdout, /^user:8 +user:9 +0\.10 +gold +0\.010 +gem/m)
    const { stdout } = await run('postings user:8 --asset gold', environment)
    assert.match(stdout, /settle +-7\.25 +@revenue +80\.50 +12\.75 +-7\.25 +h /)
    const csv = await run('postings user:8 --asset gold --export csv', environment)
    assert.match(csv.stdout, /,settle,-7\.25,'@revenue,/)
    await using service = await ServiceProcess.start(environment.HOLDFAST_STORE)
    const served = await fetch(`${service.url}/v1/accounts/user:8/postings/export?format=csv&asset=gold`)
    assert.equal(withoutEnd(await served.text()), withoutEnd(csv.stdout))
    const finer = await fails('deposit user:8 1.505 --asset gold', 2, environment)
    assert.match(finer.stderr, /amount: 1\.505 has 3 decimal places, but the asset has 2/)
    assert.match((await fails('refund h 1.505', 2, environment)).stderr, /the asset has 2/)
    assert.match((await fails('deposit user:8 1 --asset silver', 1, environment)).stderr, /unknown_asset/)
    assert.match((await fails('settle nope 1', 1, environment)).stderr, /hold_not_found/)
  })

  test('people get small tables without colour where there is no terminal', async () => {
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    await json('declare gold --decimals 2 --name 金币', environment)
    await json('deposit user:8 1.5 --asset gold', environment)
    const { stdout } = await run('account user:8', environment)
    assert.equal(
      stdout,
      [
        'user:8',
        'asset  available  held  total  floor  version',
        'gold        1.50  0.00   1.50   0.00        1',
        '',
      ].join('\n'),
    )
    const colourful = await run('account user:8', { ...environment, FORCE_COLOR: '1' })
    assert.ok(colourful.stdout.includes('\u001b[1muser:8'))
    const plain = await run('account user:8', { ...environment, NO_COLOR: '1' })
    assert.equal(plain.stdout, stdout)
  })
})

describe('an error comes with an exit code and a remedy', () => {
  test('a rejection exits 1', async () => {
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    await json('deposit user:8 10', environment)
    const { stdout, stderr } = await fails('freeze user:8 11', 1, environment)
    assert.equal(stdout, '')
    assert.match(stderr, /insufficient_funds: "user:8" has 10 credit available; 11 are needed\.\nDeposit first/)
    assert.match((await fails('hold nope', 1, environment)).stderr, /hold_not_found/)
  })

  test('a wrong command line exits 2 and says what to type instead', async () => {
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    const expected: readonly (readonly [line: string, says: RegExp])[] = [
      ['freze user:8 1', /Did you mean freeze\?/],
      ['freeze user:8 1 --expire-in 10m', /Did you mean --expires-in\?/],
      ['freeze user:8', /missing required argument 'amount'/],
      ['freeze user:8 1.50', /amount: 1\.50 has 2 decimal places, but the asset has none\./],
      ['freeze user:8 1,000', /Write 1,000 without separators: 1000\./],
      ['freeze user:8 1e3', /without an exponent/],
      ['freeze user:8 +5', /without the plus sign: 5\./],
      ['freeze user:8 .5', /with a zero before the point: 0\.5\./],
      ['transfer user:8 user:9=1.000,50', /1000\.50/],
      ['freeze user:8 5 --expires-in 10', /90s, 10m, 2h, 1d/],
      ['deposit user:8 -5', /amount must be from 1 to 10000000000000000 credit, not -5/],
      ['deposit user:8 9223372036854775808', /9223372036854775808 is out of range/],
      ['deposit user:8 5 --metadata {a}', /JSON object, in quotes/],
      ['transfer user:8 user:9 20', /user:9=20/],
      ['holds --state opn', /open, settled, released, expired/],
      ['account user:8 --store foo:bar', /is not a store URL/],
      ['account user:8 --store memory: --url http://127.0.0.1', /not possible together/],
      ['account user:8 --url localhost:4680', /must be that of a service/],
      ['serve --port 99999', /--port must be a whole number from 0 to 65535, not "99999"/],
    ]
    const rans = await Promise.all(expected.map(([line]) => run(line, environment)))
    for (const [index, { exitCode, stdout, stderr }] of rans.entries()) {
      const [line, says] = expected[index]!
      assert.equal(exitCode, 2, line)
      assert.match(stderr, says, line)
      assert.equal(stdout, '', line)
    }
  })

  test('a setting of the environment is blamed by its name', async () => {
    const { stderr } = await fails('serve', 2, { HOLDFAST_LOG_LEVEL: 'loud' })
    assert.match(stderr, /HOLDFAST_LOG_LEVEL must be one of trace, .*, not "loud"/)
  })

  test('a service that is not there exits 3', async () => {
    const gone = await ServiceProcess.start('memory:')
    await gone.stop()
    const { stderr } = await fails(`open user:8 --asset credit --request-id d-1 --url ${gone.url}`, 3)
    assert.match(stderr, /service_unreachable.*ECONNREFUSED/)
    assert.match(stderr, /holdfast serve/)
    assert.match(stderr, /request id is d-1/)
    // Without the assets there is no amount, so nothing was sent.
    assert.doesNotMatch((await fails(`deposit user:8 1 --url ${gone.url}`, 3)).stderr, /request id/)
  })

  test('help, version and no command at all', async () => {
    const [help, version, nothing, one] = await Promise.all([
      run('--help'),
      run('--version'),
      runHoldfast([]),
      run('help settle'),
    ])
    assert.equal(help.exitCode, 0)
    assert.match(help.stdout, /Exit codes:\n {2}0 {2}success\n {2}1 .*\n {2}2 .*\n {2}3 /)
    assert.deepEqual([version.exitCode, version.stdout], [0, '0.1.0\n'])
    assert.deepEqual([nothing.exitCode, nothing.stdout], [2, ''])
    assert.match(nothing.stderr, /^Usage: holdfast/)
    assert.match(one.stdout, /--overage <what>/)
  })
})

describe('verify', () => {
  test('a broken law exits 1 and shows the rows', async () => {
    const file = newFile()
    const environment = { HOLDFAST_STORE: `sqlite:${file}` }
    await json('deposit user:8 10000', environment)
    assert.match((await run('verify', environment)).stdout, /All laws hold/)
    const database = new DatabaseSync(file)
    database.exec("UPDATE balances SET available = available + 1 WHERE account = 'user:8'")
    database.close()
    const { stdout } = await fails('verify', 1, environment)
    assert.match(stdout, /^1b +The balances of every asset sum to zero\. +BROKEN$/m)
    assert.match(stdout, /^2b .* ok$/m)
    assert.match(stdout, /^account +user:8$/m)
    const broken = JSON.parse((await fails('verify --json', 1, environment)).stdout) as {
      ok: boolean
      checks: { id: string; ok: boolean; violations: unknown[] }[]
    }
    assert.equal(broken.ok, false)
    assert.deepEqual(
      broken.checks.filter(({ ok }) => !ok).map(({ id }) => id),
      ['1b', '3b'],
    )
  })

  test('warnings of the database are printed, and leave the exit code as it is', async () => {
    const { stdout } = await fails('verify --store memory:', 0)
    assert.match(
      stdout,
      /^All laws hold in memory:\.\nwarning: The memory store keeps nothing when the process ends\.\n$/m,
    )
    const found = await json('verify', { HOLDFAST_STORE: 'memory:' })
    assert.deepEqual(
      [found['ok'], found['warnings']],
      [true, ['The memory store keeps nothing when the process ends.']],
    )
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    await json('deposit user:8 10', environment)
    assert.deepEqual((await json('verify', environment))['warnings'], [])
  })

  test('the result is a file for Prometheus too, also when a law is broken', async () => {
    const results = await mkdtemp(join(folder, 'results-'))
    const file = newFile()
    const environment = { HOLDFAST_STORE: `sqlite:${file}` }
    await json('deposit user:8 10000', environment)
    const result = join(results, 'ledger.prom')
    const startedAt = Date.now() / 1_000
    assert.equal((await json(`verify --metrics ${result}`, environment))['ok'], true)
    const text = readFileSync(result, 'utf8')
    const value = (sample: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${sample} `))
          ?.slice(sample.length),
      )
    const store = `store="sqlite:${file}"`
    assert.equal(value(`holdfast_verify_ok{${store}}`), 1)
    assert.equal(value(`holdfast_verify_broken{${store},check="3b"}`), 0)
    const endedAt = value(`holdfast_verify_end_timestamp_seconds{${store}}`)
    assert.ok(endedAt >= startedAt && endedAt <= Date.now() / 1_000, text)
    assert.ok(value(`holdfast_verify_duration_seconds{${store}}`) > 0, text)

    using database = new DatabaseSync(file)
    database.exec("UPDATE balances SET available = available + 1 WHERE account = 'user:8'")
    await fails(`verify --metrics ${result}`, 1, environment)
    const broken = readFileSync(result, 'utf8')
    assert.match(broken, /^holdfast_verify_ok\{.*\} 0$/m)
    assert.match(broken, /^holdfast_verify_broken\{.*,check="3b"\} 1$/m)
    assert.match(broken, /^holdfast_verify_broken\{.*,check="1a"\} 0$/m)
    assert.deepEqual(await readdir(results), ['ledger.prom'])
  })

  test('a file for Prometheus that cannot be written, or that nobody would read, is refused before the books are read', async () => {
    const nowhere = await fails('verify --store memory: --metrics /nowhere/ledger.prom', 3)
    assert.match(nowhere.stderr, /No file can be made in \/nowhere/)
    assert.equal(nowhere.stdout, '')
    const other = await fails('verify --store memory: --metrics ledger.txt', 2)
    assert.match(other.stderr, /ends with \.prom/)
  })

  test('a database that nobody has made yet does not pass', async () => {
    const { stderr } = await fails(`verify --store sqlite:${newFile()}`, 3)
    assert.match(stderr, /holdfast migrate/)
  })

  test('a command that makes a file says where, once, and a command that only reads makes none', async () => {
    const file = newFile()
    const environment = { HOLDFAST_STORE: `sqlite:${file}` }
    const { stdout, stderr } = await fails('account user:8', 3, environment)
    assert.equal(stdout, '')
    assert.ok(stderr.includes(`There is no ledger yet at ${file}.`), stderr)
    assert.ok(!existsSync(file))
    const made = `A new ledger was made in ${file}\n`
    assert.equal((await fails('deposit user:8 10', 0, environment)).stderr, made)
    assert.equal((await fails('deposit user:8 10', 0, environment)).stderr, '')
    const other = newFile()
    assert.ok((await fails(`migrate --store sqlite:${other}`, 0)).stderr.includes(other))
    const served = newFile()
    for (const isNew of [true, false]) {
      await using service = await ServiceProcess.start(`sqlite:${served}`)
      assert.equal(service.log.includes(JSON.stringify({ file: served }).slice(1, -1)), isNew, service.log)
    }
  })

  test('migrate makes it, and a second time finds nothing to do', async () => {
    const environment = { HOLDFAST_STORE: `sqlite:${newFile()}` }
    assert.deepEqual((await json('migrate', environment))['applied'], [
      '0001_added_rows',
      '0002_api_keys',
      '0003_authors',
    ])
    assert.match((await run('migrate', environment)).stdout, /^Nothing to do\./)
    assert.equal((await json('verify', environment))['ok'], true)
  })
})

describe('serve', () => {
  test('the first requests that it prints work as they are printed', async () => {
    await using service = await ServiceProcess.start('memory:')
    const requests = service.output.matchAll(/^ {2}curl (\S+)(?: -H 'content-type: application\/json' -d '(.*)')?$/gm)
    const answers: unknown[] = []
    for (const [, url, body] of requests) {
      const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      const response = await fetch(url!, init)
      assert.ok(response.ok, await response.clone().text())
      answers.push(await response.json())
    }
    assert.equal(answers.length, 4)
    assert.partialDeepStrictEqual(answers[3], { account: 'user:8', balances: [{ available: '9500', held: '0' }] })
  })

  test('--json prints where it listens, and a port that is taken exits 3', async () => {
    await using service = await ServiceProcess.start('memory:', ['--json'])
    assert.partialDeepStrictEqual(JSON.parse(service.output), { url: service.url, store: 'memory:' })
    assert.equal((await fetch(`${service.url}/readyz`)).status, 200)
    const { port } = new URL(service.url)
    const { stderr } = await fails(`serve --store memory: --port ${port}`, 3)
    assert.match(stderr, new RegExp(`Port ${port} is already in use`))
  })

  test('goes on when nobody reads its output, and exits 0 after SIGTERM', async () => {
    const port = await freePort()
    const child = spawnHoldfast(['serve', '--store', 'memory:', '--port', String(port)])
    // As `holdfast serve | true` does: the pipe is closed before anything is written.
    child.stdout.destroy()
    const answers = async (): Promise<boolean> => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
      return response?.status === 200
    }
    await until(answers, 'a service that is ready', 20_000)
    const ended = once(child, 'close')
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  })

  test('a signal to stop answers what is under way, and the process exits 0', async () => {
    const stop = async (signal: 'SIGTERM' | 'SIGINT'): Promise<void> => {
      await using service = await ServiceProcess.start(`sqlite:${newFile()}`)
      const requests = Array.from({ length: 5 }, () => beginDeposit(service.url))
      await Promise.all(requests.map(({ begun }) => begun))
      const stopped = service.stop(signal)
      await sleep(100)
      for (const { finish } of requests) finish()
      for (const { status } of requests) assert.equal(await status, 201)
      assert.equal(await stopped, 0, service.log)
    }
    await Promise.all([stop('SIGTERM'), stop('SIGINT')])
  })

  test('a request that never ends does not keep the process longer than --shutdown-ms', async () => {
    await using service = await ServiceProcess.start('memory:', ['--shutdown-ms', '1000'])
    const request = beginDeposit(service.url)
    await request.begun
    const cut = assert.rejects(request.status, { code: 'ECONNRESET' })
    const begunAt = performance.now()
    assert.equal(await service.stop(), 0, service.log)
    assert.ok(performance.now() - begunAt < ENDLESS_MS)
    await cut
  })
})

/** A request under way: its head has arrived, and `finish` sends its body. */
function beginDeposit(url: string) {
  const headers = { 'content-type': 'application/json', expect: '100-continue' }
  const request = httpRequest(`${url}/v1/deposits`, { method: 'POST', headers })
  request.flushHeaders()
  const status = once(request, 'response').then(([response]: IncomingMessage[]) => {
    response!.resume()
    return response!.statusCode
  })
  return { begun: once(request, 'continue'), finish: () => request.end('{"account":"user:8","amount":1}'), status }
}
