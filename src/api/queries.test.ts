import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PAGE_LIMIT_DEFAULT as READER_DEFAULT, PAGE_LIMIT_MAX as READER_MAX } from '../engine/reader.ts'
import { LedgerError } from './error.ts'
import { entryParameter, holdsQueryOf, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, postingsQueryOf } from './queries.ts'

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
  const page = { limit: 50, cursor: null }
  assert.deepEqual(holdsQueryOf({}), { account: null, asset: 'credit', state: null, ...page })
  assert.deepEqual(postingsQueryOf('user:8', {}), { account: 'user:8', asset: 'credit', kind: null, ...page })
})

test('a page is never longer here than the stores allow', () => {
  assert.deepEqual([PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX], [READER_DEFAULT, READER_MAX])
})

describe('what is wrong is told by its name', () => {
  const cases: readonly [parameter: string, input: unknown][] = [
    ['account', { account: 'no spaces' }],
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

test('an entry is called by a request id, or by the end of a hold', () => {
  for (const id of ['job-1', 'a/b:c~settle', 'a~release', `${'x'.repeat(128)}~settle`]) {
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
