import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portabilityViolations } from './portability.ts'
import { readSources } from './source.ts'

const TEXTS = [
  '**/*.{ts,tsx,js,mjs,json,jsonc,md,sql,txt,yml,yaml,html,css,svg}',
  '.*rc',
  '.*rc.json',
  '.ci/*',
  '.gitattributes',
]

/** Joined at run time, so that this file does not contain them. */
const PARTS = [
  ['/home', 'ada', 'holdfast'],
  ['/root', '.npmrc'],
  ['/Users', 'ada'],
  ['/work', 'main'],
  ['C:', 'Users'],
]
const MACHINE_PATHS = PARTS.map((parts) => parts.join(parts[0] === 'C:' ? '\\' : '/'))
const REGISTRIES = [
  ['registry', 'npmjs', 'org/pg'],
  ['npm', 'artifactory', 'example'],
  ['mirror', 'npmmirror', 'com'],
].map((parts) => parts.join('.'))

test('no committed text names a path of one machine or a registry', () => {
  assert.deepEqual(portabilityViolations(readSources(...TEXTS)), [])
})

test('a path of one machine is refused', () => {
  for (const found of MACHINE_PATHS) {
    const text = `const folder = 1\nconst file = '${found}'\n`
    assert.equal(portabilityViolations([{ path: 'a.ts', text }]).length, 1, found)
  }
})

test('an address of a registry is refused', () => {
  for (const host of REGISTRIES) {
    assert.equal(portabilityViolations([{ path: '.npmrc', text: `registry=https://${host}/` }]).length, 1, host)
  }
})

test('a lock file that says where a package came from is refused', () => {
  const text = `{ "resolved": "${['https:', '', 'packages.example', 'pg.tgz'].join('/')}" }`
  assert.equal(portabilityViolations([{ path: 'package-lock.json', text }]).length, 1)
})

test('addresses and paths that are the same everywhere are allowed', () => {
  const text = "await fetch('http://127.0.0.1:4680/v1/work/done')\nconst url = 'sqlite:/var/lib/ledger.db'\n"
  assert.deepEqual(portabilityViolations([{ path: 'a.ts', text }]), [])
})
