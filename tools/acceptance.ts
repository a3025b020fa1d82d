/**
 * The acceptance that the incident asked for: many requests of one user at once, each repeated, on a running service.
 *
 *   npm run acceptance                     on a fresh embedded database in a temporary folder
 *   npm run acceptance -- --store URL      on this database
 *   npm run acceptance -- --url URL        on a service that runs already; with --store, its database is verified too
 *
 * Prints a table and exits 1 when a line of it fails, 2 when it could not be run. Every run uses an account of its own.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { listTable, styled } from '../src/cli/tables.ts'
import { runHoldfast, ServiceProcess } from '../harness/service-process.ts'
import { HttpCaller, type HttpAnswer } from './http-caller.ts'

/** Concurrent requests, as in the incident. */
const REQUESTS = 100
const ROUNDS = 5
const MEAN_MS_MAX = 50
const FUNDS = 1_000_000
const FROZEN = 616
const COST = 500

interface Line {
  readonly check: string
  readonly wanted: string
  readonly found: string
  readonly ok: boolean
}

try {
  await main()
} catch (error) {
  // For a wrong address or option the message is enough; a stack trace would not help.
  process.stderr.write(`${(error instanceof Error ? error.message : String(error)).trim()}\n`)
  process.exitCode = 2
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { store: { type: 'string' }, url: { type: 'string' } } })
  const lines = await acceptanceOf(values)
  const rows = lines.map(({ check, wanted, found, ok }) => [
    check,
    wanted,
    found,
    ok ? styled('green', 'ok') : styled('red', 'FAILED'),
  ])
  console.log(listTable(['check', 'wanted', 'found', 'result'], rows))
  const failed = lines.filter(({ ok }) => !ok).length
  console.log(failed === 0 ? '\nAccepted.' : `\nNot accepted: ${failed} of ${lines.length} lines failed.`)
  if (failed > 0) process.exitCode = 1
}

async function acceptanceOf({ store, url }: { store?: string; url?: string }): Promise<readonly Line[]> {
  if (url !== undefined) return [...(await runAgainst(url)), ...(store === undefined ? [] : [await verifyLine(store)])]
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-acceptance-'))
  try {
    return await runOnStore(store ?? `sqlite:${join(folder, 'ledger.db')}`)
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function runOnStore(store: string): Promise<readonly Line[]> {
  const migrated = await runHoldfast(['migrate', '--store', store])
  if (migrated.exitCode !== 0) throw new Error(migrated.stderr.replace(/^error: /, ''))
  await using service = await ServiceProcess.start(store)
  console.log(`${store} served at ${service.url}`)
  const found = await runAgainst(service.url)
  const exitCode = await service.stop()
  const warnings = service.log.split('\n').filter((line) => /"level":[456]0.*"code":/.test(line)).length
  return [
    ...found,
    line('warnings and errors in the service’s log', 0, warnings),
    line('exit code of the service after SIGTERM', 0, exitCode),
    await verifyLine(store),
  ]
}

async function runAgainst(url: string): Promise<readonly Line[]> {
  using caller = new HttpCaller(url, new Agent({ keepAlive: true, maxSockets: REQUESTS }))
  // Warm-up, so that the first round does not measure compilation.
  await playRound(caller, await newUser(caller))

  const account = await newUser(caller)
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await playRound(caller, account))
  const frozen = rounds.flatMap((round) => round.frozen)
  const frozenAgain = rounds.flatMap((round) => round.frozenAgain)
  const ended = rounds.flatMap((round) => round.ended)
  const endedAgain = rounds.flatMap((round) => round.endedAgain)
  const all = [...frozen, ...frozenAgain, ...ended, ...endedAgain]
  const count = REQUESTS * ROUNDS
  return [
    line(`freezes of one user, ${REQUESTS} at once: answered 201`, count, countOf(frozen, 201)),
    line('settles and releases, half each, all at once: answered 200', count, countOf(ended, 200)),
    line('answers with a lock timeout or a deadlock', 0, all.filter(isLockTrouble).length),
    line(
      'other unsuccessful answers',
      0,
      all.filter((answer) => answer.status >= 300 && !isLockTrouble(answer)).length,
    ),
    meanLine('mean of the freezes', frozen),
    meanLine('mean of the settles and releases', ended),
    line('repeated freezes: the first answer again', count, replayCount(frozen, frozenAgain)),
    line('repeated settles and releases: the first answer again', count, replayCount(ended, endedAgain)),
    await booksLine(caller, account),
  ]
}

interface Round {
  readonly frozen: readonly HttpAnswer[]
  readonly frozenAgain: readonly HttpAnswer[]
  readonly ended: readonly HttpAnswer[]
  readonly endedAgain: readonly HttpAnswer[]
}

async function playRound(caller: HttpCaller, account: string): Promise<Round> {
  const holds = Array.from({ length: REQUESTS }, () => randomUUID())
  const freeze = (requestId: string) => caller.post('/v1/holds', { requestId, account, amount: FROZEN })
  const end = (hold: string, index: number) =>
    index % 2 === 0
      ? caller.post(`/v1/holds/${hold}/settle`, { amount: COST })
      : caller.post(`/v1/holds/${hold}/release`, {})
  return {
    frozen: await Promise.all(holds.map(freeze)),
    frozenAgain: await Promise.all(holds.map(freeze)),
    ended: await Promise.all(holds.map(end)),
    endedAgain: await Promise.all(holds.map(end)),
  }
}

async function newUser(caller: HttpCaller): Promise<string> {
  const account = `acceptance:${randomUUID()}`
  const { status, body } = await caller.post('/v1/deposits', { requestId: randomUUID(), account, amount: FUNDS })
  if (status !== 201) throw new Error(`The deposit failed with status ${status}: ${body}`)
  return account
}

function line(check: string, wanted: number | string, found: number | string | null): Line {
  return { check, wanted: String(wanted), found: String(found), ok: wanted === found }
}

function meanLine(check: string, answers: readonly HttpAnswer[]): Line {
  const ms = answers.map((answer) => answer.ms).sort((left, right) => left - right)
  const mean = ms.reduce((sum, one) => sum + one, 0) / ms.length
  const p99 = ms[Math.ceil(ms.length * 0.99) - 1]!
  const found = `${mean.toFixed(1)} ms (p99 ${p99.toFixed(1)} ms)`
  return { check, wanted: `under ${MEAN_MS_MAX} ms`, found, ok: mean < MEAN_MS_MAX }
}

function countOf(answers: readonly HttpAnswer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length
}

function isLockTrouble({ status, body }: HttpAnswer): boolean {
  return status >= 500 && /contention|deadlock|lock|busy|timeout|deadline/i.test(body)
}

/** Repeats must have the status and answer of the first, and say that they are repeats: in the body, and in the header. */
function replayCount(first: readonly HttpAnswer[], again: readonly HttpAnswer[]): number {
  return again.filter(({ status, body, headers }, index) => {
    const original = first[index]!
    const isMarked = headers['idempotent-replayed'] === 'true' && original.headers['idempotent-replayed'] === undefined
    return isMarked && status === original.status && isRepeatOf(body, original.body)
  }).length
}

/** The body of a repeated freeze also has the hold as it is now. */
function isRepeatOf(body: string, original: string): boolean {
  const { replayed, current: _, ...answer } = JSON.parse(body) as Record<string, unknown>
  const { replayed: before, current: none = null, ...first } = JSON.parse(original) as Record<string, unknown>
  return replayed === true && before === false && none === null && isDeepStrictEqual(answer, first)
}

/** Half of the holds were settled; nothing is held any more. */
async function booksLine(caller: HttpCaller, account: string): Promise<Line> {
  const { body } = await caller.get(`/v1/accounts/${account}`)
  const { balances } = JSON.parse(body) as { balances: { available: string; held: string; version: number }[] }
  const [balance] = balances
  const wanted = `${FUNDS - (ROUNDS * REQUESTS * COST) / 2} and 0, version ${1 + 2 * ROUNDS * REQUESTS}`
  return line(
    'available and held of the user',
    wanted,
    `${balance?.available} and ${balance?.held}, version ${balance?.version}`,
  )
}

async function verifyLine(store: string): Promise<Line> {
  if (store === 'memory:') return line('audit checks that pass on the database', 'not run', 'not run')
  const { exitCode, stdout, stderr } = await runHoldfast(['verify', '--store', store, '--json'])
  if (exitCode !== 0 && exitCode !== 1) throw new Error(stderr)
  const { checks } = JSON.parse(stdout) as { checks: { ok: boolean }[] }
  return line('audit checks that pass on the database', checks.length, checks.filter(({ ok }) => ok).length)
}
