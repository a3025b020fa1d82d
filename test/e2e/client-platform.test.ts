/** The client runs in browsers and edge runtimes too: it must compile with the browser's types alone. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '../..')

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-platform-'))
})
after(() => rm(folder, { recursive: true }))

/** The compiler's output for `files` without the types of Node. */
async function compileForBrowsers(...files: readonly string[]): Promise<string> {
  const configuration = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { types: [], lib: ['es2024', 'esnext.disposable', 'dom'] },
    files,
    include: [],
  }
  const path = join(folder, 'tsconfig.json')
  await writeFile(path, JSON.stringify(configuration))
  return spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['--project', path], { encoding: 'utf8' }).stdout
}

test('the client needs nothing that only Node has', async () => {
  assert.equal(await compileForBrowsers(join(ROOT, 'src/client/index.ts')), '')
})

test('what only Node has would be noticed', async () => {
  const path = join(folder, 'node-only.ts')
  await writeFile(
    path,
    "import { readFileSync } from 'node:fs'\nexport const bytes = Buffer.from(readFileSync('file'))\n",
  )
  const output = await compileForBrowsers(path)
  assert.match(output, /node:fs/)
  assert.match(output, /Buffer/)
})
