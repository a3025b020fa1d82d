import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeViolations } from './size.ts'
import { readSources } from './source.ts'

const lines = (count: number): string => 'work()\n'.repeat(count)

test('no file and no function is longer than the limits', () => {
  assert.deepEqual(
    sizeViolations(readSources('{src,harness,test,tools,examples,bench,console}/**/*.{ts,tsx}', 'bin/*.js')),
    [],
  )
})

test('a file one line too long is refused', () => {
  assert.deepEqual(sizeViolations([{ path: 'src/long.ts', text: lines(400) }]), [])
  assert.deepEqual(sizeViolations([{ path: 'src/long.ts', text: lines(401) }]), ['src/long.ts: 401 lines; at most 400'])
})

test('a file of tests may be longer, and has an end too', () => {
  assert.deepEqual(sizeViolations([{ path: 'src/long.test.ts', text: lines(600) }]), [])
  assert.equal(sizeViolations([{ path: 'test/crash/long.ts', text: lines(601) }]).length, 1)
})

test('a function one line too long is refused, whatever its form', () => {
  const forms = ['function f() {\n', 'const f = () => {\n', 'class C { f() {\n', 'const o = { f() {\n']
  for (const form of forms) {
    const end = form.split('{').length > 2 ? '}}' : '}'
    assert.deepEqual(sizeViolations([{ path: 'src/f.ts', text: `${form}${lines(78)}${end}` }]), [])
    assert.deepEqual(sizeViolations([{ path: 'src/f.ts', text: `${form}${lines(79)}${end}` }]), [
      'src/f.ts:1: a function of 81 lines; at most 80',
    ])
  }
})
