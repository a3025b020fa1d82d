/** What a registry of `@prometheus-io/client` takes for a metric: numbers that are collected elsewhere are shown when it asks. */
import type { MetricType } from '@prometheus-io/client'
import type { Histogram } from '../engine/histogram.ts'

export type Labels = Readonly<Record<string, string>>

interface Sample {
  readonly labels: Labels
  readonly value: number
  /** If it is not that of the metric. */
  readonly metricName?: string
}

export interface Shown {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly values: readonly Sample[]
}

type Values = Iterable<readonly [labels: Labels, value: number]>

const NO_LABELS: Labels = {}

export function counter(name: string, help: string, values: Values | number): Shown {
  return { name, help, type: 'counter', values: samplesOf(values) }
}

export function gauge(name: string, help: string, values: Values | number): Shown {
  return { name, help, type: 'gauge', values: samplesOf(values) }
}

export function histogram(
  name: string,
  help: string,
  values: Iterable<readonly [labels: Labels, histogram: Histogram]> | Histogram,
): Shown {
  const all = Symbol.iterator in values ? values : [[NO_LABELS, values] as const]
  return {
    name,
    help,
    type: 'histogram',
    values: [...all].flatMap(([labels, found]) => bucketsOf(name, labels, found)),
  }
}

function samplesOf(values: Values | number): readonly Sample[] {
  if (typeof values === 'number') return [{ labels: NO_LABELS, value: values }]
  return [...values].map(([labels, value]) => ({ labels, value }))
}

/** As Prometheus counts: each bucket has the smaller values too. */
function bucketsOf(name: string, labels: Labels, { bounds, counts, sum }: Histogram): readonly Sample[] {
  let count = 0
  const buckets = counts.map((more, index) => {
    count += more
    const le = index < bounds.length ? String(bounds[index]) : '+Inf'
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
