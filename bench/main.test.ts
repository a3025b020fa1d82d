import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtempDisposable, readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { startChild } from '../harness/children.ts'
import type { Result } from './output/result.ts'
import { labStores } from './stores.ts'

const MAIN = join(import.meta.dirname, 'main.ts')

interface Ran {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** @param until interrupts the lab when it resolves */
async function bench(words: string, until: Promise<void> | null = null): Promise<Ran> {
  const child = startChild(process.execPath, [MAIN, ...words.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  void until?.then(() => child.kill('SIGINT'))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, stdout, stderr }
}

const POLL_MS = 20
const SHORT = '--seconds 0.4 --warmup 0.1 --in-flight 10'

/** Every promised field, with its type. */
const FIELDS: Readonly<Record<string, string>> = {
  scenario: 'string',
  strategy: 'string',
  store: 'string',
  server: 'object',
  users: 'number',
  inFlight: 'number',
  processes: 'number',
  seconds: 'number',
  commands: 'number',
  commandsPerSecond: 'number',
  meanMs: 'number',
  p50Ms: 'number',
  p95Ms: 'number',
  p99Ms: 'number',
  maxMs: 'number',
  errors: 'object',
  retriesPerCommand: 'number',
  lockTimeouts: 'number',
  deadlocks: 'number',
  casSuccessRate: 'number',
  batchMean: 'number',
  ratioToUpdateFirst: 'number',
  ratioToRaw: 'number',
  consistent: 'boolean',
  seed: 'number',
}

for (const { name, url } of labStores()) {
  test(`one JSON object per strategy has every field, with exact books, on ${name}`, async () => {
    const words = `life --store ${url} --strategies update-first,raw,cas,holdfast --seed 42 --json ${SHORT}`
    const { exitCode, stdout, stderr } = await bench(words)
    assert.equal(exitCode, 0, stderr)
    assert.equal(stderr, '')
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Result)
    assert.deepEqual(
      results.map(({ strategy }) => strategy),
      ['update-first', 'raw', 'cas', 'holdfast'],
    )
    for (const result of results) {
      for (const [field, type] of Object.entries(FIELDS)) {
        const value = (result as unknown as Record<string, unknown>)[field]
        assert.ok(typeof value === type || value === null, `${field} of ${result.strategy} is ${String(value)}`)
      }
      assert.ok(result.consistent && result.commands > 0)
      assert.deepEqual([result.server.flavour, result.seed, result.inFlight], [name, 42, 10])
    }
    assert.equal(results[0]!.ratioToUpdateFirst, 1)
    assert.equal(results[1]!.ratioToRaw, 1)
    assert.ok(results[2]!.casSuccessRate! > 0)
  })
}

test('without --json people get a headline, a table, and whether the books are exact', async () => {
  const { exitCode, stdout } = await bench(`life --strategies update-first,holdfast ${SHORT}`)
  assert.equal(exitCode, 0)
  assert.match(stdout, /^life on SQLite [\d.]+ \(sqlite:\): 1 user, 10 in flight, .* seed \d+\n/)
  assert.match(stdout, /^update-first .* exact$/m)
  assert.match(stdout, /^holdfast .*█.* exact$/m)
})

test('several processes and an open loop keep the books exact as well', async () => {
  const words = `processes --processes 2 --strategies user-queue,raw,holdfast --rate 200 --json ${SHORT}`
  const { exitCode, stdout, stderr } = await bench(words)
  assert.equal(exitCode, 0, stderr)
  const results = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Result)
  for (const { processes, rate, consistent, commands } of results) {
    assert.deepEqual([processes, rate, consistent], [2, 200, true])
    // 200 a second for 0.4 s are 80. On a busy machine up to 20 answers may fall outside of the window, or come into it from before.
    assert.ok(commands > 0 && commands <= 100, String(commands))
  }
})

test('as many users as the help’s examples name can be played', async () => {
  const { exitCode, stdout, stderr } = await bench(
    `spread --distribution zipf --users 10000 --strategies update-first,raw,holdfast --json ${SHORT}`,
  )
  assert.equal(exitCode, 0, stderr)
  for (const line of stdout.trim().split('\n')) {
    const { users, consistent } = JSON.parse(line) as Result
    assert.deepEqual([users, consistent], [10_000, true])
  }
})

describe('arguments that make no sense get one clear line', () => {
  const refused: Readonly<Record<string, RegExp>> = {
    marathon: /Scenarios are freeze, life, spread, transfer, processes, soak\./,
    'life --strategies update-first,magic': /Strategies are insert-first, /,
    'life --in-flight many': /--in-flight.* It must be a whole number from 1 to 10000\./,
    'life --seconds 0': /--seconds.* It must be a number from 0.1 to 3600\./,
    'life --distribution normal': /--distribution.*Allowed choices are uniform, zipf\./,
    'life --speed 3': /unknown option '--speed'/,
    'life freeze': /too many arguments/,
    'life --strategies transfer-sorted': /transfer-sorted does not support life; these do: insert-first, /,
    'transfer --users 5': /One pays ten others: --users must be at least 11\./,
    'processes --in-flight 3': /4 processes need at least as many calls in flight; --in-flight is 3\./,
    'life --store oracle://somewhere': /"oracle:\/\/somewhere" is not a store of the lab; use sqlite:, mysql:/,
    'life --store mysql://127.0.0.1': /names no user/,
  }
  for (const [words, message] of Object.entries(refused)) {
    test(words, async () => {
      const { exitCode, stdout, stderr } = await bench(words)
      assert.match(stderr, message)
      assert.equal(stderr.trim().split('\n').length, 1, stderr)
      assert.deepEqual([exitCode, stdout], [2, ''])
    })
  }

  test('nothing at all shows what there is', async () => {
    const { exitCode, stdout } = await bench('--help')
    assert.equal(exitCode, 0)
    assert.match(stdout, /Scenarios:\n {2}freeze +one user freezes/)
    assert.match(stdout, /Strategies:\n {2}insert-first +the code of the incident/)
  })
})

describe('a store that cannot be used gets one clear line', () => {
  async function unusedPort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    return port
  }

  test('a server that does not answer', async () => {
    const port = await unusedPort()
    for (const scheme of ['mysql', 'postgres']) {
      const { exitCode, stdout, stderr } = await bench(`life --store ${scheme}://root:secret@127.0.0.1:${port}/x`)
      assert.equal(
        stderr,
        `error: ${scheme}://root:***@127.0.0.1:${port}/x refused the connection: connect ECONNREFUSED 127.0.0.1:${port}.\n`,
      )
      assert.deepEqual([exitCode, stdout], [3, ''])
    }
  })

  test('a folder that is not there', async () => {
    const { exitCode, stderr } = await bench('life --store sqlite:nowhere')
    assert.equal(
      stderr,
      "error: Folder nowhere does not exist. Use sqlite:FOLDER, or sqlite: for the system's temporary folder.\n",
    )
    assert.equal(exitCode, 3)
  })
})

/** Processes whose command line contains the folder; none where the system does not list them. */
function processesOf(folder: string): readonly string[] {
  const pids = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)) : []
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
    } catch {
      return false
    }
  })
}

/** Resolves once the lab has created its database there and a process of it has opened the database. */
async function playing(folder: string): Promise<void> {
  const processesMin = existsSync('/proc') ? 2 : 0
  while ((await readdir(folder)).length === 0 || processesOf(folder).length < processesMin) await sleep(POLL_MS)
}

test('what the lab made is removed, and what it started has ended, also when it is interrupted', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-lab-'))
  const words = `life --store sqlite:${folder.path} --strategies holdfast-http --seconds 60`
  const { exitCode, stderr } = await bench(words, playing(folder.path))
  assert.equal(stderr, 'error: Interrupted; the scratch databases are removed.\n')
  assert.equal(exitCode, 3)
  assert.deepEqual(await readdir(folder.path), [])
  assert.deepEqual(processesOf(folder.path), [])
})
