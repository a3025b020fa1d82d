/** Asks a service that only reads for everything that it has, and for things that it must refuse. */
import assert from 'node:assert/strict'
import type { ServiceProcess } from '../../harness/service-process.ts'

export interface ReadingAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

export async function ask(
  { url }: Pick<ServiceProcess, 'url'>,
  path: string,
  { key, post }: { readonly key?: string; readonly post?: object } = {},
): Promise<ReadingAnswer> {
  const headers = {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(post === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const init = post === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(post) }
  const response = await fetch(url + path, init)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true && !path.includes('export')
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  }
}

/** The paths of all kinds of reads, of a ledger with the account `user:8` and the hold `h1`. */
const READS: readonly string[] = [
  '/v1/accounts',
  '/v1/accounts/user%3A8',
  '/v1/accounts/user%3A8/balances/credit',
  '/v1/accounts/user%3A8/postings',
  '/v1/accounts/user%3A8/postings/export?format=ndjson',
  '/v1/holds?account=user%3A8',
  '/v1/holds/h1',
  '/v1/holds/h1/history',
  '/v1/entries',
  '/v1/entries/d1',
  '/v1/assets',
  '/v1/rates',
  '/v1/stats',
]

/** Everything is read, and nothing is written. @param key of an administrator; absent if the ledger has no keys */
export async function assertOnlyReads(service: ServiceProcess, key?: string): Promise<void> {
  const caller = key === undefined ? {} : { key }
  for (const path of READS) {
    const { status, text } = await ask(service, path, caller)
    assert.equal(status, 200, `${path}: ${text}`)
  }
  for (const path of ['/livez', '/readyz', '/metrics']) assert.equal((await ask(service, path, caller)).status, 200)
  const deposit = { requestId: 'd9', account: 'user:8', amount: '5' }
  const writes: readonly (readonly [path: string, body: object, allow: string])[] = [
    ['/v1/deposits', deposit, ''],
    ['/v1/holds', { requestId: 'h9', account: 'user:8', amount: '1' }, 'GET, HEAD'],
    ['/v1/holds/h1/settle', { amount: '1' }, ''],
    // A repeat too: its answer would be taken for the answer of a service that writes.
    ['/v1/deposits', { requestId: 'd1', account: 'user:8', amount: '100' }, ''],
    ['/v1/batches', { commands: [{ kind: 'deposit', ...deposit }] }, ''],
    // Without a first key nobody may ask for keys at all.
    ...(key === undefined ? [] : [['/v1/keys', { name: 'other', scopes: ['accounts:read'] }, 'GET, HEAD'] as const]),
  ]
  for (const [path, post, allow] of writes) {
    const { status, headers, body } = await ask(service, path, { ...caller, post })
    assert.deepEqual([status, body['code'], body['retryable']], [405, 'read_only', false], path)
    assert.equal(headers.get('allow'), allow, path)
  }
  assert.equal((await ask(service, '/v1/unknown', { ...caller, post: {} })).body['code'], 'route_not_found')
}
