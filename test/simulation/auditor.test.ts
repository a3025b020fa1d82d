/** The auditor detects what it has to detect: a valid history that is falsified in one place is refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TransferCommand } from '../../src/domain/command.ts'
import type { Hold } from '../../src/domain/hold.ts'
import type { Rate } from '../../src/domain/rate.ts'
import { auditHistory, type History } from './auditor.ts'
import type { Answered, Call, Result } from './history.ts'
import { makeScenario } from './scenario.ts'
import { play } from './simulation.ts'

/** This seed has no faults, so every call was answered. */
const SEED = 12

type AnsweredCall = Call & { answer: Answered }

async function cleanHistory(): Promise<History> {
  return await play(makeScenario(SEED, { faults: new Set() }))
}

async function lawsBrokenIn(history: History): Promise<readonly number[]> {
  const { violations } = await auditHistory(history)
  return [...new Set(violations.map(({ law }) => law))]
}

/** The history with one call's result replaced. */
function withResult(history: History, call: AnsweredCall, result: Result): History {
  const forged = { ...call, answer: { ...call.answer, result } }
  return { ...history, calls: history.calls.map((one) => (one === call ? forged : one)) }
}

function findCall(history: History, fits: (call: AnsweredCall) => boolean): AnsweredCall {
  const found = history.calls.find((call): call is AnsweredCall => call.answer !== null && fits(call as AnsweredCall))
  assert.ok(found, 'there is no such call')
  return found
}

function firstOutcome({ answer }: AnsweredCall): unknown {
  return answer.result.kind === 'outcome' ? answer.result.outcomes[0] : null
}

function isApplied(call: AnsweredCall, kind: string): boolean {
  const outcome = firstOutcome(call) as { status?: string; replayed?: boolean } | null
  return call.ask.kind === kind && outcome?.status === 'applied' && outcome.replayed === false
}

describe('the auditor', () => {
  test('finds nothing in a history that is as it was', async () => {
    assert.deepEqual((await auditHistory(await cleanHistory())).violations, [])
  })

  test('misses what was acknowledged and is not there', async () => {
    const history = await cleanHistory()
    const log = history.log.slice(0, -1)
    assert.ok((await lawsBrokenIn({ ...history, log })).length > 0)
  })

  test('notices an effect of what was refused or failed', async () => {
    const history = await cleanHistory()
    const deposit = findCall(history, (call) => isApplied(call, 'deposit'))
    const others = history.calls.filter((call) => call === deposit || call.ask !== deposit.ask)
    const failed: Result = { kind: 'fault', code: 'overloaded', applied: 'no' }
    assert.ok((await lawsBrokenIn(withResult({ ...history, calls: others }, deposit, failed))).includes(7))
  })

  test('notices an answer that came before its commit', async () => {
    const history = await cleanHistory()
    const freeze = findCall(history, (call) => isApplied(call, 'freeze'))
    const early = { ...freeze, answer: { ...freeze.answer, tick: freeze.invokedTick + 0.5 } }
    const calls = history.calls.map((call) => (call === freeze ? early : call))
    assert.ok((await lawsBrokenIn({ ...history, calls })).includes(6))
  })

  test('notices two answers that were both told as new', async () => {
    const history = await cleanHistory()
    const freeze = findCall(history, (call) => isApplied(call, 'freeze'))
    assert.ok((await lawsBrokenIn({ ...history, calls: [...history.calls, { ...freeze }] })).includes(4))
  })

  test('notices a read that is older than an answer before it', async () => {
    const history = await cleanHistory()
    const account = 'probe:0'
    const late = findCall(history, ({ ask }) => ask.kind === 'read_account' && ask.account === account)
    const balances = [{ ...first(late), available: 100n, held: 0n, version: 1 }]
    const rows = { account, metadata: null, balances, next: null }
    assert.ok((await lawsBrokenIn(withResult(history, late, { kind: 'rows', rows }))).includes(0))
  })

  test('notices an exchange at a rate that was replaced before it was asked for', async () => {
    const history = await cleanHistory()
    const isExchange = (call: AnsweredCall): boolean =>
      isApplied(call, 'transfer') && (call.ask as TransferCommand).legs.some(({ toAsset }) => toAsset !== undefined)
    const exchange = findCall(history, (call) => call.isProbe && isExchange(call))
    const told = findCall(
      history,
      (call) => isApplied(call, 'rate') && call.isProbe && call.answer.tick < exchange.invokedTick,
    )
    const rate = { ...(firstOutcome(told) as { answer: Rate }).answer, version: 99 }
    const forged: Result = { kind: 'outcome', outcomes: [{ status: 'applied', replayed: true, answer: rate }] }
    const { violations } = await auditHistory(withResult(history, told, forged))
    assert.ok(violations.some(({ law, what }) => law === 0 && what.includes('99 had replaced before it was asked')))
  })

  test('notices rates that were changed behind its back', async () => {
    const history = await cleanHistory()
    const { rates } = history.tables
    const [pair, versions] = [...rates][0]!
    rates.set(pair, versions.with(0, { ...versions[0]!, numerator: 1_234n }))
    assert.ok((await lawsBrokenIn(history)).includes(1))
  })

  test('notices a repeat that is answered as the hold is now, and not as at first', async () => {
    const history = await cleanHistory()
    const isRepeat = (call: AnsweredCall): boolean =>
      call.ask.kind === 'freeze' && (firstOutcome(call) as { replayed?: boolean }).replayed === true
    const repeat = findCall(history, (call) => call.isProbe && isRepeat(call))
    const { answer } = firstOutcome(repeat) as { answer: Hold }
    const now = { ...answer, amount: answer.amount + 2n, held: answer.held + 2n }
    const forged: Result = { kind: 'outcome', outcomes: [{ status: 'applied', replayed: true, answer: now }] }
    assert.deepEqual(await lawsBrokenIn(withResult(history, repeat, forged)), [4])
  })

  test('notices a hold that is left though it is due, and changes of holds that were altered behind its back', async () => {
    const history = await cleanHistory()
    assert.deepEqual(await lawsBrokenIn({ ...history, endsAt: history.endsAt + 1_000_000 }), [8])
    const { holdChanges } = history.tables
    const [key, change] = [...holdChanges].find(([, { after }]) => after.id === 'probe-0-l')!
    for (const after of [
      { ...change.after, shortfall: 616n },
      { ...change.after, changes: 616 },
    ]) {
      holdChanges.set(key, { ...change, after })
      assert.ok((await lawsBrokenIn(history)).includes(5))
    }
    holdChanges.delete(key)
    assert.ok((await lawsBrokenIn(history)).includes(5))
  })

  test('notices two requests with one number', async () => {
    const history = await cleanHistory()
    const [first, second] = history.log.flatMap(({ changes }) => changes.entries)
    const log = history.log.map((transaction) => {
      const entries = transaction.changes.entries.map((entry) =>
        entry === second ? { ...entry, seq: first!.seq } : entry,
      )
      return { ...transaction, changes: { ...transaction.changes, entries } }
    })
    assert.deepEqual(await lawsBrokenIn({ ...history, log }), [4])
  })

  test('notices an entry that is of a moment which its clock had not come to', async () => {
    const history = await cleanHistory()
    const log = history.log.map((transaction) => ({ ...transaction, latest: transaction.latest - 100_000 }))
    assert.deepEqual(await lawsBrokenIn({ ...history, log }), [3])
  })

  test('notices a rejection that was never true', async () => {
    const history = await cleanHistory()
    const rejection = { code: 'hold_not_found', hold: 'probe-0-b' } as const
    const call = findCall(history, ({ ask }) => ask.kind === 'release' && ask.hold === rejection.hold)
    const others = history.calls.filter((one) => one === call || one.ask !== call.ask)
    const result: Result = { kind: 'outcome', outcomes: [{ status: 'rejected', rejection }] }
    assert.ok((await lawsBrokenIn(withResult({ ...history, calls: others }, call, result))).includes(0))
  })

  test('notices a fault without a cause, a wait without an end, and a call without an answer', async () => {
    const history = await cleanHistory()
    const ready = findCall(history, (call) => isApplied(call, 'charge') || isApplied(call, 'deposit'))
    const doubt: Result = { kind: 'fault', code: 'commit_in_doubt', applied: 'unknown' }
    assert.deepEqual(await lawsBrokenIn(withResult(history, ready, doubt)), [7])
    const slow = { ...ready, answer: { ...ready.answer, at: ready.answer.at + 60_000 } }
    assert.deepEqual(
      await lawsBrokenIn({ ...history, calls: history.calls.map((one) => (one === ready ? slow : one)) }),
      [8],
    )
    const calls = history.calls.map((one) => (one === ready ? { ...one, answer: null } : one))
    assert.deepEqual(await lawsBrokenIn({ ...history, calls }), [8])
  })

  test('notices rows that were changed behind its back', async () => {
    const history = await cleanHistory()
    const { balances } = history.tables
    const [key, balance] = [...balances].find(([name]) => name === 'probe:0 credit')!
    balances.set(key, { ...balance, available: balance.available + 1n })
    const laws = await lawsBrokenIn(history)
    assert.ok(laws.includes(1) && laws.includes(3), laws.join())
  })
})

function first({ answer }: AnsweredCall): object {
  assert.ok(answer.result.kind === 'rows')
  return (answer.result.rows as { balances: readonly object[] }).balances[0]!
}
