/** Law 6: what was acknowledged survives SIGKILL of the process, in the middle of load, several times over. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { LedgerError } from '../../src/api/error.ts'
import { BATCH_COMMANDS_MAX, type BatchOutcome, type CommandInput, type Ledger } from '../../src/api/ledger.ts'
import { connect } from '../../src/client/index.ts'
import type { Answer } from '../../src/domain/outcome.ts'
import { openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { ServiceProcess } from '../support/service-process.ts'

const KILLS = 4
const CALLERS = 40
const USERS = ['user:8', 'user:9', 'user:10'] as const
/** More than all callers together can spend. */
const FUNDS = 1_000_000_000n

type Sent = Extract<CommandInput, { kind: 'deposit' | 'transfer' | 'freeze' | 'settle' }>

interface Acknowledged {
  readonly command: Sent
  readonly answer: Answer
}

describe('SIGKILL in the middle of load', () => {
  const acknowledged: Acknowledged[] = []
  /** Sent, and never answered. */
  const lost: Sent[] = []
  let folder = ''
  let ledger: EmbeddedLedger

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-kill-'))
    const store = `sqlite:${join(folder, 'ledger.db')}`
    for (let kill = 0; kill < KILLS; kill++) {
      await using service = await ServiceProcess.start(store)
      const load = loadUntilLost(service.url, kill, { acknowledged, lost })
      // Not at a round moment: early and late in a batch, and around checkpoints.
      await sleep(300 + 137 * kill)
      await service.kill()
      await load
    }
    ledger = await openLedger(store)
  })

  after(async () => {
    await ledger.close()
    await rm(folder, { recursive: true })
  })

  test('it hit calls on their way, after many others were answered', () => {
    assert.ok(lost.length >= KILLS, `${lost.length} calls were lost`)
    assert.ok(acknowledged.length > 200, `${acknowledged.length} calls were answered`)
  })

  test('every law holds', async () => {
    const { auditor } = ledger.storage
    for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 10), [], check.title)
  })

  test('balances are those of the commands that are there, and nothing else', async () => {
    const present = acknowledged.map(({ command }) => command)
    for (const command of lost) if (await isThere(ledger, command)) present.push(command)
    const expected = totalsOf(present)
    for (const user of USERS) {
      const { balances } = await ledger.account(user)
      assert.equal(balances[0]?.total, expected.get(user), user)
    }
  })

  test('every acknowledged command is there with its answer', async () => {
    const outcomes = await repeatAll(
      ledger,
      acknowledged.map(({ command }) => command),
    )
    for (const [index, { answer, command }] of acknowledged.entries()) {
      assert.deepEqual(outcomes[index], { status: 'applied', replayed: true, answer }, idOf(command))
    }
  })

  test('a command that was never answered is there whole, or was never there and is applied now', async () => {
    const there = await Promise.all(lost.map((command) => isThere(ledger, command)))
    const outcomes = await repeatAll(ledger, lost)
    for (const [index, command] of lost.entries()) {
      const outcome = outcomes[index]!
      assert.equal(outcome.status, 'applied', idOf(command))
      assert.equal(outcome.status === 'applied' && outcome.replayed, there[index], idOf(command))
    }
    const { auditor } = ledger.storage
    for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 10), [], check.title)
  })
})

/** Keeps the service busy until it is gone. */
async function loadUntilLost(
  url: string,
  round: number,
  { acknowledged, lost }: { acknowledged: Acknowledged[]; lost: Sent[] },
): Promise<void> {
  // One attempt: what breaks stays broken, as for a caller that dies together with the service.
  await using client = connect(url, { limits: { attemptsMax: 1 } })
  const send = async (command: Sent): Promise<boolean> => {
    const [outcome] = await client.batch([command])
    if (outcome?.status === 'applied') {
      acknowledged.push({ command, answer: outcome.answer })
      return true
    }
    assert.equal(outcome?.error.code, 'service_unreachable', outcome?.error.message)
    lost.push(command)
    return false
  }
  const funded = USERS.map((account) =>
    send({ kind: 'deposit', requestId: `funds-${round}-${account}`, account, amount: FUNDS }),
  )
  await Promise.all(funded)
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    for (let turn = 0; ; turn++) {
      for (const command of commandsOf(`${round}-${caller}-${turn}`, caller + turn)) if (!(await send(command))) return
    }
  })
  await Promise.all(callers)
}

/** A caller's next commands, most of them for the same user. */
function commandsOf(id: string, seed: number): Sent[] {
  const account = seed % 4 === 0 ? 'user:9' : 'user:8'
  const amount = BigInt(1 + (seed % 100))
  switch (seed % 3) {
    case 0:
      return [{ kind: 'deposit', requestId: `deposit-${id}`, account, amount, memo: `memo ${id}`, metadata: { seed } }]
    case 1:
      return [{ kind: 'transfer', requestId: `transfer-${id}`, legs: [{ from: account, to: 'user:10', amount }] }]
    default:
      return [
        { kind: 'freeze', requestId: `hold-${id}`, account, amount, metadata: { seed } },
        { kind: 'settle', hold: `hold-${id}`, amount: amount / 2n },
      ]
  }
}

async function isThere(ledger: Ledger, command: Sent): Promise<boolean> {
  const found = command.kind === 'freeze' ? ledger.hold(idOf(command)) : ledger.entry(idOf(command))
  return await found.then(
    () => true,
    (error: unknown) => {
      assert.ok(error instanceof LedgerError && error.status === 404, String(error))
      return false
    },
  )
}

/** What its row or its entry is called. */
function idOf(command: Sent): string {
  return command.kind === 'settle' ? `${command.hold}~settle` : command.requestId!
}

async function repeatAll(ledger: Ledger, commands: readonly Sent[]): Promise<BatchOutcome[]> {
  const outcomes: BatchOutcome[] = []
  for (let first = 0; first < commands.length; first += BATCH_COMMANDS_MAX) {
    outcomes.push(...(await ledger.batch(commands.slice(first, first + BATCH_COMMANDS_MAX))))
  }
  return outcomes
}

/** What these commands leave to each user, held or not. */
function totalsOf(commands: readonly Sent[]): ReadonlyMap<string, bigint> {
  const totals = new Map<string, bigint>()
  const add = (account: string, amount: bigint): void => void totals.set(account, (totals.get(account) ?? 0n) + amount)
  const holders = new Map<string, string>()
  for (const command of commands) if (command.kind === 'freeze') holders.set(command.requestId!, command.account)
  for (const command of commands) {
    if (command.kind === 'deposit') add(command.account, command.amount)
    if (command.kind === 'settle') add(holders.get(command.hold)!, -command.amount)
    if (command.kind !== 'transfer') continue
    for (const { from, to, amount } of command.legs) {
      add(from, -amount)
      add(to, amount)
    }
  }
  return totals
}
