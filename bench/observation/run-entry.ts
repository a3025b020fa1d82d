/**
 * One case in a process of its own: `node run-entry.ts CASE FOLDER STRETCHES COMMANDS` prints a `Run` as JSON.
 *
 * Two ledgers, one without the case and one with it, are busy in turn, a stretch each. So both have the same compiled code and, a moment
 * apart, the same machine.
 */
import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { runLives } from '../lives.ts'
import { CASES, COMMAND_LOG, setCounting, type Case, type CaseName } from './cases.ts'

/** Of a stretch. */
export interface Stretch {
  readonly commandsPerSecond: number
  /** Processor time of the thread that decides, in microseconds per command. */
  readonly cpuUs: number
}

export interface Run {
  readonly without: readonly Stretch[]
  readonly with: readonly Stretch[]
}

const ACCOUNT = 'user:8'
const FUNDS = 10n ** 15n
const IN_FLIGHT = 1_000

const [name, folder, stretches, commands] = process.argv.slice(2) as [CaseName, string, string, string]
const { options, watch, logs = false, counts = false }: Case = CASES[name]

async function open(file: string, given: Parameters<typeof openLedger>[1]): Promise<EmbeddedLedger> {
  const ledger = await openLedger(`sqlite:${join(folder, file)}`, { sweep: false, ...given })
  await ledger.deposit({ account: ACCOUNT, amount: FUNDS })
  return ledger
}

async function stretch(ledger: EmbeddedLedger, isWith: boolean): Promise<Stretch> {
  setCounting(isWith || !counts)
  const used = process.threadCpuUsage()
  const { commandsPerSecond } = await runLives(ledger, {
    account: ACCOUNT,
    inFlight: IN_FLIGHT,
    commands: Number(commands),
  })
  if (isWith) await watched?.()
  // Lines of the log are written in a later turn.
  await new Promise((resolve) => setImmediate(resolve))
  const { user, system } = process.threadCpuUsage(used)
  return { commandsPerSecond, cpuUs: (user + system) / Number(commands) }
}

const plain = await open('without.db', { tracing: false })
const observed = await open('with.db', options(folder))
const watched = watch?.(observed)
const run = { without: [] as Stretch[], with: [] as Stretch[] }
// The first pairs are the warm-up.
const warmUp = Math.ceil(Number(stretches) / 4)
for (let pair = -warmUp; pair < Number(stretches); pair++) {
  const pairOf = { without: await stretch(plain, false), with: await stretch(observed, true) }
  if (pair < 0) continue
  run.without.push(pairOf.without)
  run.with.push(pairOf.with)
}
const file = join(folder, COMMAND_LOG)
assert.equal(existsSync(file) && statSync(file).size > 0, logs, 'what is logged')
assert.ok(observed.engine.measures.kinds.get('freeze')!.applied > 0)
assert.equal(plain.engine.measures.kinds.has('freeze'), !counts, 'what is counted')
setCounting(true)
await Promise.all([plain.close(), observed.close()])
process.stdout.write(JSON.stringify(run satisfies Run))
