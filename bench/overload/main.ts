/**
 * Runs the service under four times the load that it can serve: `npm run overload -- …`
 *
 *   --store URL        default: a new SQLite file
 *   --seconds N        duration of the load at capacity, and of the overload; default 5
 *   --factor N         multiple of the served rate; default 4
 *   --connections N    concurrent callers; default 3,000
 *   --commands N       freezes per request; default 20
 *   --json             prints the figures as one JSON object
 *
 * All freezes are on one account. Callers and service share the machine. Exits 1 when a bound is exceeded.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { listTable, styled } from '../../src/cli/tables.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { findingsOf } from './bounds.ts'
import { measureOverload, type OverloadResult, type Share } from './overload.ts'

const { values } = parseArgs({
  options: {
    store: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    factor: { type: 'string', default: '4' },
    connections: { type: 'string', default: '3000' },
    commands: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
})

const folder = await mkdtemp(join(tmpdir(), 'holdfast-overload-'))
try {
  await main(values.store ?? `sqlite:${join(folder, 'ledger.db')}`)
} finally {
  await rm(folder, { recursive: true })
}

async function main(store: string): Promise<void> {
  await migrateLedger(store)
  await using service = await ServiceProcess.start(store)
  const result = await measureOverload(service, {
    seconds: numberOf('seconds'),
    factor: numberOf('factor'),
    connections: numberOf('connections'),
    commands: numberOf('commands'),
  })
  const exitCode = await service.stop()
  const findings = findingsOf(result)
  if (exitCode !== 0 || findings.some(({ ok }) => !ok)) process.exitCode = 1
  if (values.json) console.log(JSON.stringify({ ...result, findings }))
  else print(result, findings)
}

function print(result: OverloadResult, findings: ReturnType<typeof findingsOf>): void {
  const { normal, served, refused, memoryMb, commands, offeredPerSecond } = result
  console.log(`Requests of ${commands} freezes for one user; ${rate(offeredPerSecond)} offered.\n`)
  const rows = [
    ['closed loop', rate(normal.perSecond), ms(normal.p50Ms), ms(normal.p99Ms), ''],
    rowOf('overload: served', served),
    rowOf('overload: refused', refused),
  ]
  console.log(listTable(['', 'requests', 'p50', 'p99', 'longest'], rows))
  if (memoryMb !== null) {
    const [before, peak, after] = [memoryMb.before, memoryMb.peak, memoryMb.after].map((mb) => Math.round(mb))
    console.log(`\nMemory: ${before} MB before, ${peak} MB peak, ${after} MB afterwards.\n`)
  }
  const lines = findings.map(({ what, found, bound, ok }) => [
    what,
    found,
    bound,
    ok ? styled('green', 'ok') : styled('red', 'BROKEN'),
  ])
  console.log(listTable(['', 'found', 'bound', ''], lines))
}

function rowOf(name: string, share: Share): string[] {
  return [name, rate(share.perSecond), ms(share.p50Ms), ms(share.p99Ms), ms(share.maxMs)]
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en')}/s`
}

function ms(value: number | null): string {
  return value === null ? '—' : `${value.toFixed(1)} ms`
}

function numberOf(name: 'seconds' | 'factor' | 'connections' | 'commands'): number {
  const value = Number(values[name])
  if (!Number.isFinite(value) || value <= 0) throw new RangeError(`--${name} must be a number above 0.`)
  return value
}
