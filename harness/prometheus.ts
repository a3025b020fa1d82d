/** A Prometheus with the rules of ops/prometheus, started from the installed program with a data folder of its own. */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runChild, startChild } from './children.ts'

export const RULES = resolve(import.meta.dirname, '../ops/prometheus/rules.yml')

const VARIABLE = 'HOLDFAST_TEST_PROMETHEUS'
const START_MS_MAX = 60_000

/** Why there is none; false if `prometheus` and `promtool` are installed. */
export function withoutPrometheus(): string | false {
  const missing = ['prometheus', 'promtool'].find((name) => spawnSync(name, ['--version']).status !== 0)
  return missing === undefined ? false : `${missing} is not installed (apt-get install prometheus)`
}

/** Why tests with it are skipped. @throws Error if it is missing and HOLDFAST_TEST_PROMETHEUS is `required` */
export function prometheusUnderTest(environment: NodeJS.ProcessEnv = process.env): string | false {
  const reason = withoutPrometheus()
  if (reason !== false && environment[VARIABLE] === 'required') throw new Error(`${VARIABLE} is required: ${reason}.`)
  return reason
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

export interface ScrapedJob {
  readonly job: string
  /** Host and port. */
  readonly target: string
}

export interface PrometheusOptions {
  /** How often it asks the targets, and evaluates the rules. */
  readonly everySeconds: number
  /** Samples of the past, in the text format of OpenMetrics. */
  readonly history?: string
}

export class Prometheus implements AsyncDisposable {
  readonly url: string
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.#child = child
    this.#folder = folder
    this.url = url
  }

  /** On a free port of 127.0.0.1. @throws Error if it does not start */
  static async start(jobs: readonly ScrapedJob[], { everySeconds, history }: PrometheusOptions): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-prometheus-'))
    const configuration = join(folder, 'prometheus.yml')
    await writeFile(configuration, configurationOf(jobs, everySeconds))
    if (history !== undefined) await loadHistory(history, folder)
    const child = startChild(
      'prometheus',
      [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        '--web.listen-address=127.0.0.1:0',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    try {
      return new Prometheus(child, folder, await urlFrom(child))
    } catch (error) {
      await end(child)
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /**
   * The value of an expression.
   *
   * @param at in seconds since 1970; now by default
   * @throws Error with the reason of Prometheus for a bad expression
   */
  async query(expression: string, at?: number): Promise<readonly Sample[]> {
    const time = at === undefined ? '' : `&time=${at}`
    const { result } = (await this.#get(`query?query=${encodeURIComponent(expression)}${time}`)) as Answer
    return result.map(({ metric, value: [, text] }) => ({ metric, value: Number(text) }))
  }

  /** The rules as Prometheus has loaded them, with how their last evaluation went. */
  async rules(): Promise<readonly LoadedRule[]> {
    const { groups } = (await this.#get('rules')) as { readonly groups: readonly { rules: readonly LoadedRule[] }[] }
    return groups.flatMap(({ rules }) => rules)
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${path}`)
    const { data, error } = (await response.json()) as { readonly data?: unknown; readonly error?: string }
    if (error !== undefined) throw new Error(`Prometheus refused ${path}: ${error}`)
    return data
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#child)
    await rm(this.#folder, { recursive: true, force: true })
  }
}

interface Answer {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>
    readonly value: readonly [time: number, value: string]
  }[]
}

export interface LoadedRule {
  readonly name: string
  readonly type: 'alerting' | 'recording'
  readonly query: string
  /** `ok` after a successful evaluation, `unknown` before the first. */
  readonly health: string
  readonly lastError?: string
}

async function loadHistory(history: string, folder: string): Promise<void> {
  const file = join(folder, 'history.om')
  await writeFile(file, history)
  const words = ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, join(folder, 'data')]
  const { exitCode, stderr } = await runChild('promtool', words)
  if (exitCode !== 0) throw new Error(`promtool did not take the history: ${stderr}`)
}

function configurationOf(jobs: readonly ScrapedJob[], everySeconds: number): string {
  const scraped = jobs.map(
    ({ job, target }) => `  - { job_name: ${job}, static_configs: [{ targets: ['${target}'] }] }\n`,
  )
  return `global: { scrape_interval: ${everySeconds}s, scrape_timeout: ${everySeconds}s, evaluation_interval: ${everySeconds}s }
rule_files: ['${RULES}']
scrape_configs:
${scraped.join('')}`
}

/** Reads the address from the log, which goes on to be read so that the program never waits for its reader. */
async function urlFrom(child: ChildProcess): Promise<string> {
  const { promise, resolve: found, reject } = Promise.withResolvers<string>()
  let log = ''
  const limit = setTimeout(() => reject(new Error(`Prometheus did not start in time:\n${log}`)), START_MS_MAX)
  child.once('error', reject)
  child.once('close', () => reject(new Error(`Prometheus ended:\n${log}`)))
  child.stderr!.setEncoding('utf8').on('data', (part: string) => {
    if (log.includes('Server is ready')) return
    log += part
    const [, address] = /"Listening on" address=(\S+)/.exec(log) ?? []
    if (address !== undefined && log.includes('Server is ready')) found(`http://${address}`)
  })
  try {
    return await promise
  } finally {
    clearTimeout(limit)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}
