/** Searches for a deliberate bug with the suite that has to catch it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from '../../harness/children.ts'
import type { DeliberateBug } from './deliberate-bug.ts'
import { importWithBug, replaceIn } from './patched-modules.ts'
import { makeScenario } from './scenario.ts'
import type * as simulation from './simulation.ts'

const ROOT = join(import.meta.dirname, '../..')
/** The conformance suite of a store takes the longest, a few seconds. */
const SUITE_MS_MAX = 60_000

export interface Catch {
  /** The number of simulations played; 0 for a bug that a file of tests catches. */
  readonly seeds: number
  /** The seed that caught it. */
  readonly seed: number | null
  /** The message of the failure; null when the bug was missed. */
  readonly what: string | null
}

/** @throws Error when the source does not contain the bug's text */
export async function hunt(bug: DeliberateBug, seedsMax: number): Promise<Catch> {
  for (const replacement of bug.replacements) {
    replaceIn(readFileSync(join(ROOT, replacement.path), 'utf8'), replacement)
  }
  return bug.caughtBy === 'simulation' ? await huntBySimulation(bug, seedsMax) : await huntByTests(bug, bug.caughtBy)
}

async function huntBySimulation(bug: DeliberateBug, seedsMax: number): Promise<Catch> {
  const { simulate } = await importWithBug<typeof simulation>(bug, 'simulation.ts')
  const hint = bug.seed === undefined ? [] : [bug.seed]
  const seeds = [...hint, ...Array.from({ length: seedsMax - hint.length }, (_, index) => index + 1)]
  for (const [index, seed] of seeds.entries()) {
    const [violation] = (await simulate(makeScenario(seed))).violations
    if (violation !== undefined) return { seeds: index + 1, seed, what: `law ${violation.law}: ${violation.what}` }
  }
  return { seeds: seedsMax, seed: null, what: null }
}

async function huntByTests(bug: DeliberateBug, file: string): Promise<Catch> {
  const { promise, resolve, reject } = Promise.withResolvers<Catch>()
  const parameters = ['--import', './test/simulation/patched-modules.ts', '--test-reporter', 'tap']
  const child = startChild(process.execPath, [...parameters, file], {
    cwd: ROOT,
    env: { ...process.env, HOLDFAST_TEST_BUG: bug.name, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: SUITE_MS_MAX,
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text))
  child.on('error', reject)
  child.on('close', () => {
    // Where a suite failed, its tests tell more: they are indented further.
    const failures = [...output.matchAll(/^( *)not ok \d+ - (.*)$/gm)]
    const depth = Math.max(0, ...failures.map(([, indent]) => indent!.length))
    const failed = failures.filter(([, indent]) => indent!.length === depth).map(([, , name]) => name)
    if (!/^# tests \d+$/m.test(output)) reject(new Error(`${file} did not run:\n${output}`))
    resolve({ seeds: 0, seed: null, what: failed.length === 0 ? null : `${file}: ${failed.join('; ')}` })
  })
  return await promise
}
