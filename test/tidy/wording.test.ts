import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSources } from './source.ts'
import { wordingViolations } from './wording.ts'

test('the documents and comments do not speak of the work that made them', () => {
  assert.deepEqual(
    wordingViolations(readSources('**/*.md', '{src,harness,test,tools,examples,bench,console}/**/*.{ts,tsx}')),
    [],
  )
})

test('a document that does is refused', () => {
  const telling = ['as issue #2 asks', 'see Issue 12', 'fixed (#34)', 'in the last session', 'as requested']
  for (const text of telling) assert.equal(wordingViolations([{ path: 'README.md', text }]).length, 1, text)
})

test('a comment that does is refused', () => {
  const text = 'const a = 1\n// Later, see issue 3.\n'
  assert.deepEqual(wordingViolations([{ path: 'src/a.ts', text }]), ['src/a.ts:2: "issue 3"'])
})

test('the words are allowed where they mean something else', () => {
  assert.deepEqual(wordingViolations([{ path: 'docs/a.md', text: 'Run `SET SESSION lock_timeout = 1`.' }]), [])
  assert.deepEqual(wordingViolations([{ path: 'src/a.ts', text: '// Ends the session of the database.\n' }]), [])
})
