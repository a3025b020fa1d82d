/** Generated files equal the output of their generators, and the check for this can fail. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, test } from 'node:test'
import { runChild } from '../../harness/children.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface Result {
  readonly code: number
  readonly stderr: string
}

async function run(...parameters: readonly string[]): Promise<Result> {
  const { exitCode, stderr } = await runChild(process.execPath, parameters, { cwd: ROOT })
  return { code: exitCode ?? -1, stderr }
}

/** Runs `generate(path, text)` as a generator does. */
async function check(path: string, text: string): Promise<Result> {
  const generator = `import { generate } from './tools/generate.ts'\nawait generate(${JSON.stringify(path)}, ${JSON.stringify(text)})`
  return await run('--input-type=module', '--eval', generator, 'some/generator.ts', '--check')
}

describe('the check of a generated file', () => {
  test('passes for openapi.json', async () => {
    assert.deepEqual(await run('tools/openapi.ts', '--check'), { code: 0, stderr: '' })
  })

  test('passes for docs/reference/problems.md', async () => {
    assert.deepEqual(await run('tools/problems.ts', '--check'), { code: 0, stderr: '' })
  })

  test('passes for every schema.sql whose database is there', async () => {
    assert.deepEqual(await run('tools/schemas.ts', '--check'), { code: 0, stderr: '' })
  })

  test('passes for a file with the text, and leaves it alone', async () => {
    const license = await readFile(`${ROOT}/LICENSE`, 'utf8')
    assert.deepEqual(await check('LICENSE', license), { code: 0, stderr: '' })
  })

  test('fails for a file with another text, says how to write it, and leaves it alone', async () => {
    const license = await readFile(`${ROOT}/LICENSE`, 'utf8')
    const { code, stderr } = await check('LICENSE', `${license} `)
    assert.deepEqual([code, stderr], [1, 'LICENSE is not up to date; run: node tools/generator.ts\n'])
    assert.equal(await readFile(`${ROOT}/LICENSE`, 'utf8'), license)
  })

  test('fails for a file that is not there, and does not write it', async () => {
    const { code, stderr } = await check('docs/nothing.md', 'text')
    assert.deepEqual([code, stderr.startsWith('docs/nothing.md is missing')], [1, true])
    await assert.rejects(readFile(`${ROOT}/docs/nothing.md`), { code: 'ENOENT' })
  })
})
