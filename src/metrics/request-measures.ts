/** The durations of HTTP requests, by the names of OpenTelemetry: method, route (the pattern), status. */
import { Histogram, SECONDS } from '../engine/histogram.ts'
import type { Labels } from './shown.ts'

/** Routes, methods and statuses are few, so this bound is only met by mistake. Further ones are not counted. */
const SERIES_MAX = 2_000

interface Series {
  readonly labels: Labels
  readonly histogram: Histogram
}

export class RequestMeasures {
  readonly #series = new Map<string, Series>()

  observe({
    method,
    route,
    status,
    seconds,
  }: {
    method: string
    route: string
    status: number
    seconds: number
  }): void {
    const key = `${method} ${status} ${route}`
    let series = this.#series.get(key)
    if (series === undefined) {
      if (this.#series.size >= SERIES_MAX) return
      const labels = { http_request_method: method, http_route: route, http_response_status_code: String(status) }
      series = { labels, histogram: new Histogram(SECONDS) }
      this.#series.set(key, series)
    }
    series.histogram.observe(seconds)
  }

  *durations(): Generator<readonly [Labels, Histogram], void> {
    for (const { labels, histogram } of this.#series.values()) yield [labels, histogram]
  }
}
