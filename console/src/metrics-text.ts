/** Samples of the text format of Prometheus, as far as the console shows them. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const LINE = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i
const LABEL = /([a-z_]\w*)="((?:[^"\\]|\\.)*)"/gi

export function samplesIn(text: string): readonly Sample[] {
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = LINE.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    const pairs = [...labels.matchAll(LABEL)].map(([, key, text]) => [key!, text!] as const)
    samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) })
  }
  return samples
}

/** What one look at the metrics of a process says. Counters are since its start. */
export interface Look {
  /** In milliseconds. */
  readonly at: number
  readonly version: string
  readonly applied: number
  readonly rejected: number
  readonly faulted: number
  /** Rejections by their code. */
  readonly rejections: ReadonlyMap<string, number>
  readonly conflicts: number
  /** Commands that took at most so many seconds, by the bound; in order. */
  readonly durations: ReadonlyMap<number, number>
  readonly queue: number
  readonly expiryLagSeconds: number | null
  readonly expiryBacklog: number | null
}

const COMMANDS = 'holdfast_commands_total'

export function lookAt(text: string, at: number): Look {
  const samples = samplesIn(text)
  const named = (name: string) => samples.filter((sample) => sample.name === name)
  const sum = (some: readonly Sample[]) => some.reduce((total, { value }) => total + value, 0)
  const gauge = (name: string) => named(name)[0]?.value ?? null
  const commands = named(COMMANDS)
  const ended = (outcome: string) => commands.filter(({ labels }) => labels['outcome'] === outcome)
  return {
    at,
    version: named('holdfast_build_info')[0]?.labels['version'] ?? '',
    applied: sum([...ended('applied'), ...ended('replayed')]),
    rejected: sum(ended('rejected')),
    faulted: sum(ended('faulted')),
    rejections: totals(ended('rejected'), ({ code = '' }) => code),
    conflicts: sum(named('holdfast_conflicts_total')),
    durations: bounds(named('holdfast_command_duration_seconds_bucket')),
    queue: gauge('holdfast_queue_commands') ?? 0,
    expiryLagSeconds: gauge('holdfast_expiry_lag_seconds'),
    expiryBacklog: gauge('holdfast_expiry_backlog'),
  }
}

function totals(samples: readonly Sample[], keyOf: (labels: Sample['labels']) => string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const { labels, value } of samples) found.set(keyOf(labels), (found.get(keyOf(labels)) ?? 0) + value)
  return found
}

function bounds(samples: readonly Sample[]): ReadonlyMap<number, number> {
  const found = totals(samples, ({ le = '' }) => le)
  const entries = [...found].map(([bound, count]) => [bound === '+Inf' ? Infinity : Number(bound), count] as const)
  return new Map(entries.toSorted(([one], [other]) => one - other))
}

/** What happened between two looks at one process. */
export interface Pace {
  /** Of the later look, in seconds. */
  readonly at: number
  readonly appliedPerSecond: number
  readonly rejectedPerSecond: number
  readonly faultedPerSecond: number
  readonly conflictsPerSecond: number
  /** In milliseconds; null if nothing was answered. */
  readonly medianMs: number | null
  readonly slowMs: number | null
}

/** @returns null if the process was started again in between: its counters began at 0 */
export function paceBetween(before: Look, after: Look): Pace | null {
  const seconds = (after.at - before.at) / 1_000
  const rate = (name: 'applied' | 'rejected' | 'faulted' | 'conflicts') => (after[name] - before[name]) / seconds
  if (seconds <= 0 || after.applied < before.applied || after.rejected < before.rejected) return null
  const durations = [...after.durations].map(
    ([bound, count]) => [bound, count - (before.durations.get(bound) ?? 0)] as const,
  )
  return {
    at: after.at / 1_000,
    appliedPerSecond: rate('applied'),
    rejectedPerSecond: rate('rejected'),
    faultedPerSecond: rate('faulted'),
    conflictsPerSecond: rate('conflicts'),
    medianMs: quantileMs(durations, 0.5),
    slowMs: quantileMs(durations, 0.99),
  }
}

/** Within a bucket, values count as evenly spread, as Prometheus does. */
function quantileMs(buckets: readonly (readonly [bound: number, count: number])[], part: number): number | null {
  const total = buckets.at(-1)?.[1] ?? 0
  if (total <= 0) return null
  const rank = part * total
  let [low, below] = [0, 0]
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      const width = bound === Infinity ? 0 : bound - low
      return 1_000 * (low + (width * (rank - below)) / Math.max(1, count - below))
    }
    ;[low, below] = [bound, count]
  }
  return null
}
