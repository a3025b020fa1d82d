import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PAGE_LIMIT_MAX } from '../domain/page.ts'
import { LedgerError } from './error.ts'
import { accountQueryOf, entryParameter, holdsQueryOf, postingsQueryOf } from './queries.ts'

function parameterRefused(read: () => unknown): unknown {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof LedgerError && error.code === 'invalid_request', String(error))
    return error.details['parameter']
  }
  return null
}

test('a query is completed with its defaults', () => {
  const page = { from: null, until: null, metadata: null, limit: 50, cursor: null }
  const of = { kind: null, entry: null, hold: null, memo: null }
  assert.deepEqual(holdsQueryOf({}), { account: null, asset: 'credit', state: null, ...page })
  assert.deepEqual(postingsQueryOf('user:8', {}), { account: 'user:8', asset: 'credit', ...of, ...page })
  assert.deepEqual(accountQueryOf({}), { at: null, limit: PAGE_LIMIT_MAX, cursor: null })
})

describe('an error names the parameter', () => {
  const cases: readonly [parameter: string, input: unknown][] = [
    ['account', { account: '..' }],
    ['from', { from: Date.UTC(10_000, 0, 1) }],
    ['until', { until: '9999-12-31T23:59:59-00:01' }],
    ['account', { account: ['user:8', 'user:9'] }],
    ['asset', { asset: 'Credit' }],
    ['asset', { asset: 'gold' }],
    ['state', { state: 'closed' }],
    ['state', { state: 'toString' }],
    ['limit', { limit: 0 }],
    ['limit', { limit: 1001 }],
    ['limit', { limit: '50' }],
    ['limit', { limit: 1.5 }],
    ['cursor', { cursor: '' }],
    ['cursor', { cursor: 'x'.repeat(513) }],
    ['sort', { sort: 'id' }],
    ['__proto__', JSON.parse('{"__proto__": "x"}')],
  ]
  for (const [parameter, input] of cases) {
    test(`${parameter} of ${JSON.stringify(input).slice(0, 60)}`, () => {
      assert.equal(
        parameterRefused(() => holdsQueryOf(input)),
        parameter,
      )
    })
  }
})

test('filters are taken as the library and as a query string give them', () => {
  const at = Date.UTC(2030, 0, 31, 12)
  const query = postingsQueryOf('user:8', {
    from: at,
    until: '2030-01-31T14:00:00+01:00',
    entry: 'h~settle',
    hold: 'h',
    memo: '充值',
    metadata: { model: 'x' },
  })
  assert.partialDeepStrictEqual(query, { from: at, until: at + 3_600_000, entry: 'h~settle', hold: 'h', memo: '充值' })
  assert.deepEqual(query.metadata, { model: 'x' })
  const wrong = { from: 'yesterday', until: 0, entry: 'a~b', hold: '', memo: '', metadata: '{}' }
  for (const [parameter, value] of Object.entries(wrong)) {
    assert.equal(
      parameterRefused(() => postingsQueryOf('user:8', { [parameter]: value })),
      parameter,
    )
  }
})

test('an entry is called by a request id, or by the end of a hold', () => {
  for (const id of ['job-1', 'a/b:c~settle', 'a~release', 'a~late', `${'x'.repeat(128)}~settle`]) {
    assert.equal(entryParameter(id, 'id'), id)
  }
  for (const id of ['', '~settle', 'a~b', 'a~settle~settle', 'x'.repeat(129), 7]) {
    assert.equal(
      parameterRefused(() => entryParameter(id, 'id')),
      'id',
      String(id),
    )
  }
})
