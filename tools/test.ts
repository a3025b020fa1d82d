/**
 * Runs tests: `node tools/test.ts [--at-least N] [--again-alone N] [folder or file …]`, by default every `*.test.ts` in src/, harness/, test/, bench/ and console/src.
 *
 * Fails when a test fails, when a file has no test, and when fewer tests than `--at-least` passed: a suite that lost its tests must not
 * pass. A file that takes longer than `--file-seconds` is killed with every process that it started, and fails the run, as does a file that
 * leaves a process behind.
 *
 * Two files run at a time on two processors, beside servers, and a test that waits can fail because the machine was busy. With `--again-alone`
 * up to so many files that failed run once more, one by one, and the run names them. Where anything is chosen at random, a failure is a
 * finding, and stays.
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { matchesGlob, resolve } from 'node:path'
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
/** Files that wait for servers, processes or a browser, and in which nothing is chosen at random. */
const WAITING = ['e2e', 'servers', 'bridge', 'clusters', 'console', 'deployment', 'ops'].map(
  (folder) => `test/${folder}/**`,
)

const TEST_FILES = ['src', 'harness', 'test', 'bench', 'console/src'].map((folder) => `${folder}/**/*.test.ts`)

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'at-least': { type: 'string' }, 'again-alone': { type: 'string' }, 'file-seconds': { type: 'string' } },
})
const fileSeconds = Number(values['file-seconds'] ?? FILE_LIMIT_SECONDS)
// Thousands of processes load the same files: each takes a quarter of a second of processor time less to start.
process.env['NODE_COMPILE_CACHE'] ??= resolve('node_modules/.cache/holdfast-tests')
await main(positionals, { atLeast: Number(values['at-least'] ?? 1), againMax: Number(values['again-alone'] ?? 0) })

interface Extent {
  readonly atLeast: number
  readonly againMax: number
}

async function main(paths: readonly string[], { atLeast, againMax }: Extent): Promise<void> {
  if (!(fileSeconds > 0)) return fail('--file-seconds must be a number of seconds.')
  if (!Number.isSafeInteger(atLeast) || atLeast < 1) return fail('--at-least must be a number of tests, 1 or more.')
  if (!Number.isSafeInteger(againMax) || againMax < 0) return fail('--again-alone must be a number of files.')
  const files = testFiles(paths)
  if (files.length === 0) return fail(`No test files in ${paths.join(', ') || TEST_FILES.join(', ')}.`)
  try {
    printStores()
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }

  const troubles: string[] = []
  const first = await runFiles(files, troubles)
  printSlowest(first)
  const again = troubles.length === 0 ? filesToRunAgain(first, againMax) : []
  let { success } = first
  if (again.length > 0) {
    process.stdout.write(`\nAgain, one by one: ${again.join(', ')}.\n`)
    const second = await runFiles(again, troubles, 1)
    success = second.success
    for (const [file, result] of second.files) first.files.set(file, result)
    const passed = again.filter((file) => second.files.get(file)?.success === true)
    if (passed.length > 0) process.stdout.write(`Failed beside others, and passed alone: ${passed.join(', ')}.\n`)
  }
  const results = [...first.files.values()]
  const empty = [...first.files].filter(([, { isEmpty }]) => isEmpty).map(([file]) => file)
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  if (!success) process.exitCode = 1
  for (const trouble of troubles) fail(trouble)
  if (empty.length > 0) fail(`No tests in ${empty.join(', ')}.`)
  if (passed < atLeast) fail(`${passed} tests passed; at least ${atLeast} must.`)
}

/** Those that failed; none when there are more than `againMax`, or when one of them does not only wait. */
function filesToRunAgain({ files }: Result, againMax: number): readonly string[] {
  const failed = [...files].filter(([, { success }]) => !success).map(([file]) => file)
  const mayRunAgain = failed.every((file) => WAITING.some((pattern) => matchesGlob(file, pattern)))
  return mayRunAgain && failed.length <= againMax ? failed : []
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

interface FileResult {
  readonly passed: number
  readonly success: boolean
  /** Whether it has no test. */
  readonly isEmpty: boolean
  readonly seconds: number
}

interface Result {
  readonly success: boolean
  readonly files: Map<string, FileResult>
}

async function runFiles(
  files: readonly string[],
  troubles: string[],
  concurrency = availableParallelism(),
): Promise<Result> {
  await using _ = new TestProcesses(fileSeconds * 1_000, {
    overdue: (file) =>
      troubles.push(`${file} did not end within ${fileSeconds} s, and was killed with every process that it started.`),
    leftBehind: (file, commands) => troubles.push(`${file} left processes running: ${commands.join('; ')}.`),
  })
  const results = new Map<string, FileResult>()
  const empty = new Set<string>()
  // Stays false when the run ends without a summary.
  let success = false
  const tests = run({
    files: [...files],
    concurrency,
    timeout: TEST_LIMIT_MS,
    signal: AbortSignal.timeout(RUN_LIMIT_MS),
  })
  tests.on('test:pass', ({ name, nesting, file }) => {
    // Node reports a file without tests as one passed test with the file's name.
    if (nesting === 0 && file !== undefined && resolve(name) === file) empty.add(file)
  })
  tests.on('test:summary', ({ file, counts, success: isSuccess, duration_ms: elapsedMs }) => {
    if (file === undefined) {
      success = isSuccess
      return
    }
    results.set(file, { passed: counts.passed, success: isSuccess, isEmpty: false, seconds: elapsedMs / 1_000 })
  })
  for await (const line of tests.compose(spec)) process.stdout.write(String(line))
  // A file without tests has no summary, nor has one that ended before it could say anything.
  const named = files.map((file): [string, FileResult] => {
    const isEmpty = empty.has(resolve(file))
    return [file, results.get(resolve(file)) ?? { passed: 0, success: isEmpty, isEmpty, seconds: 0 }]
  })
  return { success, files: new Map(named) }
}

/** Where the time goes: with one file per processor, the slowest ones decide how long a run takes. */
function printSlowest({ files }: Result): void {
  if (files.size <= SLOWEST_SHOWN) return
  const slowest = [...files].toSorted(([, left], [, right]) => right.seconds - left.seconds).slice(0, SLOWEST_SHOWN)
  process.stdout.write('The slowest files, in seconds:\n')
  for (const [file, { seconds }] of slowest) process.stdout.write(`${seconds.toFixed(0).padStart(6)}  ${file}\n`)
}

function fail(reason: string): void {
  process.stderr.write(`${reason}\n`)
  process.exitCode = 1
}
