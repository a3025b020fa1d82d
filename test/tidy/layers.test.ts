import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layerViolations } from './layers.ts'
import { readSources } from './source.ts'

function violations(path: string, text: string): readonly string[] {
  return layerViolations([{ path, text }])
}

test('no layer imports what it must not see', () => {
  assert.deepEqual(layerViolations(readSources('src/**/*.ts')), [])
})

test('an import from a layer above or next to its own is refused', () => {
  const forbidden = [
    ['src/domain/hold.ts', '../engine/store.ts'],
    ['src/domain/hold.ts', 'node:crypto'],
    ['src/domain/hold.ts', 'typebox'],
    ['src/access/key-format.ts', 'node:crypto'],
    ['src/access/key-ring.ts', '../engine/faults.ts'],
    ['src/domain/rules.ts', '../access/scope.ts'],
    ['src/engine/engine.ts', '../access/scope.ts'],
    ['src/engine/engine.ts', '../stores/memory/store.ts'],
    ['src/engine/engine.ts', '../api/error.ts'],
    ['src/stores/memory/store.ts', '../../engine/engine.ts'],
    ['src/api/error.ts', '../engine/faults.ts'],
    ['src/api/error.ts', 'node:crypto'],
    ['src/http/server.ts', '../stores/open.ts'],
    ['src/http/server.ts', '../ledger.ts'],
    ['src/client/client.ts', '../ledger.ts'],
    ['src/client/client.ts', 'node:http'],
    ['src/cli/main.ts', '../stores/open.ts'],
    ['src/import/source.ts', '../stores/open.ts'],
    ['src/import/source.ts', '../ledger.ts'],
    ['src/reconcile/csv.ts', 'd3-dsv'],
    ['src/ledger.ts', './cli/main.ts'],
    ['src/index.ts', './cli/main.ts'],
    ['src/engine/engine.ts', '../../test/support/commands.ts'],
  ] as const
  for (const [path, specifier] of forbidden) {
    const layer = path.split('/')[1]
    assert.deepEqual(violations(path, `import { a } from '${specifier}'`), [
      `${path}:1: ${layer} must not import ${specifier}`,
    ])
  }
})

test('an import is seen in every form it can take', () => {
  const forms = [
    "import '../stores/open.ts'",
    "import type { Storage } from '../stores/open.ts'",
    "import * as stores from '../stores/open.ts'",
    "export { openStorage } from '../stores/open.ts'",
    "export * from '../stores/open.ts'",
    "const open = await import('../stores/open.ts')",
  ]
  for (const form of forms) assert.equal(violations('src/http/server.ts', form).length, 1, form)
})

test('a folder that nobody placed in the picture is refused', () => {
  assert.deepEqual(violations('src/plugins/mail.ts', ''), [
    'src/plugins/mail.ts: "plugins" is not in the table of layers',
  ])
})

test('what a layer stands on is allowed', () => {
  assert.deepEqual(violations('src/stores/memory/store.ts', "import type { Store } from '../../engine/store.ts'"), [])
  assert.deepEqual(violations('src/http/server.ts', "import helmet from '@fastify/helmet'"), [])
})
