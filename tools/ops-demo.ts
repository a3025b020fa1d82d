/**
 * Shows the metrics, the alerts and the dashboard at work:
 *
 *   npm run -s ops:demo
 *   npm run -s ops:demo -- --store mysql://root@127.0.0.1
 *   npm run -s ops:demo -- --store postgres://root@127.0.0.1/postgres
 *
 * Starts a service on a scratch database, a load with a stranger that holds locks, and, if it is installed, a Prometheus with the rules of
 * ops/prometheus. Enter provokes a deadlock, on the stores that have some, and shows what can be seen of it. Until Ctrl-C; then everything is
 * ended and removed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { openScratchServer } from '../bench/databases/scratch.ts'
import { Prometheus, withoutPrometheus } from '../harness/prometheus.ts'
import { runHoldfast, ServiceProcess } from '../harness/service-process.ts'
import { TextExporter } from '../harness/text-exporter.ts'
import { migrateLedger } from '../src/ledger.ts'
import { Deadlocks } from '../harness/deadlocks.ts'
import { keepCalling, keepDisturbing } from './ops-demo-load.ts'

const SCRAPE_SECONDS = 2
const VERIFY_MS = 60_000

const GRAPHS = [
  'instance:holdfast_command_duration_seconds:mean5m',
  'sum by (kind) (rate(holdfast_conflicts_total[1m]))',
  'sum by (outcome) (rate(holdfast_commands_total[1m]))',
]

const { values } = parseArgs({ options: { store: { type: 'string', default: 'sqlite:' } } })
try {
  await main(values.store)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = 1
}

async function main(store: string): Promise<void> {
  const stopped = stopSignal()
  await using server = await openScratchServer(store)
  await using closing = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-ops-'))
  closing.defer(() => rm(folder, { recursive: true, force: true }))
  const database = await server.create()
  closing.defer(() => database.drop())
  await migrateLedger(database.url)
  const service = await ServiceProcess.start(database.url)
  closing.defer(async () => void (await service.stop()))

  const load = new AbortController()
  const running = Promise.allSettled([
    keepCalling(service.url, load.signal).catch(complainUnless(load.signal)),
    keepDisturbing(database.url, load.signal).catch(complainUnless(load.signal)),
  ])
  closing.defer(async () => {
    load.abort()
    await running
  })

  const file = join(folder, 'ledger.prom')
  const verify = (): Promise<unknown> => runHoldfast(['verify', '--store', database.url, '--metrics', file])
  await verify()
  const timer = setInterval(() => void verify(), VERIFY_MS)
  closing.defer(() => clearInterval(timer))
  const exporter = closing.use(await TextExporter.start(file))
  const prometheus = await startPrometheus(service, exporter)
  if (prometheus !== null) closing.use(prometheus)
  const deadlocks = new Deadlocks(service.url, database.url)
  say(service.url, prometheus, deadlocks)
  closing.use(listenForEnter(deadlocks))
  await stopped
  process.stdout.write('\nStopping.\n')
}

async function startPrometheus(service: ServiceProcess, exporter: TextExporter): Promise<Prometheus | null> {
  if (withoutPrometheus() !== false) return null
  const jobs = [
    { job: 'holdfast', target: new URL(service.url).host },
    { job: 'node', target: exporter.target },
  ]
  return await Prometheus.start(jobs, { everySeconds: SCRAPE_SECONDS })
}

/** One deadlock at a time. */
function listenForEnter(deadlocks: Deadlocks): Disposable {
  const input = createInterface({ input: process.stdin })
  let running = Promise.resolve()
  input.on('line', () => {
    running = running.then(async () => {
      const text = deadlocks.reason ?? (await deadlocks.provoke().catch(String))
      process.stdout.write(`${text}\n`)
    })
  })
  return { [Symbol.dispose]: () => input.close() }
}

function say(url: string, prometheus: Prometheus | null, deadlocks: Deadlocks): void {
  const missing =
    'not installed: apt-get install prometheus (Debian, Ubuntu), brew install prometheus (macOS), then start this again'
  const graph = GRAPHS.map(
    (expression, index) => `g${index}.expr=${encodeURIComponent(expression)}&g${index}.tab=0&g${index}.range_input=5m`,
  )
  const lines = [
    ['service', url],
    ['metrics', `${url}/metrics`],
    ['readiness', `${url}/readyz`],
    ...(prometheus === null
      ? [['Prometheus', missing]]
      : [
          ['graphs', `${prometheus.url}/graph?${graph.join('&')}`],
          ['alerts', `${prometheus.url}/alerts`],
          ['targets', `${prometheus.url}/targets`],
        ]),
    [
      'Grafana',
      `import ops/grafana/holdfast.json${prometheus === null ? '' : `, with ${prometheus.url} as the data source`}`,
    ],
    ['runbook', 'docs/runbook.md'],
  ]
  const text = lines.map(([name, where]) => `${name!.padEnd(12)}${where}\n`).join('')
  process.stdout.write(
    `${text}\nA stranger holds locks for 7 s of every half minute: watch holdfast_conflicts_total{kind="lock_timeout"}.\n${
      deadlocks.reason === null
        ? 'Enter provokes a deadlock, and shows what can be seen of it.'
        : `${deadlocks.reason} With --store mysql://…, mariadb://… or postgres://…, Enter provokes one.`
    }\nCtrl-C ends it.\n`,
  )
}

/** Each further signal is ignored, so that cleaning up is not cut short: npm and the terminal both send one. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve())
  })
}

/** After a Ctrl-C the service may end before its callers do. */
function complainUnless(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) process.stderr.write(`The load ended: ${String(error)}\n`)
  }
}
