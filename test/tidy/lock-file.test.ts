import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockFileViolations, type LockFile } from './lock-file.ts'
import { readSources } from './source.ts'

const LINTER = { optionalDependencies: { '@linter/linux': '1.0.0', '@linter/darwin': '1.0.0' } }

test('the lock file has every platform’s packages', () => {
  const lockFile = JSON.parse(readSources('package-lock.json')[0]!.text) as LockFile
  assert.ok(Object.keys(lockFile.packages).length > 100)
  assert.deepEqual(lockFileViolations(lockFile), [])
})

test('a platform’s package that is missing is reported', () => {
  const packages = { 'node_modules/linter': LINTER, 'node_modules/@linter/linux': {} }
  assert.deepEqual(lockFileViolations({ packages }), [
    'package-lock.json: node_modules/linter may need @linter/darwin, which is missing',
  ])
})

test('a package is found where npm would find it', () => {
  const packages = {
    'node_modules/app/node_modules/linter': LINTER,
    'node_modules/app/node_modules/@linter/linux': {},
    'node_modules/@linter/darwin': {},
    'tools/node': { optionalDependencies: { '@linter/darwin': '1.0.0' } },
  }
  assert.deepEqual(lockFileViolations({ packages }), [])
})
