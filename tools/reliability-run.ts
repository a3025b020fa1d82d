/** One reliability run: crash and fault suites, hostile inputs, overload, and the simulation for the rest of the time. */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OverloadResult } from '../bench/overload/overload.ts'
import { thisMachine, type Machine } from '../bench/reporting/machine.ts'
import { connectTo } from '../harness/server-client.ts'
import type { Note } from '../harness/notes.ts'
import { discoverStores } from '../harness/stores.ts'

export interface SimulationSums {
  readonly seeds: number
  readonly commands: number
  readonly commits: number
  readonly simulatedHours: number
  readonly faults: Readonly<Record<string, number>>
  readonly failedSeeds: readonly number[]
}

export interface SuiteResult {
  readonly name: string
  readonly passed: number
  readonly ok: boolean
  readonly seconds: number
}

export interface ReliabilityRun {
  /** ISO 8601. */
  readonly madeAt: string
  readonly minutes: number
  readonly machine: Machine
  /** By store: the server's version string. */
  readonly servers: Readonly<Record<string, string>>
  readonly simulation: SimulationSums
  readonly suites: readonly SuiteResult[]
  readonly notes: readonly Note[]
  readonly overload: OverloadResult | null
}

/** Minimum duration that includes the faults that take long to detect. */
const LONG_MINUTES_MIN = 15
/** Minimum share of the time for the simulation, however long the suites take. */
const SIMULATION_SHARE_MIN = 0.2
const SIMULATIONS_MAX = 8
const SUITES = ['test/crash/*.test.ts', 'test/faults/*.test.ts', 'test/hostile/*.test.ts']
/** `Hostile inputs: SUITE: COUNT (seed …)`, as test/hostile/ prints it. */
const HOSTILE_INPUTS = /Hostile inputs: (.+): (\d+) \(seed \d+\)/g
const SEEDS = 2 ** 31

/** @param only runs the suites whose path contains this text */
export async function runReliability(
  minutes: number,
  only: string,
  report: (line: string) => void,
): Promise<ReliabilityRun> {
  const endsAt = performance.now() + minutes * 60_000
  const isLong = minutes >= LONG_MINUTES_MIN
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-reliability-'))
  try {
    const notesFile = join(folder, 'notes')
    const environment = { HOLDFAST_TEST_NOTES: notesFile, HOLDFAST_TEST_LONG: String(isLong) }
    const suites: SuiteResult[] = []
    const hostile: Note[] = []
    for (const file of globSync(SUITES)
      .toSorted()
      .filter((path) => path.includes(only))) {
      const { output, seconds, code } = await run(['--test', '--test-reporter=spec', file], environment)
      const passed = Number(/^ℹ pass (\d+)$/m.exec(output)?.[1] ?? 0)
      suites.push({ name: file, passed, ok: code === 0, seconds })
      report(`${code === 0 ? 'ok  ' : 'FAIL'} ${file} ${seconds.toFixed(1)} s, ${passed} tests`)
      if (code !== 0) report(output)
      for (const [, kind, count] of output.matchAll(HOSTILE_INPUTS))
        hostile.push({ what: 'inputs', kind: kind!, count: Number(count) })
    }
    const overload = await runOverload(report)
    const leftMs = Math.max(endsAt - performance.now(), SIMULATION_SHARE_MIN * minutes * 60_000)
    const simulation = await runSimulations(leftMs, report)
    return {
      madeAt: new Date().toISOString(),
      minutes,
      machine: thisMachine(),
      servers: await serverVersions(),
      simulation,
      suites: [...suites, overload.suite],
      notes: [...(await notesIn(notesFile)), ...hostile],
      overload: overload.result,
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function runOverload(
  report: (line: string) => void,
): Promise<{ suite: SuiteResult; result: OverloadResult | null }> {
  const { output, seconds, code } = await run(['bench/overload/main.ts', '--json'])
  const [line] = jsonLines(output)
  report(`${code === 0 ? 'ok  ' : 'FAIL'} overload ${seconds.toFixed(1)} s`)
  if (code !== 0) report(output)
  const result = line === undefined ? null : (line as OverloadResult)
  return { suite: { name: 'npm run overload', passed: code === 0 ? 1 : 0, ok: code === 0, seconds }, result }
}

interface SimulationLine {
  readonly seeds: number
  readonly commands: number
  readonly commits: number
  readonly simulatedHours: number
  readonly faults: Readonly<Record<string, number>>
  readonly failedSeed: number | null
}

/** One simulation per core, each from a random seed upwards. */
async function runSimulations(ms: number, report: (line: string) => void): Promise<SimulationSums> {
  const count = Math.min(availableParallelism(), SIMULATIONS_MAX)
  const seconds = String(Math.round(ms / 1_000))
  report(`     ${count} simulations for ${seconds} s`)
  const runs = await Promise.all(
    Array.from({ length: count }, () =>
      run(['test/simulation/main.ts', '--json', '--seconds', seconds, '--seed', String(randomInt(SEEDS))]),
    ),
  )
  for (const { output, code } of runs) if (code !== 0) report(output)
  const lines = runs.flatMap(({ output }) => jsonLines(output)) as SimulationLine[]
  if (lines.length !== count) throw new Error('A simulation ended without printing its totals.')
  const sum = (of: (line: SimulationLine) => number): number => lines.reduce((total, line) => total + of(line), 0)
  const kinds = new Set(lines.flatMap(({ faults }) => Object.keys(faults)))
  return {
    seeds: sum(({ seeds }) => seeds),
    commands: sum(({ commands }) => commands),
    commits: sum(({ commits }) => commits),
    simulatedHours: sum(({ simulatedHours }) => simulatedHours),
    faults: Object.fromEntries([...kinds].map((kind) => [kind, sum(({ faults }) => faults[kind] ?? 0)])),
    failedSeeds: lines.flatMap(({ failedSeed }) => (failedSeed === null ? [] : [failedSeed])),
  }
}

interface Ran {
  readonly output: string
  readonly code: number | null
  readonly seconds: number
}

function run(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const startedAt = performance.now()
  return new Promise((resolve) => {
    let output = ''
    const collect = (text: string): void => void (output += text)
    // Otherwise a nested test runner reports to the outer one.
    const { NODE_TEST_CONTEXT: _, ...own } = process.env
    const child = spawn(process.execPath, parameters, {
      env: { ...own, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.on('close', (code) => resolve({ output, code, seconds: (performance.now() - startedAt) / 1_000 }))
  })
}

function jsonLines(output: string): unknown[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as unknown)
}

async function notesIn(file: string): Promise<readonly Note[]> {
  return jsonLines(await readFile(file, 'utf8').catch(() => '')) as Note[]
}

async function serverVersions(): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = {}
  for (const { name, server } of discoverStores().found) {
    if (server === null) continue
    const client = await connectTo(server)
    versions[name] = await client.version()
    await client.end()
  }
  return versions
}
