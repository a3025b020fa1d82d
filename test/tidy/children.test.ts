import assert from 'node:assert/strict'
import { test } from 'node:test'
import { childViolations } from './children.ts'
import { readSources } from './source.ts'

test('tests start processes in the one way that ends them with the test file', () => {
  assert.deepEqual(
    childViolations(
      readSources('{harness,test}/**/*.ts', 'src/**/*.test.ts', 'bench/**/*.test.ts', 'console/src/**/*.test.ts'),
    ),
    [],
  )
})

test('a process that is started in another way is refused', () => {
  for (const names of ['{ spawn }', '{ spawnSync, fork }', '{ execFile as run }', '* as children', 'children']) {
    const text = `\nimport ${names} from 'node:child_process'\n`
    assert.equal(childViolations([{ path: 'test/a.test.ts', text }]).length, 1, names)
  }
})

test('what waits for its program, and types, are allowed', () => {
  const text = "import { spawnSync, type ChildProcess } from 'node:child_process'\n"
  assert.deepEqual(childViolations([{ path: 'test/a.test.ts', text }]), [])
  const types = "import type { spawn } from 'node:child_process'\n"
  assert.deepEqual(childViolations([{ path: 'test/a.test.ts', text: types }]), [])
})
