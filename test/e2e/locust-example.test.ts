/** The write-up's acceptance of `examples/locust`: the file is put to the server beside it, and to one that fails. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { runChild, startChild } from '../../harness/children.ts'
import { openLedger } from '../../src/ledger.ts'
import { assertLaws } from '../support/audited-ledger.ts'

const FOLDER = resolve(import.meta.dirname, '../../examples/locust')
const LOCUSTFILE = join(FOLDER, 'locustfile.py')
const FUNDS = 1_000_000_000_000n
const CALLERS = 100
const withoutPython = spawnSync('python3', ['--version']).status !== 0 && 'there is no python3'
const withoutLocust =
  spawnSync('locust', ['--version']).status !== 0 && 'locust is not installed (apt-get install python3-locust)'

/** Runs `use` on the server of the example, and returns its ledger's coins of user 8 afterwards. */
async function onServer(use: (url: string) => Promise<void>): Promise<bigint> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-locust-'))
  const store = `sqlite:${join(folder.path, 'generate.db')}`
  const { PATH = '' } = process.env
  const child = startChild(process.execPath, [join(FOLDER, 'server.ts')], {
    env: { PATH, PORT: '0', STORE: store },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
  try {
    await use(url)
  } finally {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  await using ledger = await openLedger(store)
  await assertLaws(ledger)
  const { available, held } = await ledger.balance('user:8')
  assert.equal(held, 0n)
  return available
}

/** No test asserts how fast something is, so the bound of the average is another one here. */
async function runLocust(url: string, averageMsMax: string): Promise<{ exitCode: number | null; output: string }> {
  const words = ['--headless', '--only-summary', '-f', LOCUSTFILE, '--host', url, '-u', '20', '-r', '20', '-t', '3s']
  const env = { ...process.env, AVERAGE_MS_MAX: averageMsMax, TWICE_SHARE: '0.5' }
  const { exitCode, stdout, stderr } = await runChild('locust', words, { env })
  return { exitCode, output: stdout + stderr }
}

test('100 requests at once of a single user, each sent twice, are answered, and paid once', async () => {
  const ids = Array.from({ length: CALLERS }, () => randomUUID())
  const available = await onServer(async (url) => {
    const answers = await Promise.all(
      [...ids, ...ids].map(async (id) => {
        const body = JSON.stringify({ user_id: 8, request_id: id, prompt: '测试' })
        const headers = { 'content-type': 'application/json' }
        const response = await fetch(`${url}/api/chat/generate`, { method: 'POST', headers, body })
        assert.equal(response.status, 200)
        return (await response.json()) as { readonly cost: number; readonly repeated: boolean }
      }),
    )
    assert.ok(answers.every(({ cost }) => cost === 500))
    assert.equal(answers.filter(({ repeated }) => repeated).length, CALLERS)
  })
  assert.equal(available, FUNDS - 500n * BigInt(CALLERS))
})

test('the locust file is Python', { skip: withoutPython }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-locust-'))
  const program = 'import py_compile, sys; py_compile.compile(sys.argv[1], cfile=sys.argv[2], doraise=True)'
  const ran = await runChild('python3', ['-c', program, LOCUSTFILE, join(folder.path, 'locustfile.pyc')])
  assert.equal(ran.exitCode, 0, ran.stderr)
})

test('locust finds every criterion met by the example, and one cost for each id', { skip: withoutLocust }, async () => {
  let ids = 0
  const available = await onServer(async (url) => {
    const { exitCode, output } = await runLocust(url, '60000')
    assert.equal(exitCode, 0, output)
    assert.match(output, /ok {3}one cost for one id: 0 of [1-9]/)
    ids = Number(/something was asked: (\d+) ids/.exec(output)![1])
    const slow = await runLocust(url, '0')
    assert.equal(slow.exitCode, 1, slow.output)
    assert.match(slow.output, /FAIL average below 0 ms/)
    ids += Number(/something was asked: (\d+) ids/.exec(slow.output)![1])
  })
  // What was under way when locust ended may not have been sent.
  const paid = (FUNDS - available) / 500n
  assert.ok(paid > 0n && paid <= BigInt(ids), `${paid} of ${ids}`)
})

test('locust finds lock timeouts, and costs that differ for one id', { skip: withoutLocust }, async () => {
  let count = 0
  const server = createServer((request, response) => {
    request.resume()
    count++
    if (count % 10 === 0) response.writeHead(500).end('1205: Lock wait timeout exceeded')
    else response.writeHead(200).end(JSON.stringify({ cost: count }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { exitCode, output } = await runLocust(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '60000')
  server.close()
  server.closeAllConnections()
  assert.equal(exitCode, 1, output)
  assert.match(output, /FAIL every request is answered with 200: [1-9]/)
  assert.match(output, /FAIL no lock timeout and no deadlock in the answers: [1-9]/)
  assert.match(output, /FAIL one cost for one id: [1-9]/)
  assert.match(output, /ok {3}average below/)
})
