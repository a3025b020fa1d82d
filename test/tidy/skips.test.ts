import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skipViolations } from './skips.ts'
import { readSources } from './source.ts'

function violations(text: string): readonly string[] {
  return skipViolations([{ path: 'test/a.test.ts', text }])
}

test('no test is left out without a reason', () => {
  assert.deepEqual(skipViolations(readSources('{src,harness,test,bench,console/src}/**/*.ts')), [])
})

test('what keeps tests from running is refused', () => {
  const silent = [
    "test.only('a', run)",
    "describe.skip('a', run)",
    "it.todo('a')",
    "test('a', { only: true }, run)",
    "test('a', { skip: true }, run)",
    "describe('a', { todo: '' }, run)",
    "await t.test('a', { skip: true }, run)",
    "test('a', (t) => t.skip())",
    "test('a', (context) => { context.todo('') })",
  ]
  for (const text of silent) assert.equal(violations(text).length, 1, text)
})

test('a reason makes it allowed', () => {
  const reasoned = [
    "test('a', { skip: 'memory survives no restart' }, run)",
    "describe('a', { skip: reasons[name] ?? false }, run)",
    "test('a', (t) => t.skip('memory survives no restart'))",
    'reader.skip(10)',
  ]
  for (const text of reasoned) assert.deepEqual(violations(text), [], text)
})
