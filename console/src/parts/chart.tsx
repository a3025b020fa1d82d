/** Lines over time, drawn by uPlot in the colours of the theme. */
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import { usePreferences } from '../preferences.ts'

export interface Series {
  readonly name: string
  /** A variable of the style sheet, such as `--accent`. */
  readonly colour: string
  readonly values: readonly (number | null)[]
}

interface ChartProps {
  /** What is shown, for those who do not see it. */
  readonly label: string
  /** In seconds since 1970. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly unit?: string
  readonly isOfDays?: boolean
  /** In pixels. */
  readonly height?: number
}

export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | null>(null)
  const { theme, language, zone } = usePreferences()
  const names = props.series.map(({ name }) => name).join()
  const { height = 150 } = props

  useEffect(() => {
    const element = place.current!
    const draw = (): void => {
      plot.current?.destroy()
      plot.current = new UPlot(optionsOf(props, element.clientWidth, zone === 'utc'), dataOf(props), element)
    }
    draw()
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }))
    resized.observe(element)
    const scheme = window.matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', draw)
    return () => {
      resized.disconnect()
      scheme.removeEventListener('change', draw)
      plot.current?.destroy()
      plot.current = null
    }
  }, [theme, language, zone, names, height])

  useEffect(() => {
    plot.current?.setData(dataOf(props))
  })

  return <div ref={place} role="img" aria-label={props.label} className="w-full overflow-hidden" style={{ height }} />
}

function dataOf({ times, series }: ChartProps): UPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])]
}

/** Room for the first and the last bar. */
const HALF_DAY_S = 43_200

function optionsOf(
  { series, unit = '', isOfDays = false, height = 150 }: ChartProps,
  width: number,
  isUtc: boolean,
): UPlot.Options {
  const colourOf = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const axis = {
    stroke: colourOf('--muted'),
    font: '11px system-ui, sans-serif',
    ticks: { show: false },
    grid: { stroke: colourOf('--line'), width: 1 },
  }
  const zoned = (seconds: number): Date =>
    isUtc || isOfDays ? UPlot.tzDate(new Date(seconds * 1e3), 'UTC') : new Date(seconds * 1e3)
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    tzDate: zoned,
    scales: {
      x: { time: true, ...(isOfDays ? { range: (_, first, last) => [first - HALF_DAY_S, last + HALF_DAY_S] } : {}) },
      y: { range: (_, low, high) => [Math.min(0, low), high <= 0 ? 1 : high * 1.15] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 70,
        values: (_, splits) => splits.map((at) => timeText(zoned(at), isOfDays)),
      },
      { ...axis, size: 52, space: 36, values: (_, splits) => splits.map((value) => `${compact(value)}${unit}`) },
    ],
    series: [
      {},
      ...series.map(({ name, colour }) => ({
        label: name,
        stroke: colourOf(colour),
        width: 2,
        points: { show: false },
        ...(isOfDays ? { paths: UPlot.paths.bars!({ size: [0.55, 36], radius: 0.2 }) } : {}),
        spanGaps: true,
        ...(colour === '--accent' ? { fill: `${colourOf(colour)}${isOfDays ? 'cc' : '22'}` } : {}),
      })),
    ],
  }
}

function timeText(at: Date, isOfDays: boolean): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  if (isOfDays) return `${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

function compact(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value)
}

/** Which line is which. */
export function Legend({ series }: { readonly series: readonly Series[] }) {
  return (
    <ul className="flex flex-wrap gap-x-4 text-[0.8125rem] text-muted">
      {series.toReversed().map(({ name, colour }) => (
        <li key={name} className="flex items-center gap-1.5">
          <span aria-hidden="true" className="h-2 w-2 rounded-full" style={{ background: `var(${colour})` }} />
          {name}
        </li>
      ))}
    </ul>
  )
}
