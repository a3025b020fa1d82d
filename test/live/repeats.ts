/**
 * The quiet end of a live run. Every acknowledged command is repeated and gets its first answer again. A command whose outcome is unknown
 * is repeated until the outcome is known.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from '../simulation/chance.ts'
import type { Findings } from '../simulation/findings.ts'
import { commandsOf, isQuestion, type Ask, type Call } from '../simulation/history.ts'
import { contentsOf, spell } from '../reference/spelling.ts'
import type { Send } from './caller.ts'
import type { Told } from './dispatches.ts'

/** There are no faults any more, but several engines write the same rows, so an attempt may still fail with a retryable error. */
const TRIES_MAX = 12
const PAUSE_MS = 60
const AT_ONCE = 24

const PATIENTLY = { timeoutMs: 30_000, abortAfterMs: null }

export interface Quiet {
  readonly send: Send
  /** The places that accept the request. */
  readonly placesFor: (ask: Ask) => readonly number[]
  readonly chance: Chance
  readonly findings: Findings
}

export async function repeatAll(calls: readonly Call[], quiet: Quiet): Promise<void> {
  const asks = [...distinct(calls).values()]
  const rest = asks.entries()
  const work = async (): Promise<void> => {
    for (const [, { ask, isAcknowledged, isRefused }] of rest) {
      // A refused command has its answer. A repeat may get another one.
      if (isAcknowledged) await repeat(ask, quiet)
      else if (!isRefused) await pursueToTheEnd(ask, quiet)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

interface Asked {
  readonly ask: Ask
  isAcknowledged: boolean
  isRefused: boolean
}

function distinct(calls: readonly Call[]): ReadonlyMap<string, Asked> {
  const asked = new Map<string, Asked>()
  for (const { ask, answer } of calls) {
    // An asset, a house account or a rate is repeated by its contents alone, and after a newer rate an older one is new again.
    const commands = isQuestion(ask) ? [] : commandsOf(ask)
    if (commands.length === 0) continue
    if (commands.some(({ kind }) => kind === 'rate' || kind === 'declare' || kind === 'house')) continue
    const key = commands.map(contentsOf).join()
    const known = asked.get(key) ?? { ask, isAcknowledged: false, isRefused: false }
    asked.set(key, known)
    if (answer?.result.kind !== 'outcome') continue
    if (answer.result.outcomes.every(({ status }) => status === 'applied')) known.isAcknowledged = true
    else known.isRefused = true
  }
  return asked
}

/** Repeats an acknowledged request: the outcomes must be replays of the first ones. */
async function repeat(ask: Ask, { findings, ...quiet }: Quiet): Promise<void> {
  const told = await untilCertain(ask, { findings, ...quiet })
  if (told?.result.kind !== 'outcome') return
  const { outcomes } = told.result
  const isFirst = outcomes.every((outcome) => outcome.status === 'applied' && outcome.replayed)
  findings.check(
    4,
    isFirst,
    () => `acknowledged before, but not answered as a repeat: ${spell(ask)} was answered ${spell(outcomes)}`,
  )
}

async function pursueToTheEnd(ask: Ask, quiet: Quiet): Promise<void> {
  const told = await untilCertain(ask, quiet)
  if (told?.result.kind !== 'outcome') return
  if (told.result.outcomes.every(({ status }) => status === 'applied')) await repeat(ask, quiet)
}

/** Null, with a violation, when no attempt gets a certain answer. */
async function untilCertain(ask: Ask, { send, placesFor, chance, findings }: Quiet): Promise<Told | null> {
  let told: Told | null = null
  for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
    told = await send(chance.pick(placesFor(ask)), ask, PATIENTLY)
    if (told !== null && told.result.kind !== 'fault') break
    await sleep(chance.exponential(PAUSE_MS * attempt))
  }
  const isKnown = told !== null && told.result.kind !== 'fault'
  findings.check(8, isKnown, () => `stuck: the answer to ${spell(ask)} stays ${spell(told?.result)}`)
  return isKnown ? told : null
}
