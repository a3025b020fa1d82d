/**
 * The number of inputs of the hostile suites, and their seed. Three variables:
 *
 * - `HOLDFAST_HOSTILE_FACTOR`: a factor for the usual number of inputs; 0.1 for a quick run, 100 for a night. Default 1.
 * - `HOLDFAST_HOSTILE_SEED`: the seed. By default it is random; it is printed.
 * - `HOLDFAST_HOSTILE_PATH`: with the seed, the path to one failing case, as the failure printed it.
 *
 * Every suite prints the number of its inputs.
 */
import { randomInt } from 'node:crypto'
import fc from 'fast-check'

const SEED_MAX = 0x7fff_ffff
const INPUTS_MIN = 10

const FACTOR = numberOf('HOLDFAST_HOSTILE_FACTOR', 1)
const SEED = numberOf('HOLDFAST_HOSTILE_SEED', randomInt(SEED_MAX))
const PATH = process.env['HOLDFAST_HOSTILE_PATH'] ?? ''

function numberOf(variable: string, fallback: number): number {
  const text = process.env[variable] ?? ''
  if (text === '') return fallback
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`${variable} must be a number from 0, not "${text}".`)
  return value
}

/** The number of inputs, for the usual number `usual`. */
export function inputsOf(usual: number): number {
  return Math.max(INPUTS_MIN, Math.round(usual * FACTOR))
}

/** One line per suite, as a reliability report quotes it. */
export function tell(suite: string, inputsCount: number): void {
  process.stdout.write(`Hostile inputs: ${suite}: ${inputsCount} (seed ${SEED})\n`)
}

/**
 * Tries the number of inputs of the budget. A failure is shrunk, and shows how to repeat it.
 * Shrinking tries more inputs; they are not counted.
 */
export async function tryInputs<Input>(
  suite: string,
  usual: number,
  inputs: fc.Arbitrary<Input>,
  check: (input: Input) => Promise<void> | void,
): Promise<void> {
  const numRuns = inputsOf(usual)
  const details = await fc.check(
    fc.asyncProperty(inputs, async (input) => await check(input)),
    { seed: SEED, numRuns, ...(PATH === '' ? {} : { path: PATH }) },
  )
  tell(suite, details.numRuns)
  if (!details.failed) return
  const again = `HOLDFAST_HOSTILE_SEED=${details.seed} HOLDFAST_HOSTILE_PATH=${details.counterexamplePath ?? ''}`
  const shown = fc.stringify(details.counterexample?.[0])
  const cause = details.errorInstance
  throw new Error(
    `${suite}: after ${details.numRuns} inputs. To play it again: ${again}\n${shown}\n${messageOf(cause)}`,
    {
      cause,
    },
  )
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
