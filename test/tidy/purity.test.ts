import assert from 'node:assert/strict'
import { test } from 'node:test'
import { purityViolations } from './purity.ts'
import { readSources } from './source.ts'

test('the domain has no clock, no chance and no promise', () => {
  assert.deepEqual(purityViolations(readSources('src/domain/**/*.ts')), [])
})

test('every way out of the domain is refused', () => {
  const impure = {
    Date: 'const now = new Date()',
    'Math.random': 'const chance = Math.random()',
    performance: 'const now = performance.now()',
    process: 'const home = process.env',
    globalThis: "const timer = globalThis['setTimeout']",
    setTimeout: 'const later = setTimeout(() => {}, 1)',
    async: 'async function decide() {}',
    Promise: 'const waiting = Promise.resolve()',
    console: 'console.log(1)',
    crypto: 'const id = crypto.randomUUID()',
  }
  for (const [what, text] of Object.entries(impure)) {
    assert.deepEqual(purityViolations([{ path: 'src/domain/decide.ts', text }]), [
      `src/domain/decide.ts:1: the domain must not use ${what}`,
    ])
  }
})

test('chance cannot be had by another spelling', () => {
  assert.equal(purityViolations([{ path: 'src/domain/decide.ts', text: "const chance = Math['random']()" }]).length, 1)
})

test('arithmetic is allowed', () => {
  assert.deepEqual(purityViolations([{ path: 'src/domain/decide.ts', text: 'const most = Math.max(1, 2)' }]), [])
})
