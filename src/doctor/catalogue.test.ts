import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { KINDS } from './catalogue.ts'

test('the guide lists every kind of finding with its words, and no other', () => {
  const guide = readFileSync(resolve(import.meta.dirname, '../../docs/guides/doctor.md'), 'utf8')
  const listed = [...guide.matchAll(/^\| `([a-z_.]+)` \| (.+?) +\| (.+?) +\|$/gm)].map(([, id, what, why]) => [
    id,
    what,
    why,
  ])
  assert.deepEqual(
    listed,
    Object.entries(KINDS).map(([id, { what, why }]) => [id, what, why]),
  )
})
