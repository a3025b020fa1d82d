/** What the files under ops/ name, exists. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KNOWN_FLAGS, KNOWN_VARIABLES, OPS_FILES, textOf } from './ops-files.ts'

test('every variable of Holdfast in the files under ops/ is one that it reads', () => {
  let count = 0
  for (const path of OPS_FILES) {
    for (const [name] of textOf(path).matchAll(/\bHOLDFAST_[A-Z_]+/g)) {
      assert.ok(KNOWN_VARIABLES.has(name), `${path}: ${name}`)
      count += 1
    }
  }
  assert.ok(count > 20, `${count} names in ${OPS_FILES.join(', ')}`)
})

test('every flag of "serve" in the files under ops/ is one that it has', () => {
  const flags = OPS_FILES.flatMap((path) =>
    [...textOf(path).matchAll(/\bserve(?: --[\w-]+(?: [\w/.]+)?)+/g)].flatMap(([command]) =>
      [...command.matchAll(/--[\w-]+/g)].map(([flag]) => flag),
    ),
  )
  assert.ok(flags.length > 0)
  for (const flag of flags) assert.ok(flag === '--help' || KNOWN_FLAGS.has(flag), flag)
})
