import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'

const TOOLS = resolve(import.meta.dirname, '../../tools')
const PASSING = "import { test } from 'node:test'\ntest('one', () => {})\ntest('two', () => {})\n"

interface Run {
  readonly tool?: string
  readonly files?: Readonly<Record<string, string>>
  readonly parameters?: readonly string[]
  readonly stores?: string
}

/** Runs a tool in a folder that has nothing but `files`. */
async function run({ tool = 'test.ts', files = {}, parameters = [], stores = '' }: Run) {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-runner-'))
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder.path, name.includes('/') ? '' : 'src', name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  // Node's test runner refuses to run inside itself.
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(TOOLS, tool), ...parameters], {
    cwd: folder.path,
    encoding: 'utf8',
    env: { ...environment, HOLDFAST_TEST_STORES: stores },
  })
  return { status, output: stdout + stderr }
}

test('tests that pass are counted in the last lines', async () => {
  const { status, output } = await run({ files: { 'a.test.ts': PASSING }, parameters: ['--at-least', '2'] })
  assert.equal(status, 0, output)
  assert.match(output, /^Stores: memory, sqlite/)
  assert.match(output, /ℹ tests 2\n.*ℹ pass 2\nℹ fail 0\n/s)
})

test('a test that fails fails the run', async () => {
  const failing = "import { test } from 'node:test'\ntest('one', () => { throw new Error('no') })\n"
  const { status, output } = await run({ files: { 'a.test.ts': PASSING, 'b.test.ts': failing } })
  assert.equal(status, 1)
  assert.match(output, /ℹ fail 1/)
})

/** Fails when it runs for the first time. */
const AT_FIRST = `import { existsSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
test('one', () => {})
test('two', () => {
  if (existsSync('ran')) return
  writeFileSync('ran', '')
  throw new Error('the machine is busy')
})
`

test('a file that waits and fails beside others may pass alone, and is named', async () => {
  const files = { 'test/e2e/a.test.ts': AT_FIRST, 'b.test.ts': PASSING }
  const { status, output } = await run({ files, parameters: ['--again-alone', '1', '--at-least', '4'] })
  assert.equal(status, 0, output)
  assert.match(output, /Again, one by one: test\/e2e\/a\.test\.ts\.[^]*passed alone: test\/e2e\/a\.test\.ts/)
  assert.equal((await run({ files })).status, 1, 'unless it is asked for')
})

test('a file that fails again fails the run, and a failure elsewhere is not asked again', async () => {
  const failing = "import { test } from 'node:test'\ntest('one', () => { throw new Error('no') })\n"
  const parameters = ['--again-alone', '3']
  const twice = await run({ files: { 'test/e2e/a.test.ts': failing }, parameters })
  assert.equal(twice.status, 1)
  assert.match(twice.output, /Again, one by one/)
  for (const place of ['test/simulation/a.test.ts', 'a.test.ts']) {
    const { status, output } = await run({ files: { [place]: AT_FIRST }, parameters })
    assert.equal(status, 1)
    assert.doesNotMatch(output, /one by one/)
  }
  const crashing = { 'test/e2e/a.test.ts': AT_FIRST, 'b.test.ts': 'process.exit(3)\n' }
  assert.equal((await run({ files: crashing, parameters })).status, 1)
  const many = { 'test/e2e/a.test.ts': failing, 'test/e2e/b.test.ts': failing }
  assert.doesNotMatch((await run({ files: many, parameters: ['--again-alone', '1'] })).output, /one by one/)
})

test('a run without files fails', async () => {
  const { status, output } = await run({ files: { 'a.test.ts': PASSING }, parameters: ['test/conformance'] })
  assert.equal(status, 1)
  assert.match(output, /No test files in test\/conformance/)
})

test('a file without tests fails the run', async () => {
  const { status, output } = await run({ files: { 'a.test.ts': PASSING, 'b.test.ts': 'export {}\n' } })
  assert.equal(status, 1)
  assert.match(output, /No tests in src\/b\.test\.ts/)
})

test('fewer tests than were asked for fail the run', async () => {
  const { status, output } = await run({ files: { 'a.test.ts': PASSING }, parameters: ['--at-least', '3'] })
  assert.equal(status, 1)
  assert.match(output, /2 tests passed; at least 3 must/)
})

const ON_LINUX = { skip: process.platform === 'linux' ? false : 'processes are shown under /proc on Linux alone' }
const SLEEPER = "import { spawn } from 'node:child_process'\nimport { test } from 'node:test'\n"

test('a file that leaves a process running fails the run, and the process is ended', ON_LINUX, async () => {
  // Its own session and no pipe: only the process list shows it.
  const started = "const child = spawn('sleep', ['987.5'], { detached: true, stdio: 'ignore' }); child.unref()"
  const text = `${SLEEPER}test('one', async () => { ${started}; await new Promise((resolve) => setTimeout(resolve, 2_000)) })\n`
  const { status, output } = await run({ files: { 'a.test.ts': text } })
  assert.equal(status, 1)
  assert.match(output, /a\.test\.ts left processes running: [0-9]+ sleep 987\.5\./)
  assert.equal(spawnSync('pgrep', ['-fx', 'sleep 987.5'], { encoding: 'utf8' }).stdout, '')
})

test('a file that does not end is ended with what it has started, and fails the run', ON_LINUX, async () => {
  const started = "spawn('sleep', ['987.6'], { stdio: 'ignore' })"
  const text = `${SLEEPER}test('one', () => { ${started} })\n`
  const { status, output } = await run({ files: { 'a.test.ts': text }, parameters: ['--file-seconds', '2'] })
  assert.equal(status, 1)
  assert.match(output, /a\.test\.ts did not end within 2 s/)
  assert.equal(spawnSync('pgrep', ['-fx', 'sleep 987.6'], { encoding: 'utf8' }).stdout, '')
})

test('a test that was left out does not count', async () => {
  const skipped = `${PASSING}test('three', { skip: 'no disk' }, () => {})\n`
  const { status } = await run({ files: { 'a.test.ts': skipped }, parameters: ['--at-least', '3'] })
  assert.equal(status, 1)
})

test('a store that was asked for and is missing fails the run before the tests', async () => {
  const { status, output } = await run({ files: { 'a.test.ts': PASSING }, stores: 'sqlite,oracle' })
  assert.equal(status, 1)
  assert.match(output, /HOLDFAST_TEST_STORES requests oracle/)
  assert.doesNotMatch(output, /ℹ pass/)
})

test('a check whose step fails fails, and shows why', async () => {
  const { status, output } = await run({ tool: 'check.ts', parameters: ['unit'] })
  assert.equal(status, 1)
  assert.match(output, /^FAIL unit/m)
  assert.match(output, /--- unit: node tools\/test\.ts[^]*Cannot find module[^]*Failed: unit/)
})

test('a check without such a step fails', async () => {
  const { status, output } = await run({ tool: 'check.ts', parameters: ['units'] })
  assert.equal(status, 1)
  assert.match(output, /No step units/)
})
