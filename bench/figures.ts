/**
 * Measures the embedded ledger: library, HTTP service, combining client and memory, in one run on this machine.
 *
 *   npm run figures -- [--rounds N] [--quick]
 *
 * Each figure is the median over the rounds. Rounds alternate, because a machine's speed varies during a run.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { connect } from '../src/client/index.ts'
import { openLedger } from '../src/ledger.ts'
import { HttpConnection } from './http-load.ts'
import { runLives, Stopwatch, type Figures } from './lives.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, quick: { type: 'boolean', default: false } },
})
const rounds = Number(values.rounds)
const scale = values.quick ? 0.05 : 1
const folder = mkdtempSync(join(tmpdir(), 'holdfast-figures-'))
const ACCOUNT = 'user:8'
const FUNDS = 10n ** 15n

function say(line = ''): void {
  process.stdout.write(`${line}\n`)
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[numbers.length >> 1]!
}

function medians(runs: readonly Figures[]): Figures {
  const of = (pick: (figures: Figures) => number): number => median(runs.map(pick))
  return {
    commands: runs[0]!.commands,
    commandsPerSecond: of((run) => run.commandsPerSecond),
    p50Ms: of((run) => run.p50Ms),
    p99Ms: of((run) => run.p99Ms),
  }
}

function row(name: string, runs: readonly Figures[]): void {
  const { commandsPerSecond, p50Ms, p99Ms } = medians(runs)
  const rate = Math.round(commandsPerSecond).toLocaleString('en-US')
  say(
    `${name.padEnd(58)} ${rate.padStart(9)}/s   p50 ${p50Ms.toFixed(2).padStart(6)} ms   p99 ${p99Ms.toFixed(2).padStart(6)} ms`,
  )
}

async function library(): Promise<void> {
  const results = new Map<number, Figures[]>([
    [1, []],
    [100, []],
    [1_000, []],
  ])
  await using ledger = await openLedger(`sqlite:${join(folder, 'library.db')}`)
  await ledger.deposit({ account: ACCOUNT, amount: FUNDS })
  await runLives(ledger, { account: ACCOUNT, inFlight: 100, commands: 40_000 * scale })
  for (let round = 0; round < rounds; round++) {
    for (const [inFlight, runs] of results) {
      const commands = (inFlight === 1 ? 4_000 : 200_000) * scale
      runs.push(await runLives(ledger, { account: ACCOUNT, inFlight, commands }))
    }
  }
  for (const [inFlight, runs] of results) row(`library, one user, freeze and settle, ${inFlight} in flight`, runs)
}

interface Service {
  readonly url: string
  readonly port: number
  readonly process: ChildProcess
}

async function start(script: string, ...args: string[]): Promise<Service> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
    if (url !== undefined) {
      child.stdout.resume()
      return { url, port: Number(new URL(url).port), process: child }
    }
  }
  throw new Error(`${script} did not start.`)
}

async function freezes(service: Service, connections: number, commands: number): Promise<Figures> {
  const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(service.port)))
  const body = JSON.stringify({ account: ACCOUNT, amount: '616' })
  const clock = new Stopwatch()
  let begun = 0
  await Promise.all(
    open.map(async (connection) => {
      while (begun < commands) {
        begun++
        const { status, body: answer } = await clock.time(() => connection.post('/v1/holds', body))
        if (status !== 201) throw new Error(`Status ${status}: ${answer}`)
      }
      connection.close()
    }),
  )
  return clock.figures()
}

async function service(): Promise<void> {
  const store = `sqlite:${join(folder, 'service.db')}`
  const holdfast = await start('src/cli/main.ts', 'serve', '--store', store, '--port', '0', '--log-level', 'silent')
  const constant = await start('bench/constant-server.ts')
  const client = connect(holdfast.url)
  await client.deposit({ account: ACCOUNT, amount: FUNDS })
  const one: Figures[] = []
  const bare: Figures[] = []
  const combined: Figures[] = []
  for (let round = 0; round <= rounds; round++) {
    const commands = 30_000 * scale
    const runs = [
      await freezes(constant, 100, commands),
      await freezes(holdfast, 100, commands),
      await runLives(client, { account: ACCOUNT, inFlight: 1_000, commands: 100_000 * scale }),
    ] as const
    if (round === 0) continue // Warm-up.
    bare.push(runs[0])
    one.push(runs[1])
    combined.push(runs[2])
  }
  row('HTTP, the same route with a constant answer, 100 connections', bare)
  row('HTTP, one freeze per request, 100 connections', one)
  row('combining client, freeze and settle, 1,000 calls in flight', combined)
  const rate = (runs: readonly Figures[]): number => medians(runs).commandsPerSecond
  say(`  one freeze per request : constant answer    ${(rate(one) / rate(bare)).toFixed(2)}`)
  say(`  combining client : one freeze per request   ${(rate(combined) / rate(one)).toFixed(2)}`)
  await client.close()
  constant.process.kill()
  holdfast.process.kill('SIGTERM')
  await new Promise((resolve) => holdfast.process.once('exit', resolve))
}

async function memory(): Promise<void> {
  const total = 1_000_000 * scale
  await using ledger = await openLedger(`sqlite:${join(folder, 'memory.db')}`)
  await ledger.deposit({ account: ACCOUNT, amount: FUNDS })
  const resident: string[] = [`${residentMb()} before`]
  for (let part = 1; part <= 10; part++) {
    await runLives(ledger, { account: ACCOUNT, inFlight: 100, commands: total / 10 })
    resident.push(String(residentMb()))
  }
  say(`memory over ${total.toLocaleString('en-US')} commands, resident MB: ${resident.join(', ')}`)
}

function residentMb(): number {
  return Math.round(process.memoryUsage.rss() / 1_000_000)
}

say(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, SQLite with synchronous=FULL`)
try {
  await library()
  await service()
  await memory()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
