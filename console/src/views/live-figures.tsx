/** What the process does now: its metrics, read every few seconds, and the difference of two looks. */
import { useEffect, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { CallError, readText } from '../call.ts'
import { countText, durationText } from '../figures.ts'
import { lookAt, paceBetween, type Look, type Pace } from '../metrics-text.ts'
import { Card } from '../parts/card.tsx'
import { Chart, Legend, type Series } from '../parts/chart.tsx'
import { Notice, Problem } from '../parts/notice.tsx'
import { usePreferences } from '../preferences.ts'
import { useWords } from '../words/words.ts'

const LOOK_MS = 2_000
/** Ten minutes. */
const PACES_MAX = 300

interface Watched {
  readonly look: Look
  readonly paces: readonly Pace[]
}

/** Outlives the view, so that its charts are there again when the operator comes back. */
let watched: Watched | null = null

function take(look: Look): Watched {
  const pace = watched === null ? null : paceBetween(watched.look, look)
  watched = {
    look,
    paces: pace === null ? (watched?.paces ?? []) : [...(watched?.paces ?? []), pace].slice(-PACES_MAX),
  }
  return watched
}

export function LiveFigures() {
  const words = useWords()
  const [figures, setFigures] = useState(watched)
  const { data, error } = useQuery({
    queryKey: ['metrics'],
    queryFn: async () => lookAt(await readText(['metrics']), Date.now()),
    refetchInterval: LOOK_MS,
    retry: false,
  })
  useEffect(() => {
    if (data !== undefined && data.at !== watched?.look.at) setFigures(take(data))
  }, [data])
  if (error instanceof CallError && error.code === 'route_not_found') {
    return (
      <Notice tone="quiet" title={words.noMetrics}>
        {words.noMetricsHint}
      </Notice>
    )
  }
  if (error !== null) return <Problem error={error} />
  if (figures === null) return null
  return (
    <>
      <Tiles figures={figures} />
      <Charts paces={figures.paces} />
      <Refusals look={figures.look} />
    </>
  )
}

function Tiles({ figures: { look, paces } }: { readonly figures: Watched }) {
  const words = useWords()
  const { language } = usePreferences()
  const count = (value: number): string => countText(value, language)
  const pace = paces.at(-1)
  const lag = look.expiryLagSeconds
  return (
    <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-5">
      <Tile
        name={words.commandsPerSecond}
        value={pace === undefined ? '…' : count(pace.appliedPerSecond)}
        hint={words.queue(count(look.queue))}
      />
      <Tile
        name={words.latency}
        value={msText(pace?.medianMs, count) ?? '–'}
        hint={`${words.slowSeries} ${msText(pace?.slowMs, count) ?? ''}`}
      />
      <Tile
        name={words.refusedPerSecond}
        value={pace === undefined ? '…' : count(pace.rejectedPerSecond)}
        hint={words.faultedPerSecond(count(pace?.faultedPerSecond ?? 0))}
        isBad={(pace?.faultedPerSecond ?? 0) > 0}
      />
      <Tile
        name={words.expiryLag}
        value={lag === null ? '–' : lag < 1 ? '0 s' : durationText(lag * 1_000, language)}
        hint={words.expiryHint(count(look.expiryBacklog ?? 0))}
        isBad={(lag ?? 0) > 60}
      />
      <Tile
        name={words.conflicts}
        value={pace === undefined ? '…' : count(pace.conflictsPerSecond)}
        hint={words.conflictsHint}
      />
    </dl>
  )
}

function msText(ms: number | null | undefined, count: (value: number) => string): string | null {
  return ms === null || ms === undefined ? null : `${count(ms)} ms`
}

function Tile({
  name,
  value,
  hint,
  isBad = false,
}: {
  readonly name: string
  readonly value: string
  readonly hint: string
  readonly isBad?: boolean
}) {
  return (
    <div className="rounded-xl border border-line bg-surface p-4">
      <dt className="text-[0.8125rem] text-muted">{name}</dt>
      <dd>
        <span className={`figure block text-2xl font-semibold tracking-tight ${isBad ? 'text-bad' : ''}`}>{value}</span>
        <span className="text-[0.8125rem] text-muted">{hint}</span>
      </dd>
    </div>
  )
}

function Charts({ paces }: { readonly paces: readonly Pace[] }) {
  const words = useWords()
  // The last one is drawn over the others.
  const rates: readonly Series[] = [
    { name: words.faultedSeries, colour: '--bad', values: paces.map(({ faultedPerSecond }) => faultedPerSecond) },
    { name: words.rejectedSeries, colour: '--warn', values: paces.map(({ rejectedPerSecond }) => rejectedPerSecond) },
    { name: words.appliedSeries, colour: '--accent', values: paces.map(({ appliedPerSecond }) => appliedPerSecond) },
  ]
  const latencies: readonly Series[] = [
    { name: words.slowSeries, colour: '--warn', values: paces.map(({ slowMs }) => slowMs) },
    { name: words.medianSeries, colour: '--accent', values: paces.map(({ medianMs }) => medianMs) },
  ]
  return (
    <div className="grid grid-cols-1 gap-5 lg:grid-cols-2">
      <ChartCard title={words.commandsPerSecond} paces={paces} series={rates} />
      <ChartCard title={words.latency} paces={paces} series={latencies} unit=" ms" />
    </div>
  )
}

function ChartCard({
  title,
  paces,
  series,
  unit = '',
}: {
  readonly title: string
  readonly paces: readonly Pace[]
  readonly series: readonly Series[]
  readonly unit?: string
}) {
  const words = useWords()
  return (
    <Card title={title} aside={<Legend series={series} />}>
      {paces.length < 2 ? (
        <p className="flex h-[150px] items-center justify-center text-sm text-muted">{words.gathering}</p>
      ) : (
        <Chart label={title} times={paces.map(({ at }) => at)} series={series} unit={unit} />
      )}
    </Card>
  )
}

function Refusals({ look }: { readonly look: Look }) {
  const words = useWords()
  const rows = [...look.rejections].filter(([, count]) => count > 0).toSorted(([, one], [, other]) => other - one)
  const most = rows[0]?.[1] ?? 1
  return (
    <Card title={words.refusals} aside={<span className="text-[0.8125rem] text-muted">{words.refusalsHint}</span>}>
      {rows.length === 0 ? (
        <p className="text-sm text-muted">{words.noRefusals}</p>
      ) : (
        <ul className="grid gap-2.5 text-sm">
          {rows.map(([code, count]) => (
            <li key={code}>
              <span className="flex justify-between gap-4">
                <span>
                  <span className="font-mono text-[0.8125rem]">{code}</span>{' '}
                  <span className="text-muted">{words.problems[code] ?? ''}</span>
                </span>
                <span className="figure">{count.toLocaleString('en')}</span>
              </span>
              <span aria-hidden="true" className="mt-1 block h-1.5 rounded-full bg-sunken">
                <span className="block h-full rounded-full bg-warn" style={{ width: `${(100 * count) / most}%` }} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
