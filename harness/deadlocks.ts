/**
 * A deadlock that is provoked by hand, for the demo of the alerts and the test of the runbook: a stranger locks one of two balances, a
 * transfer of the service locks the other one and waits, and then the stranger wants that one too.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectTo } from './server-client.ts'
import { runHoldfast } from './service-process.ts'

const [LEFT, RIGHT] = ['user:left', 'user:right']
const FUNDS = 1_000_000
/** InnoDB ends a deadlock at the cost of the transaction that has written least, which should be the service's. */
const ROWS = 2_000
/** Until the transfer surely waits, and far less than PostgreSQL waits before it looks for a deadlock. */
const WAIT_MS = 300

export class Deadlocks {
  readonly #serviceUrl: string
  readonly #storeUrl: string
  #number = 0

  constructor(serviceUrl: string, storeUrl: string) {
    this.#serviceUrl = serviceUrl
    this.#storeUrl = storeUrl
  }

  /** Why there can be none; null if there can. */
  get reason(): string | null {
    return this.#storeUrl.startsWith('sqlite:')
      ? 'SQLite has one lock for the whole file, so it has no deadlocks.'
      : null
  }

  /** Provokes one, and says what can be seen of it. */
  async provoke(): Promise<string> {
    const number = ++this.#number
    const before = await this.#absorbed()
    for (const account of [LEFT, RIGHT]) {
      await this.#post('/v1/deposits', { requestId: `deadlock:${account}`, account, amount: FUNDS })
    }
    const stranger = await connectTo(this.#storeUrl)
    try {
      await stranger.query('CREATE TABLE IF NOT EXISTS strange (n BIGINT PRIMARY KEY)')
      await stranger.query('BEGIN')
      await stranger.query(`INSERT INTO strange VALUES ${rowsFrom(number * ROWS)}`)
      await stranger.query(lock(RIGHT))
      const transfer = this.#post('/v1/transfers', { legs: [{ from: LEFT, to: RIGHT, amount: 1 }] })
      await sleep(WAIT_MS)
      await Promise.all([stranger.query(lock(LEFT)).then(() => stranger.query('COMMIT')), transfer])
    } finally {
      await stranger.end()
    }
    const absorbed = (await this.#absorbed()) - before
    const count = `${absorbed} ${absorbed === 1 ? 'deadlock' : 'deadlocks'}`
    return `The transfer was applied, after ${count} that no caller saw: holdfast_conflicts_total{kind="deadlock"}.\n\n${await this.#explained()}`
  }

  /** @throws Error when it is not applied */
  async #post(path: string, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(this.#serviceUrl + path, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
  }

  async #absorbed(): Promise<number> {
    const metrics = await (await fetch(`${this.#serviceUrl}/metrics`)).text()
    return Number(/^holdfast_conflicts_total\{kind="deadlock"\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
  }

  async #explained(): Promise<string> {
    const { stdout } = await runHoldfast(['doctor', '--store', this.#storeUrl, '--json'])
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] }
    const found = findings.find(({ id }) => id === 'deadlock.last')
    const lines = found === undefined ? ['nothing about it'] : [found.value, ...found.details]
    return `holdfast doctor --store '${this.#storeUrl}' says:\n${lines.map((line) => `  ${line}\n`).join('')}`
  }
}

interface Finding {
  readonly id: string
  readonly value: string
  readonly details: readonly string[]
}

function lock(account: string): string {
  return `SELECT id FROM balances WHERE account = '${account}' FOR UPDATE`
}

function rowsFrom(first: number): string {
  return Array.from({ length: ROWS }, (_, index) => `(${first + index})`).join(',')
}
