/** Every program in `examples` runs and prints its committed output. `UPDATE=1` rewrites the outputs. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runChild } from '../../harness/children.ts'

const folder = join(import.meta.dirname, '../../examples')
const programs = readdirSync(folder).filter((file) => file.endsWith('.ts'))

test('there are examples', () => assert.ok(programs.length >= 3))

for (const program of programs) {
  test(`the example ${program} prints its committed output`, async () => {
    const { exitCode, stdout, stderr } = await runChild(process.execPath, [join(folder, program)])
    assert.deepEqual([exitCode, stderr], [0, ''])
    const file = join(folder, program.replace('.ts', '.out'))
    if (process.env['UPDATE'] === '1') writeFileSync(file, stdout)
    assert.equal(stdout, readFileSync(file, 'utf8'))
  })
}
