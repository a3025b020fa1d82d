/**
 * Runs everything that must pass before a commit: `npm run check`. Prints one line per step with its duration, and the complete output of
 * failed steps. `node tools/check.ts lint types` runs only the named steps.
 *
 * Steps without tests run in parallel. Test steps follow one by one, because a busy machine could exceed their time limits.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { delimiter, resolve } from 'node:path'

interface Step {
  readonly name: string
  readonly command: readonly [program: string, ...parameters: readonly string[]]
  /** Extracts from the output the count to print with the step. */
  readonly count?: { readonly pattern: RegExp; readonly of: string }
}

interface Result {
  readonly step: Step
  readonly passed: boolean
  readonly output: string
}

const TESTS = { pattern: /^ℹ pass (\d+)$/m, of: 'tests' }
const SEEDS = { pattern: /([\d,]+) seeds/, of: 'seeds' }

const STATIC_STEPS: readonly Step[] = [
  { name: 'lint', command: ['oxlint'] },
  { name: 'types', command: ['tsc', '--project', '.'] },
  { name: 'console types', command: ['tsc', '--project', 'console'] },
  { name: 'dead code', command: ['knip', '--no-progress'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'migration texts', command: ['node', 'tools/migration-texts.ts', '--check'] },
  { name: 'openapi.json', command: ['node', 'tools/openapi.ts', '--check'] },
  { name: 'problems.md', command: ['node', 'tools/problems.ts', '--check'] },
  { name: 'cli.md', command: ['node', 'tools/cli-reference.ts', '--check'] },
  { name: 'dashboard', command: ['node', 'tools/dashboard.ts', '--check'] },
  { name: 'measured figures', command: ['node', 'bench/reporting/documents.ts', '--check'] },
  { name: 'reliability.md', command: ['node', 'tools/reliability.ts', '--check'] },
]

const TEST_STEPS: readonly Step[] = [
  { name: 'tidy', command: ['node', 'tools/test.ts', 'test/tidy'], count: TESTS },
  {
    name: 'unit',
    command: ['node', 'tools/test.ts', 'src', 'harness', 'bench/load', 'bench/output', 'console/src'],
    count: TESTS,
  },
  { name: 'conformance', command: ['node', 'tools/test.ts', 'test/conformance'], count: TESTS },
  { name: 'simulation', command: ['node', 'test/simulation/main.ts', '--seconds', '5'], count: SEEDS },
]

const wanted = process.argv.slice(2)
const steps = [...STATIC_STEPS, ...TEST_STEPS]
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name))
if (unknown.length > 0) {
  process.stderr.write(`No step ${unknown.join(', ')}; there are ${steps.map(({ name }) => name).join(', ')}.\n`)
  process.exitCode = 1
} else {
  await main((step) => wanted.length === 0 || wanted.includes(step.name))
}

async function main(isWanted: (step: Step) => boolean): Promise<void> {
  const startedAt = performance.now()
  const results = [
    ...(await runAll(STATIC_STEPS.filter(isWanted), availableParallelism())),
    ...(await runAll(TEST_STEPS.filter(isWanted), 1)),
  ]
  const failed = results.filter(({ passed }) => !passed)
  for (const { step, output } of failed) {
    process.stdout.write(`\n--- ${step.name}: ${step.command.join(' ')}\n${output.trimEnd()}\n`)
  }
  const verdict = failed.length === 0 ? 'All passed' : `Failed: ${failed.map(({ step }) => step.name).join(', ')}`
  process.stdout.write(`\n${verdict} (${seconds(startedAt)}).\n`)
  if (failed.length > 0) process.exitCode = 1
}

/** Runs at most `atOnce` steps at a time, in order. */
async function runAll(queue: readonly Step[], atOnce: number): Promise<readonly Result[]> {
  const rest = [...queue]
  const results: Result[] = []
  const worker = async (): Promise<void> => {
    for (let step = rest.shift(); step !== undefined; step = rest.shift()) results.push(await runStep(step))
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

async function runStep(step: Step): Promise<Result> {
  const startedAt = performance.now()
  const { passed, output } = await runCommand(step.command)
  const count = step.count?.pattern.exec(output)?.[1]
  const columns = [passed ? 'ok  ' : 'FAIL', step.name.padEnd(16), seconds(startedAt).padStart(7)]
  if (count !== undefined) columns.push(`${count} ${step.count!.of}`)
  process.stdout.write(`${columns.join(' ')}\n`)
  return { step, passed, output }
}

function runCommand([program, ...parameters]: Step['command']): Promise<{ passed: boolean; output: string }> {
  return new Promise((done) => {
    let output = ''
    // The tools start with `#!/usr/bin/env node`, which must resolve to the repository's Node.
    const path = [resolve('node_modules/.bin'), process.env['PATH']].join(delimiter)
    const child = spawn(program, parameters, { env: { ...process.env, PATH: path }, stdio: ['ignore', 'pipe', 'pipe'] })
    const collect = (text: string): void => void (output += text)
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.on('error', (error) => done({ passed: false, output: `${output}${error.message}\n` }))
    child.on('close', (code) => done({ passed: code === 0, output }))
  })
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
}
