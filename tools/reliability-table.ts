/** Formats a reliability run as the tables of docs/reliability.md. */
import type { Marks } from '../bench/reporting/marks.ts'
import type { Note } from '../harness/notes.ts'
import type { ReliabilityRun } from './reliability-run.ts'

export const MARKS: Marks = {
  begin: '<!-- measured: npm run reliability writes what follows -->',
  end: '<!-- measured: until here -->',
}

type FaultNote = Extract<Note, { what: 'fault' }>

export function reliabilityTables(run: ReliabilityRun): string {
  const { madeAt, minutes, machine, servers } = run
  const versions = Object.entries({ SQLite: machine.versions['sqlite'] ?? '', ...servers })
  const stores = versions.map(([name, version]) => `${name} ${version}`).join(', ')
  return `
${minutes} minutes on ${madeAt.slice(0, 10)}: ${machine.cores} × ${machine.processor}, ${machine.memoryGb} GB, ${machine.system},
Holdfast ${machine.versions['holdfast'] ?? ''}, Node ${machine.versions['node'] ?? ''}; ${stores}.

${sumsOf(run)}

${faultsOf(run)}

${simulatedFaultsOf(run)}

${overloadOf(run)}
`
}

function sumsOf({ simulation, suites, notes }: ReliabilityRun): string {
  const real = sum(notes.filter((note) => note.what === 'commands').map(({ count }) => count))
  const faults = notes.filter((note) => note.what === 'fault')
  const kills = faults.filter(({ kind }) => kind.startsWith('SIGKILL'))
  const inputs = Map.groupBy(
    notes.filter((note) => note.what === 'inputs'),
    ({ kind }) => kind,
  )
  const rows = [
    ['simulation: seeds', count(simulation.seeds)],
    ['simulation: commands', count(simulation.commands)],
    ['simulation: commits', count(simulation.commits)],
    ['simulation: faults', count(sum(Object.values(simulation.faults)))],
    ['simulation: simulated hours', count(Math.round(simulation.simulatedHours))],
    ['real databases: commands under faults', count(real)],
    ['real databases: kills', count(kills.length)],
    ['real databases: other faults', count(faults.length - kills.length)],
    ...[...inputs].map(([kind, all]) => [`inputs: ${kind}`, count(sum(all.map((note) => note.count)))]),
    ['passed tests', count(sum(suites.map(({ passed }) => passed)))],
    ['broken promises', count(simulation.failedSeeds.length + suites.filter(({ ok }) => !ok).length)],
  ]
  return table(['what', 'how many'], rows, 1)
}

/** For real databases: the service recovered by itself, and the books were exact. */
function faultsOf({ notes }: ReliabilityRun): string {
  const faults = notes.filter((note) => note.what === 'fault')
  const groups = Map.groupBy(faults, ({ kind, store }) => `${kind}\n${store}`)
  const rows = [...groups.values()].map((group) => rowOf(group)).toSorted((a, b) => a.join().localeCompare(b.join()))
  return table(['fault', 'store', 'times', 'recovery time, median', 'maximum'], rows, 2)
}

function rowOf(group: readonly FaultNote[]): string[] {
  const [{ kind, store }] = group as [FaultNote]
  const sorted = group.map(({ recoveryMs }) => recoveryMs).toSorted((left, right) => left - right)
  const median = sorted[sorted.length >> 1]!
  const isAway = sorted.at(-1)! > 0
  const ms = (value: number): string => (isAway ? `${count(value)} ms` : 'never stopped')
  return [kind, store, count(group.length), ms(median), ms(sorted.at(-1)!)]
}

function simulatedFaultsOf({ simulation: { faults } }: ReliabilityRun): string {
  const rows = Object.entries(faults).toSorted(([left], [right]) => left.localeCompare(right))
  return table(
    ['simulated fault', 'times'],
    rows.map(([kind, times]) => [kind, count(times)]),
    1,
  )
}

function overloadOf({ overload }: ReliabilityRun): string {
  if (overload === null) return 'Overload was not measured.'
  const { normal, served, refused, memoryMb, commands, offeredPerSecond, normalAgainMs } = overload
  const rate = (perSecond: number): string => `${count(Math.round(perSecond))}/s`
  const ms = (value: number | null): string => (value === null ? '—' : `${count(Math.round(value))} ms`)
  const memory =
    memoryMb === null
      ? ''
      : ` Memory grew from ${Math.round(memoryMb.before)} to at most ${Math.round(memoryMb.peak)} MB.`
  const rows = [
    ['closed loop', rate(normal.perSecond), ms(normal.p50Ms), ms(normal.p99Ms)],
    ['overload: served', rate(served.perSecond), ms(served.p50Ms), ms(served.p99Ms)],
    ['overload: refused', rate(refused.perSecond), ms(refused.p50Ms), ms(refused.p99Ms)],
  ]
  return `${table([`requests of ${commands} freezes on SQLite`, 'rate', 'p50', 'p99'], rows, 1)}

${rate(offeredPerSecond)} were offered. Normal service resumed ${ms(normalAgainMs)} after the last of them was due.${memory}`
}

/** @param textColumns the first columns; the others are numbers */
function table(head: readonly string[], rows: readonly (readonly string[])[], textColumns: number): string {
  const line = head.map((_, index) => (index < textColumns ? '---' : '---:'))
  return [head, line, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

function count(value: number): string {
  return value.toLocaleString('en')
}
