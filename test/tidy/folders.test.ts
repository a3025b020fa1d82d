import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folderViolations } from './folders.ts'
import { readSources } from './source.ts'

function violations(path: string, text: string): readonly string[] {
  return folderViolations([{ path, text }])
}

test('no top folder imports from one that it must not see', () => {
  const sources = readSources('{src,harness,test,tools,examples,bench,console}/**/*.{ts,tsx,mjs,js}', 'bin/*.js')
  assert.deepEqual(folderViolations(sources), [])
})

test('the lab, the tools, the harness and the product must not import from tests', () => {
  const forbidden = [
    ['src/engine/engine.ts', '../../harness/stores.ts'],
    ['harness/children.ts', '../test/support/quiet.ts'],
    ['harness/children.ts', '../src/domain/ids.ts'],
    ['bench/stores.ts', '../test/support/stores.ts'],
    ['bench/load/meter.ts', '../../tools/generate.ts'],
    ['tools/acceptance.ts', '../test/support/service-process.ts'],
    ['tools/node/link.mjs', '../../test/support/quiet.ts'],
    ['test/support/quiet.ts', '../../bench/load/fifo.ts'],
    ['test/tidy/names.test.ts', '../../tools/generate.ts'],
    ['examples/first.ts', '../test/support/quiet.ts'],
  ] as const
  for (const [path, specifier] of forbidden) {
    assert.deepEqual(violations(path, `\nimport { a } from '${specifier}'`), [
      `${path}:2: ${path.split('/')[0]} must not import ${specifier}`,
    ])
  }
})

test('a test may import from the tests, wherever it is', () => {
  assert.deepEqual(violations('bench/main.test.ts', "import { quiet } from '../test/support/quiet.ts'"), [])
  assert.deepEqual(violations('src/ledger.test.ts', "import { startChild } from '../harness/children.ts'"), [])
})

test('what a folder stands on is allowed, as are packages and the files of the root', () => {
  assert.deepEqual(violations('bench/stores.ts', "import { discoverStores } from '../harness/stores.ts'"), [])
  assert.deepEqual(violations('tools/reliability.ts', "import { page } from '../bench/reporting/page.ts'"), [])
  assert.deepEqual(violations('src/cli/main.ts', "import { Command } from 'commander'"), [])
  assert.deepEqual(violations('src/cli/main.ts', "import manifest from '../../package.json'"), [])
})

test('a top folder that is not in the table is refused', () => {
  assert.deepEqual(violations('scripts/a.ts', ''), ['scripts/a.ts: "scripts" is not in the table of folders'])
})
