/**
 * What `rate(freeze_lock_timeout_total[5m]) > 0.1` means: a Prometheus is given the counters of services with different traffic, and is
 * asked that, and for the share of the freezes that time out.
 */
import { Prometheus } from '../../harness/prometheus.ts'

export interface Traffic {
  readonly freezesPerSecond: number
  readonly timeoutsPerSecond: number
}

export interface AlertFigure extends Traffic {
  /** What Prometheus answers to the expressions below. */
  readonly rate: number
  readonly fires: boolean
  readonly share: number
  readonly shareFires: boolean
}

const TRAFFIC: readonly Traffic[] = [
  { freezesPerSecond: 1_000, timeoutsPerSecond: 0.2 },
  { freezesPerSecond: 10, timeoutsPerSecond: 0.2 },
  { freezesPerSecond: 0.5, timeoutsPerSecond: 0.08 },
  { freezesPerSecond: 0.05, timeoutsPerSecond: 0.05 },
]

const RATE = 'rate(freeze_lock_timeout_total[5m])'
const SHARE = 'rate(freeze_lock_timeout_total[5m]) / rate(freeze_total[5m])'
const LIMIT = 0.1

const SCRAPE_SECONDS = 15
const SECONDS = 900
/** So old that the blocks are complete, and younger than Prometheus keeps them. */
const AGE_SECONDS = 4 * 60 * 60

export async function askAboutRates(): Promise<readonly AlertFigure[]> {
  const endsAt = Math.floor(Date.now() / 1_000) - AGE_SECONDS
  await using prometheus = await Prometheus.start([], { everySeconds: SCRAPE_SECONDS, history: historyUntil(endsAt) })
  const ask = async (expression: string): Promise<ReadonlyMap<string, number>> => {
    const samples = await prometheus.query(expression, endsAt)
    return new Map(samples.map(({ metric, value }) => [metric['service']!, value]))
  }
  const [rates, firing] = [await ask(RATE), await ask(`${RATE} > ${LIMIT}`)]
  const [shares, sharesFiring] = [await ask(SHARE), await ask(`${SHARE} > ${LIMIT}`)]
  return TRAFFIC.map((traffic, number) => {
    const service = String(number)
    return {
      ...traffic,
      rate: Number(rates.get(service)!.toPrecision(3)),
      fires: firing.has(service),
      share: Number(shares.get(service)!.toPrecision(3)),
      shareFires: sharesFiring.has(service),
    }
  })
}

/** The counters as they were scraped, in the text format of OpenMetrics. */
function historyUntil(endsAt: number): string {
  const family = (name: string, perSecondOf: (traffic: Traffic) => number): string => {
    const lines = TRAFFIC.flatMap((traffic, service) =>
      Array.from({ length: SECONDS / SCRAPE_SECONDS + 1 }, (_, scrape) => {
        const second = scrape * SCRAPE_SECONDS
        return `${name}_total{service="${service}"} ${perSecondOf(traffic) * second} ${endsAt - SECONDS + second}\n`
      }),
    )
    return `# TYPE ${name} counter\n${lines.join('')}`
  }
  const freezes = family('freeze', ({ freezesPerSecond }) => freezesPerSecond)
  return `${freezes}${family('freeze_lock_timeout', ({ timeoutsPerSecond }) => timeoutsPerSecond)}# EOF\n`
}
