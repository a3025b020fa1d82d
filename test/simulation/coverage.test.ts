/** A simulation proves nothing about an event that never occurs in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REJECTION_PRECEDENCE, type FaultCode } from '../../src/domain/outcome.ts'
import { Tally } from './campaign.ts'
import { MISHAPS, type FaultKind } from './faults.ts'
import { makeScenario } from './scenario.ts'
import { simulate, type AnswerCode, type EffectKind } from './simulation.ts'

const SEEDS = 270

const FAULT_CODES: Readonly<Record<FaultCode, true>> = {
  overloaded: true,
  rate_limited: true,
  deadline_exceeded: true,
  contention: true,
  store_unavailable: true,
  store_misconfigured: true,
  clock_wrong: true,
  commit_in_doubt: true,
  store_refused: true,
  shutting_down: true,
  internal: true,
}

const FAULT_KINDS: Readonly<Record<Exclude<FaultKind, 'mishap'>, true>> = {
  partition: true,
  outage: true,
  return: true,
  revocation: true,
  slowness: true,
  stranger: true,
  crash: true,
  stop: true,
  demotion: true,
  clock: true,
  clock_ahead: true,
}

const EFFECTS: Readonly<Record<EffectKind, true>> = {
  open: true,
  deposit: true,
  charge: true,
  transfer: true,
  freeze: true,
  settle: true,
  'settle-part': true,
  amend: true,
  refund: true,
  release: true,
  expiry: true,
  'late-settle': true,
  declare: true,
  house: true,
  block: true,
  unblock: true,
  merge: true,
  rate: true,
}

test('every fault strikes, every command has its effect, every answer is given and every law is checked, many times', async () => {
  const tally = new Tally()
  for (let seed = 1; seed <= SEEDS; seed++) tally.add(await simulate(makeScenario(seed)))
  for (const kind of [...MISHAPS, ...(Object.keys(FAULT_KINDS) as Exclude<FaultKind, 'mishap'>[])])
    assert.ok((tally.hits.get(kind) ?? 0) >= 10, `${kind}: ${tally.hits.get(kind)}`)
  for (const kind of Object.keys(EFFECTS) as EffectKind[]) {
    assert.ok((tally.applied.get(kind) ?? 0) >= 50, `${kind}: ${tally.applied.get(kind)}`)
  }
  const answers: readonly AnswerCode[] = [...REJECTION_PRECEDENCE, ...(Object.keys(FAULT_CODES) as FaultCode[])]
  for (const code of [...answers, 'applied', 'replayed', 'read', 'unanswered'] as const) {
    assert.ok((tally.answers.get(code) ?? 0) >= 3, `${code}: ${tally.answers.get(code)}`)
  }
  for (const law of [0, 1, 2, 3, 4, 5, 6, 7, 8]) assert.ok((tally.checks.get(law) ?? 0) >= 1_000, `law ${law}`)
})
