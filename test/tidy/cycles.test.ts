import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cycleViolations } from './cycles.ts'
import { readSources } from './source.ts'

test('no file imports itself, by whatever way', () => {
  assert.deepEqual(cycleViolations(readSources('{src,harness,test,bench,console}/**/*.{ts,tsx}', 'tools/*.ts')), [])
})

test('a circle of three files is refused, and shown', () => {
  const circle = [
    { path: 'src/a.ts', text: "import { b } from './b.ts'" },
    { path: 'src/b.ts', text: "import type { c } from './c/c.ts'" },
    { path: 'src/c/c.ts', text: "export { a } from '../a.ts'" },
  ]
  assert.deepEqual(cycleViolations(circle), ['src/a.ts → src/b.ts → src/c/c.ts → src/a.ts'])
})

test('two ways to the same file are no circle', () => {
  const diamond = [
    { path: 'src/a.ts', text: "import './b.ts'\nimport './c.ts'" },
    { path: 'src/b.ts', text: "import './d.ts'" },
    { path: 'src/c.ts', text: "import './d.ts'" },
    { path: 'src/d.ts', text: '' },
  ]
  assert.deepEqual(cycleViolations(diamond), [])
})
