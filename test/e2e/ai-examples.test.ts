/** The chat and the gateway of `examples`, as processes, with the books looked at after each way to use them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, describe, test } from 'node:test'
import { startChild } from '../../harness/children.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { connect } from '../../src/client/index.ts'
import { OpenAiServer, PIECE } from '../support/openai-server.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../examples')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-examples-'))
after(() => rmSync(folder, { recursive: true }))

/** A program of `examples` that has said where it listens, and what it says afterwards. */
class Program implements AsyncDisposable {
  readonly #child: ReturnType<typeof startChild>
  readonly url: string
  readonly said: string[] = []

  private constructor(child: ReturnType<typeof startChild>, url: string) {
    this.#child = child
    this.url = url
  }

  static async start(path: string, environment: Readonly<Record<string, string>>): Promise<Program> {
    const { PATH = '' } = process.env
    const env = { PATH, PORT: '0', ...environment }
    const child = startChild(process.execPath, [join(EXAMPLES, path)], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface(child.stdout)
    const [url] = (await once(lines, 'line')) as [string]
    const program = new Program(child, url)
    lines.on('line', (line) => program.said.push(line))
    return program
  }

  /** Waits until the program has told of so many calls. The test's limit ends it. */
  async bills(count: number): Promise<readonly string[]> {
    while (this.said.length < count) await sleep(10)
    return this.said
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
  }
}

describe('the chat', () => {
  test('a question is answered in pieces, costs what it used, and is answered and paid once', async () => {
    await using chat = await Program.start('chat/server.ts', {})
    const page = await fetch(`${chat.url}/`)
    assert.match(await page.text(), /<script type="module" src="\/page.js">/)
    assert.equal(page.headers.get('content-security-policy'), "default-src 'self'")
    const first = await fetch(`${chat.url}/balance`)
    const cookie = first.headers.get('set-cookie')!.split(';')[0]!
    assert.deepEqual(await first.json(), { available: '500', held: '0' })
    const headers = { cookie, 'content-type': 'application/json' }
    const body = JSON.stringify({ id: 'q1', messages: [{ role: 'user', content: 'hello' }] })
    const ask = async () => await (await fetch(`${chat.url}/chat`, { method: 'POST', headers, body })).text()
    const lines = linesIn(await ask())
    assert.ok(lines.length > 3)
    assert.match(lines.map(({ text }) => text ?? '').join(''), /^You said: hello/)
    // 3 tokens in and 12 out: (3 × 200 + 12 × 800) / 10^6 × 1.2 × 1000.
    assert.deepEqual(lines.at(-1), { cost: '13', available: '487' })
    const [again] = linesIn(await ask())
    assert.match(again!.error!, /The request was made before/)
    const topped = await fetch(`${chat.url}/top-up`, { method: 'POST', headers })
    assert.deepEqual(await topped.json(), { available: '1487' })
    assert.match((await chat.bills(1))[0]!, /:q1: done, 13 credits$/)
  })

  test('a question is stopped by closing its connection, and costs what was delivered', async () => {
    await using chat = await Program.start('chat/server.ts', {})
    const cookie = (await fetch(`${chat.url}/balance`)).headers.get('set-cookie')!.split(';')[0]!
    const headers = { cookie, 'content-type': 'application/json' }
    const body = JSON.stringify({ id: 'q1', messages: [{ role: 'user', content: 'word '.repeat(100) }] })
    const stopping = new AbortController()
    const response = await fetch(`${chat.url}/chat`, { method: 'POST', headers, body, signal: stopping.signal })
    const reader = response.body!.getReader()
    for (let piece = 0; piece < 5; piece++) await reader.read()
    stopping.abort()
    const [bill] = await chat.bills(1)
    const [, cost] = /:q1: aborted, ([0-9]+) credits$/.exec(bill!) ?? []
    assert.ok(cost !== undefined, bill)
    assert.deepEqual(await (await fetch(`${chat.url}/balance`, { headers })).json(), {
      available: `${500 - Number(cost)}`,
      held: '0',
    })
    assert.ok(Number(cost) < 90, bill)
  })

  test('who has no credits left is told what is missing', async () => {
    await using chat = await Program.start('chat/server.ts', {})
    const cookie = (await fetch(`${chat.url}/balance`)).headers.get('set-cookie')!.split(';')[0]!
    const body = JSON.stringify({ id: 'q1', messages: [{ role: 'user', content: 'word '.repeat(2_000) }] })
    const headers = { cookie, 'content-type': 'application/json' }
    const lines = linesIn(await (await fetch(`${chat.url}/chat`, { method: 'POST', headers, body })).text())
    assert.equal(lines.length, 1)
    assert.match(lines[0]!.error!, /Your credits are used up: [0-9]+ are missing/)
  })
})

function linesIn(text: string) {
  type Line = { readonly text?: string; readonly cost?: string; readonly available?: string; readonly error?: string }
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

describe('the gateway', () => {
  const PRICES = {
    version: '1',
    validFrom: '2020-01-01T00:00:00Z',
    coinsPerUnit: '1000',
    favour: 'house',
    models: [{ provider: 'openai', model: 'chat', input: '1000', output: '2000', outputTokensMax: 500 }],
  }
  const ACCOUNT = 'customer:0123456789ab'
  const STRANGER = 'customer:ba9876543210'

  async function keyOf(store: string, name: string, ...flags: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runHoldfast(['keys', 'create', name, '--store', store, ...flags])
    assert.equal(exitCode, 0, stderr)
    return stdout.trim()
  }

  test('virtual keys pay for calls, streamed or not; wrong, confined and revoked ones do not pass', async () => {
    await using upstream = await OpenAiServer.start()
    const store = `sqlite:${join(folder, 'gateway.db')}`
    const admin = await keyOf(store, 'admin', '--admin')
    const own = await keyOf(store, 'gateway', '--scopes', 'holds:write,accounts:read')
    const virtual = await keyOf(store, 'customer', '--scopes', 'accounts:read', '--accounts', ACCOUNT)
    const prices = join(folder, 'prices.json')
    writeFileSync(prices, JSON.stringify(PRICES))
    const service = await ServiceProcess.start(store)
    try {
      await using ledger = connect(service.url, { key: admin })
      await ledger.deposit({ account: ACCOUNT, amount: 10_000n })
      await ledger.deposit({ account: STRANGER, amount: 10_000n })
      const environment = { HOLDFAST_URL: service.url, HOLDFAST_KEY: own, UPSTREAM_URL: upstream.url, PRICES: prices }
      await using gateway = await Program.start('gateway/server.ts', { ...environment, UPSTREAM_KEY: 'secret' })
      const call = async (path: string, token: string, body?: object, more: Readonly<Record<string, string>> = {}) => {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more }
        const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
        return await fetch(`${gateway.url}${path}`, init)
      }
      const token = `${ACCOUNT}/${virtual}`
      const chat = { model: 'chat', messages: [{ role: 'user', content: 'hello' }] }
      const usage = { prompt_tokens: 20, completion_tokens: 9 }

      upstream.willAnswer({ pieces: 2, usage }, { pieces: 3, usage })
      const whole = await call('/chat/completions', token, chat)
      assert.partialDeepStrictEqual(await whole.json(), { choices: [{ message: { content: PIECE.repeat(2) } }], usage })
      const streamed = await call('/chat/completions', token, { ...chat, stream: true }, { 'idempotency-key': 'one' })
      assert.match(await streamed.text(), /data: \[DONE\]\n\n$/)
      assert.equal((await ledger.balance(ACCOUNT)).available, 10_000n - 2n * 38n)
      const again = await call('/chat/completions', token, { ...chat, stream: true }, { 'idempotency-key': 'one' })
      assert.equal(again.status, 409)
      assert.partialDeepStrictEqual(await again.json(), { error: { code: 'request_replayed' } })
      assert.deepEqual(await (await call('/balance', token)).json(), { available: '9924', held: '0' })
      assert.partialDeepStrictEqual(await (await call('/models', token)).json(), {
        data: [{ id: 'chat', owned_by: 'openai' }],
      })

      const wrong = [
        `${STRANGER}/${virtual}`,
        `${ACCOUNT}/hf_wrong`,
        virtual,
        `customer:0123456789abc/${virtual}`,
        'secret',
      ]
      for (const each of wrong) assert.equal((await call('/chat/completions', each, chat)).status, 401, each)
      assert.equal((await call('/chat/completions', token, { ...chat, model: 'other' })).status, 404)
      assert.equal((await call('/nothing', token)).status, 404)
      assert.equal(upstream.requests.length, 2)

      // A reader that goes away.
      upstream.willAnswer({ pieces: 1_000, pauseMs: 5 })
      const leaving = await call('/chat/completions', token, { ...chat, stream: true })
      const reader = leaving.body!.getReader()
      for (let event = 0; event < 5; event++) await reader.read()
      await reader.cancel()
      const bills = await gateway.bills(3)
      assert.match(bills[2]!, /aborted, [1-9][0-9]* credits$/)
      while (upstream.abandonedCount === 0) await sleep(10)
      assert.equal((await ledger.balance(ACCOUNT)).held, 0n)

      const left = (await ledger.balance(ACCOUNT)).available
      await ledger.charge({ account: ACCOUNT, amount: left - 50n })
      const poor = await call('/chat/completions', token, chat)
      assert.equal(poor.status, 402)
      assert.partialDeepStrictEqual(await poor.json(), {
        error: { type: 'credits', code: 'insufficient_funds', available: '50' },
      })
      assert.equal((await ledger.balance(STRANGER)).available, 10_000n)

      await ledger.keys.revoke('customer')
      // The gateway remembers a key for five seconds, the service for as long.
      while ((await call('/balance', token)).status !== 401) await sleep(200)
    } finally {
      await service.kill()
    }
  })
})
