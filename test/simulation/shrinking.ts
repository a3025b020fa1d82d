/** Reduces a failing scenario: fewer faults, fewer clients, fewer requests, as long as the same law is broken. */
import { makeScenario, type Kept } from './scenario.ts'
import { simulate, type Report } from './simulation.ts'

export interface Shrunk {
  readonly kept: Kept
  readonly report: Report
}

/** Takes about `msMax` of real time at most. */
export async function shrink(report: Report, msMax: number): Promise<Shrunk> {
  const { seed } = report
  const law = report.violations[0]?.law
  const until = performance.now() + msMax
  const whole = makeScenario(seed)
  let best: Shrunk = { kept: {}, report }
  const fails = async (kept: Kept): Promise<boolean> => {
    const found = await simulate(makeScenario(seed, kept))
    if (!found.violations.some((violation) => violation.law === law)) return false
    best = { kept, report: found }
    return true
  }
  const isOver = (): boolean => performance.now() > until
  let faults = new Set(whole.faults.keys())
  let intents = new Set(whole.intents.map(({ number }) => number))
  for (let before = Infinity; before > faults.size + intents.size && !isOver();) {
    before = faults.size + intents.size
    faults = await smallest(faults, (rest) => fails({ faults: rest, intents }), isOver)
    for (const client of new Set(whole.intents.map((intent) => intent.client))) {
      const others = new Set(whole.intents.filter((intent) => intent.client !== client).map(({ number }) => number))
      const rest = new Set([...intents].filter((number) => others.has(number)))
      if (rest.size < intents.size && !isOver() && (await fails({ faults, intents: rest }))) intents = rest
    }
    intents = await smallest(intents, (rest) => fails({ faults, intents: rest }), isOver)
  }
  return best
}

/** Removes as many members as it can, in chunks that get smaller (https://doi.org/10.1109/32.988498, "ddmin"). */
async function smallest(
  members: Set<number>,
  fails: (rest: Set<number>) => Promise<boolean>,
  isOver: () => boolean,
): Promise<Set<number>> {
  let kept = [...members]
  for (let size = kept.length; size >= 1 && !isOver(); size = Math.floor(size / 2)) {
    for (let start = 0; start < kept.length && !isOver();) {
      const rest = [...kept.slice(0, start), ...kept.slice(start + size)]
      if (await fails(new Set(rest))) kept = rest
      else start += size
    }
  }
  return new Set(kept)
}

/** The command line that replays the reduced scenario. */
export function replayCommand(seed: number, kept: Kept): string {
  const parts = [`npm run simulate -- --seed ${seed}`]
  if (kept.intents !== undefined) parts.push(`--intents ${formatRanges(kept.intents)}`)
  if (kept.faults !== undefined) parts.push(`--faults ${formatRanges(kept.faults)}`)
  return parts.join(' ')
}

/** A list such as `0-3,7`; `none` for an empty set. */
export function formatRanges(numbers: ReadonlySet<number>): string {
  const ranges: [first: number, last: number][] = []
  for (const number of [...numbers].sort((left, right) => left - right)) {
    const range = ranges.at(-1)
    if (range !== undefined && range[1] === number - 1) range[1] = number
    else ranges.push([number, number])
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',') || 'none'
}

/** @throws RangeError for any text that `formatRanges` does not write */
export function parseRanges(text: string): Set<number> {
  if (text === 'none') return new Set()
  const numbers = new Set<number>()
  for (const part of text.split(',')) {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part)
    if (match === null) throw new RangeError(`"${text}" is not like 0-3,7 or none.`)
    for (let number = Number(match[1]); number <= Number(match[2] ?? match[1]); number++) numbers.add(number)
  }
  return numbers
}
