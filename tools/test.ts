/**
 * Runs tests: `node tools/test.ts [--at-least N] [folder or file …]`, by default every `*.test.ts` in src/, harness/, test/, bench/ and console/src.
 *
 * Fails when a test fails, when a file has no test, and when fewer tests than `--at-least` passed: a suite that lost its tests must not
 * pass. A file that takes longer than `--file-seconds` is killed with every process that it started, and fails the run, as does a file that
 * leaves a process behind.
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { matchesGlob, relative, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { parseArgs } from 'node:util'
import { findInstallation, SERVER_NAMES } from '../harness/server-installations.ts'
import { discoverStores, isAskedFor } from '../harness/stores.ts'
import { TestProcesses } from './test-processes.ts'

/** Limit for one test. The slowest ones start and kill a service on a machine with ten other loads. */
const TEST_LIMIT_MS = 10 * 60_000
const FILE_LIMIT_SECONDS = 30 * 60
/** Limit for the whole run on such a machine, with every database. */
const RUN_LIMIT_MS = 3 * 3_600_000
const SLOWEST_SHOWN = 40

const TEST_FILES = ['src', 'harness', 'test', 'bench', 'console/src'].map((folder) => `${folder}/**/*.test.ts`)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'at-least': { type: 'string' }, 'file-seconds': { type: 'string' } },
})
const fileSeconds = Number(values['file-seconds'] ?? FILE_LIMIT_SECONDS)
await main(positionals, Number(values['at-least'] ?? 1))

async function main(paths: readonly string[], atLeast: number): Promise<void> {
  if (!(fileSeconds > 0)) return fail('--file-seconds must be a number of seconds.')
  if (!Number.isSafeInteger(atLeast) || atLeast < 1) return fail('--at-least must be a number of tests, 1 or more.')
  const files = testFiles(paths)
  if (files.length === 0) return fail(`No test files in ${paths.join(', ') || TEST_FILES.join(', ')}.`)
  try {
    printStores()
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }

  const troubles: string[] = []
  const { passed, success, empty, seconds } = await runFiles(files, troubles)
  printSlowest(seconds)
  if (!success) process.exitCode = 1
  for (const trouble of troubles) fail(trouble)
  if (empty.length > 0) fail(`No tests in ${empty.join(', ')}.`)
  if (passed < atLeast) fail(`${passed} tests passed; at least ${atLeast} must.`)
}

function testFiles(paths: readonly string[]): readonly string[] {
  const folders = paths.map((path) => path.replace(/\/$/, ''))
  const isWanted = (file: string): boolean =>
    folders.length === 0 || folders.some((path) => file === path || matchesGlob(file, `${path}/**`))
  return globSync(TEST_FILES).filter(isWanted).toSorted()
}

function printStores(): void {
  const { found, missing } = discoverStores()
  process.stdout.write(`Stores: ${found.map(({ name }) => name).join(', ')}.\n`)
  for (const { name, variable } of missing) process.stdout.write(`Not found: ${name} (${variable} is not set).\n`)
  for (const name of SERVER_NAMES) {
    if (isAskedFor(name) === false) continue
    // Fails only the tests that start a server of their own.
    const { installation, reason } = findInstallation(name)
    if (installation === null) process.stdout.write(`Not found: a ${name} server that tests can start (${reason}).\n`)
  }
}

interface Result {
  readonly passed: number
  readonly success: boolean
  /** Files without a test. */
  readonly empty: readonly string[]
  readonly seconds: ReadonlyMap<string, number>
}

async function runFiles(files: readonly string[], troubles: string[]): Promise<Result> {
  await using _ = new TestProcesses(fileSeconds * 1_000, {
    overdue: (file) =>
      troubles.push(`${file} did not end within ${fileSeconds} s, and was killed with every process that it started.`),
    leftBehind: (file, commands) => troubles.push(`${file} left processes running: ${commands.join('; ')}.`),
  })
  const empty: string[] = []
  const seconds = new Map<string, number>()
  let passed = 0
  // Stays false when the run ends without a summary.
  let success = false
  const tests = run({
    files: [...files],
    concurrency: availableParallelism(),
    timeout: TEST_LIMIT_MS,
    signal: AbortSignal.timeout(RUN_LIMIT_MS),
  })
  tests.on('test:pass', ({ name, nesting, file }) => {
    // Node reports a file without tests as one passed test with the file's name.
    if (nesting === 0 && file !== undefined && resolve(name) === file) empty.push(name)
  })
  tests.on('test:summary', ({ file, counts, success: all, duration_ms: elapsedMs }) => {
    if (file !== undefined) return void seconds.set(relative('.', file), elapsedMs / 1_000)
    passed = counts.passed
    success = all
  })
  for await (const line of tests.compose(spec)) process.stdout.write(String(line))
  return { passed: passed - empty.length, success, empty, seconds }
}

/** Where the time goes: with one file per processor, the slowest ones decide how long a run takes. */
function printSlowest(seconds: ReadonlyMap<string, number>): void {
  const slowest = [...seconds].toSorted(([, left], [, right]) => right - left).slice(0, SLOWEST_SHOWN)
  if (seconds.size <= SLOWEST_SHOWN) return
  process.stdout.write('The slowest files, in seconds:\n')
  for (const [file, elapsed] of slowest) process.stdout.write(`${elapsed.toFixed(0).padStart(6)}  ${file}\n`)
}

function fail(reason: string): void {
  process.stderr.write(`${reason}\n`)
  process.exitCode = 1
}
