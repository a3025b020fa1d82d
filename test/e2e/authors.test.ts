/** Who did it: the key, the address and the trace of a call, over a real socket and on the command line. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import Fastify, { type FastifyRequest } from 'fastify'
import { connect } from '../../src/client/index.ts'
import type { KeyOfCall } from '../../src/http/author.ts'
import { ledgerRoutes } from '../../src/http/ledger-routes.ts'
import { openLedger } from '../../src/index.ts'
import { runHoldfast } from '../../harness/service-process.ts'
import { NO_LIMITS, TRACE } from '../support/authors.ts'

const folder = await mkdtemp(join(tmpdir(), 'holdfast-authors-'))
after(() => rm(folder, { recursive: true }))

const KEYS: Readonly<Record<string, KeyOfCall>> = {
  billing: { number: 1, name: 'billing', within: null },
  team: { number: 2, name: 'team 1', within: { accounts: ['team:'], assets: ['credit'], amountMax: 50n } },
  wide: { number: 3, name: 'w'.repeat(300), within: NO_LIMITS },
}

interface Served {
  readonly store: string
  readonly url: string
}

/** The routes in an application whose callers name their keys in a header. */
async function withKeys(use: (served: Served) => Promise<void>): Promise<void> {
  const store = `sqlite:${join(folder, `${Math.random()}.db`)}`
  await using ledger = await openLedger(store)
  const app = Fastify({ trustProxy: true })
  const keyOf = ({ headers }: FastifyRequest): KeyOfCall | null => KEYS[String(headers['x-key'])] ?? null
  await app.register(ledgerRoutes, { ledger, keyOf })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  try {
    await use({ store, url })
  } finally {
    await app.close()
  }
}

const BILLING = {
  'x-key': 'billing',
  'x-forwarded-for': '192.0.2.10',
  traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
}
const BY_BILLING = { key: 'billing', address: '192.0.2.10', trace: TRACE }

async function json(url: string, path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(url + path)).json()) as Record<string, unknown>
}

test('answers, entries, statements, histories, the feed and exports show the key, the address and the trace', () =>
  withKeys(async ({ url }) => {
    await using billing = connect(url, { headers: BILLING })
    const deposited = await billing.deposit({ requestId: 'd', account: 'user:8', amount: 100n })
    assert.deepEqual(deposited.by, BY_BILLING)
    await billing.freeze({ requestId: 'h', account: 'user:8', amount: 60n })
    await using anonymous = connect(url)
    await anonymous.settle('h', { amount: 50n })
    assert.deepEqual((await anonymous.deposit({ requestId: 'd', account: 'user:8', amount: 100n })).by, BY_BILLING)
    assert.deepEqual((await anonymous.entry('d')).by, BY_BILLING)
    assert.equal((await anonymous.entry('h~settle')).by, null)
    const byOf = ({ by }: { by: unknown }): unknown => by
    assert.deepEqual((await anonymous.postings('user:8')).items.map(byOf), [null, BY_BILLING, BY_BILLING])
    assert.deepEqual((await anonymous.holdHistory('h')).items.map(byOf), [BY_BILLING, null])
    assert.deepEqual((await anonymous.entries()).items.map(byOf), [BY_BILLING, BY_BILLING, null])
    const lines = await (await fetch(`${url}/v1/accounts/user:8/postings/export?format=ndjson`)).text()
    assert.deepEqual((JSON.parse(lines.trimEnd().split('\n').at(-2)!) as { by: unknown }).by, BY_BILLING)
    const csv = await (await fetch(`${url}/v1/accounts/user:8/postings/export?format=csv`)).text()
    // A spreadsheet has the name only.
    assert.ok(!csv.includes('192.0.2.10'))
    assert.deepEqual(
      csv
        .split('\r\n')
        .slice(1, 4)
        .map((row) => row.split(',').at(-1)),
      ['', BY_BILLING.key, BY_BILLING.key],
    )
  }))

test('the members of a batch have the author of its call, and are confined each by itself', () =>
  withKeys(async ({ url }) => {
    await using team = connect(url, { headers: { 'x-key': 'team' } })
    const commands = [
      { kind: 'deposit', requestId: 'a', account: 'team:1', amount: 50n },
      { kind: 'deposit', requestId: 'b', account: 'user:8', amount: 50n },
      { kind: 'deposit', requestId: 'c', account: 'team:1', amount: 51n },
    ] as const
    const outcomes = await team.batch(commands)
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.error.code : outcome.status))
    assert.deepEqual(codes, ['applied', 'forbidden', 'forbidden'])
    await assert.rejects(
      team.batch([{ ...commands[0], requestId: 'x' }, commands[1]], { atomic: true }).then(rejected),
      {
        code: 'batch_aborted',
      },
    )
    const entry = await json(url, '/v1/entries/a')
    assert.deepEqual(entry['by'], { key: 'team 1', address: '127.0.0.1', trace: null })
  }))

function rejected(outcomes: readonly { readonly status: string; readonly error?: unknown }[]): void {
  for (const { status, error } of outcomes) if (status === 'rejected') throw error
}

test('what a key may not do is 403 with the limit, and a hold that it is not for is not found', () =>
  withKeys(async ({ url }) => {
    await using billing = connect(url, { headers: BILLING })
    await billing.freeze({ requestId: 'h', account: 'user:8', amount: 1n }).catch(() => undefined)
    await billing.deposit({ account: 'user:8', amount: 100n })
    await billing.freeze({ requestId: 'hold', account: 'user:8', amount: 10n })
    const headers = { 'content-type': 'application/json', 'x-key': 'team' }
    const post = async (path: string, body: unknown) => {
      const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
      const { code, limit, detail } = (await response.json()) as Record<string, unknown>
      return [response.status, code, limit, detail]
    }
    assert.deepEqual(await post('/v1/charges', { account: 'user:8', amount: 1_000 }), [
      403,
      'forbidden',
      'accounts',
      'The API key is confined to accounts, and this one is not among them.',
    ])
    assert.deepEqual(await post('/v1/deposits', { account: 'team:1', asset: 'gem', amount: 1 }), [
      403,
      'forbidden',
      'assets',
      'The API key is confined to assets, and this one is not among them.',
    ])
    assert.deepEqual(await post('/v1/deposits', { account: 'team:1', amount: 51 }), [
      403,
      'forbidden',
      'amount',
      'The API key may not move so much in one command.',
    ])
    const [unknown, outside] = [
      await post('/v1/holds/none/settle', { amount: 1 }),
      await post('/v1/holds/hold/settle', { amount: 1 }),
    ]
    assert.deepEqual(outside.slice(0, 3), unknown.slice(0, 3))
    assert.deepEqual(outside.slice(0, 2), [404, 'hold_not_found'])
  }))

test('a trace that is none, an address that is none and a long name do no harm', () =>
  withKeys(async ({ url }) => {
    const strange = { 'x-key': 'wide', 'x-forwarded-for': `${'é'.repeat(40)}${'x'.repeat(100)}` }
    for (const [index, traceparent] of [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, 'x', TRACE].entries()) {
      await using wide = connect(url, { headers: { ...strange, traceparent } })
      const { by } = await wide.deposit({ requestId: `d${index}`, account: 'user:8', amount: 1n })
      assert.deepEqual([by!.key.length, by!.address.length, by!.trace], [128, 64, null])
      assert.match(by!.address, /^[!-~]+$/)
    }
  }))

test('the command line shows who did it', () =>
  withKeys(async ({ store, url }) => {
    await using billing = connect(url, { headers: BILLING })
    await billing.deposit({ requestId: 'd', account: 'user:8', amount: 100n })
    await billing.freeze({ requestId: 'h', account: 'user:8', amount: 10n })
    for (const environment of [{ HOLDFAST_STORE: store }, { HOLDFAST_URL: url }]) {
      const stdout = async (...line: string[]): Promise<string> => (await runHoldfast(line, environment)).stdout
      assert.match(await stdout('entry', 'd'), new RegExp(`by +billing, from 192\\.0\\.2\\.10, in trace ${TRACE}`))
      assert.deepEqual((JSON.parse(await stdout('entry', 'd', '--json')) as { by: unknown }).by, BY_BILLING)
      assert.match(await stdout('postings', 'user:8'), /by.*\n.*billing/)
      assert.match(await stdout('history', 'h'), /by\s*\n.*billing/)
    }
    assert.equal(
      (await runHoldfast(['deposit', 'user:8', '5', '--request-id', 'own'], { HOLDFAST_STORE: store })).exitCode,
      0,
    )
    assert.doesNotMatch((await runHoldfast(['entry', 'own'], { HOLDFAST_STORE: store })).stdout, /\bby\b/)
    assert.match((await runHoldfast(['verify'], { HOLDFAST_STORE: store })).stdout, /3d/)
  }))
