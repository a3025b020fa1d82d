import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameViolations } from './names.ts'
import { readSources } from './source.ts'

test('every file is named in kebab-case after what is in it', () => {
  assert.deepEqual(
    nameViolations(readSources('{src,harness,test,tools,examples,bench,console/src}/**/*.{ts,tsx,mjs,js}', 'bin/*.js')),
    [],
  )
})

test('names that say nothing are refused', () => {
  const vague = [
    'src/utils.ts',
    'src/http/utils/respond.ts',
    'src/engine/queue-helpers.ts',
    'src/common.ts',
    'src/engine/engine-manager.ts',
    'src/domain/types.ts',
    'test/support/lib.ts',
  ]
  for (const path of vague) {
    assert.deepEqual(nameViolations([{ path }]), [`${path}: the name has no meaning; name its content`])
  }
})

test('names in another case are refused', () => {
  for (const path of ['src/holdRecord.ts', 'src/Hold.ts', 'src/hold_record.ts', 'src/hold.spec.ts']) {
    assert.deepEqual(nameViolations([{ path }]), [`${path}: not in kebab-case`])
  }
})

test('an index that is not an entry of the package is refused', () => {
  assert.equal(nameViolations([{ path: 'src/domain/index.ts' }]).length, 1)
  assert.deepEqual(nameViolations([{ path: 'src/index.ts' }]), [])
})
