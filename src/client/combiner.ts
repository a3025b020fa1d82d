/**
 * Combines calls: the commands of calls that are made while requests are in progress are sent together in the next request.
 *
 *   offer ─▶ waiting ─▶ request ─▶ POST /v1/batches ─▶ outcomes ─▶ answers
 *               ▲                                         │
 *               └───────────── pause ◀── retryable faults
 *
 * States (requests can be in progress in both):
 *
 *   at rest ──a parcel waits, or a request has ended──▶ scheduled ──the turn ends──▶ at rest
 *
 * A single call is a batch request with one command, so there is only one way to send commands and to read answers.
 * No timer delays a request. Calls that are made in one turn of the event loop are sent together.
 */
import { LedgerError } from '../api/error.ts'
import type { BatchOutcome } from '../api/ledger.ts'
import { outcomeFromWire } from '../api/received.ts'
import type { BatchWire, OutcomeWire } from '../api/outcome-schemas.ts'
import { assertTransition, type Transitions } from '../domain/assert.ts'
import type { Command } from '../domain/command.ts'
import { call, unexpected, type HttpCall, type Service } from './http-call.ts'
import type { ClientLimits } from './limits.ts'
import type { Parcel } from './parcel.ts'
import { pauseAfter } from './pause.ts'

type State = 'at-rest' | 'scheduled'

const TRANSITIONS: Transitions<State> = { 'at-rest': ['scheduled'], scheduled: ['at-rest'] }

/** What becomes of the parcels of a request. */
export interface CombinerEvents {
  /** The service answered, whatever it decided. */
  readonly onServed: () => void
  readonly onFailed: (error: LedgerError) => void
  /** Sends parcels again after their pause, here or at another service. */
  readonly again: (parcels: readonly Parcel[]) => void
}

export class Combiner {
  readonly service: Service
  readonly #limits: ClientLimits
  readonly #events: CombinerEvents
  #waiting: Parcel[] = []
  #waitingCommands = 0
  #travellingCommands = 0
  #unansweredCommands = 0
  #requests = 0
  /** Whether the waiting parcels are sent at the end of this turn of the event loop. */
  #state: State = 'at-rest'
  /** Reduced when the service refuses a body as too large. */
  #charactersMax: number
  #onIdle: (() => void) | null = null

  constructor(service: Service, limits: ClientLimits, events: CombinerEvents) {
    this.service = service
    this.#events = events
    this.#limits = limits
    this.#charactersMax = limits.batchCharactersMax
  }

  /** Returns false, without taking the parcel, if too many commands are unanswered. */
  offer(parcel: Parcel): boolean {
    if (this.#unansweredCommands + parcel.size > this.#limits.unansweredCommandsMax) return false
    this.#unansweredCommands += parcel.size
    parcel.onAnswer(() => {
      this.#unansweredCommands -= parcel.size
      if (this.#unansweredCommands === 0) this.#onIdle?.()
    })
    this.#waiting.push(parcel)
    this.#waitingCommands += parcel.size
    this.#schedule()
    return true
  }

  /** Sends parcels that paused, which this or another combiner was offered. */
  adopt(parcels: readonly Parcel[]): void {
    this.#putFirst(parcels)
  }

  /** Resolves when all parcels that it was offered are answered. */
  async idle(): Promise<void> {
    if (this.#unansweredCommands === 0) return
    await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  #schedule(): void {
    if (this.#state === 'scheduled') return
    this.#become('scheduled')
    queueMicrotask(() => {
      this.#become('at-rest')
      while (this.#requests < this.#limits.connectionsMax && this.#waiting.length > 0) {
        const parcels = this.#take()
        if (parcels.length > 0) void this.#send(parcels)
      }
    })
  }

  #become(state: State): void {
    assertTransition(TRANSITIONS, this.#state, state)
    this.#state = state
  }

  /** The parcels of the next request: one connection's equal share of all commands, within the limits, but at least one parcel. */
  #take(): Parcel[] {
    const shareMax = Math.ceil((this.#waitingCommands + this.#travellingCommands) / this.#limits.connectionsMax)
    const commandsMax = Math.min(shareMax, this.#limits.batchCommandsMax)
    const parcels: Parcel[] = []
    let commands = 0
    let characters = 0
    let taken = 0
    for (const parcel of this.#waiting) {
      const { text } = parcel
      const fits = commands + parcel.size <= commandsMax && characters + text.length <= this.#charactersMax
      if (parcels.length > 0 && (!fits || parcel.atomic)) break
      taken += 1
      this.#waitingCommands -= parcel.size
      if (parcel.answered) continue
      parcels.push(parcel)
      commands += parcel.size
      characters += text.length
      if (parcel.atomic) break
    }
    this.#waiting.splice(0, taken)
    return parcels
  }

  async #send(parcels: readonly Parcel[]): Promise<void> {
    const body = bodyOf(parcels)
    const commands = parcels.reduce((sum, parcel) => sum + parcel.size, 0)
    const controller = new AbortController()
    const abandon = (): void => {
      if (parcels.every((parcel) => parcel.answered)) controller.abort()
    }
    for (const parcel of parcels) parcel.leave(abandon)
    this.#requests += 1
    this.#travellingCommands += commands
    const open = parcels.map((parcel) => parcel.open)
    try {
      const trace = parcels.find((parcel) => parcel.trace !== null)?.trace ?? null
      const outcomes = await this.#post(body, open, { trace, account: accountOf(parcels), controller })
      for (const parcel of parcels) parcel.arrive()
      if (outcomes instanceof LedgerError) this.#fail(parcels, outcomes, body.length)
      else this.#deliver(parcels, outcomes)
    } finally {
      this.#requests -= 1
      this.#travellingCommands -= commands
      this.#schedule()
    }
  }

  /** The outcomes of each parcel, or an error if the request failed as a whole. */
  async #post(
    body: string,
    open: readonly (readonly Command[])[],
    { trace, account, controller }: Pick<HttpCall, 'trace' | 'account' | 'controller'>,
  ): Promise<readonly (readonly BatchOutcome[])[] | LedgerError> {
    try {
      const timeoutMs = this.#limits.requestTimeoutMs
      return outcomesOf(
        await call(this.service, { path: '/v1/batches', body, timeoutMs, trace, account, controller }),
        open,
      )
    } catch (error) {
      return error instanceof LedgerError ? error : unexpected('The response could not be read.', { cause: error })
    }
  }

  #deliver(parcels: readonly Parcel[], outcomes: readonly (readonly BatchOutcome[])[]): void {
    const again: Parcel[] = []
    let worst: LedgerError | null = null
    for (const [index, parcel] of parcels.entries()) {
      if (parcel.answered) continue
      const error = parcel.receive(outcomes[index]!)
      if (error === null) continue
      again.push(parcel)
      if (worst === null || (error.retryAfterMs ?? 0) > (worst.retryAfterMs ?? 0)) worst = error
    }
    if (worst === null) return this.#events.onServed()
    this.#events.onFailed(worst)
    this.#retry(again, worst)
  }

  /** Handles a request that failed as a whole. If one parcel is the cause, the others are sent again. */
  #fail(parcels: readonly Parcel[], error: LedgerError, bodyCharacters: number): void {
    if (parcels.length > 1 && error.code === 'payload_too_large') {
      this.#charactersMax = Math.floor(bodyCharacters / 2)
      return this.#putFirst(parcels)
    }
    const culprit = culpritOf(parcels, error)
    if (culprit !== null) {
      culprit.parcel.refuse(culprit.position, culprit.error)
      return this.#putFirst(parcels)
    }
    this.#events.onFailed(error)
    for (const parcel of parcels) parcel.lose(error)
    this.#retry(parcels, error)
  }

  /** All parcels pause for the same time, so that they are sent together again. */
  #retry(parcels: readonly Parcel[], error: LedgerError): void {
    const chance = Math.random()
    const now = performance.now()
    const again: Parcel[] = []
    let longestMs = 0
    for (const parcel of parcels) {
      const pauseMs = pauseAfter(error, { failures: parcel.failures, chance }, this.#limits)
      if (pauseMs === null || now + pauseMs >= parcel.deadlineAt) {
        parcel.end()
      } else if (!parcel.answered) {
        parcel.pause()
        again.push(parcel)
        longestMs = Math.max(longestMs, pauseMs)
      }
    }
    if (again.length > 0) setTimeout(() => this.#events.again(again), longestMs)
  }

  #putFirst(parcels: readonly Parcel[]): void {
    const open = parcels.filter((parcel) => !parcel.answered)
    for (const parcel of open) {
      parcel.wait()
      this.#waitingCommands += parcel.size
    }
    this.#waiting = [...open, ...this.#waiting]
    this.#schedule()
  }
}

/** The one account that all parcels are sent by. */
function accountOf(parcels: readonly Parcel[]): string | null {
  const { account } = parcels[0]!
  return parcels.every((parcel) => parcel.account === account) ? account : null
}

function bodyOf(parcels: readonly Parcel[]): string {
  const commands = parcels.map((parcel) => parcel.text).join(',')
  return parcels[0]!.atomic ? `{"commands":[${commands}],"atomic":true}` : `{"commands":[${commands}]}`
}

/** The outcomes of each parcel, from the response to all of them. @throws LedgerError `unexpected_answer` */
function outcomesOf(answer: unknown, open: readonly (readonly Command[])[]): BatchOutcome[][] {
  const wires = (answer as Partial<BatchWire> | null)?.outcomes
  const expected = open.reduce((sum, commands) => sum + commands.length, 0)
  if (!Array.isArray(wires) || wires.length !== expected) throw unexpected('The service did not answer every command.')
  let at = 0
  return open.map((commands) => commands.map(({ kind }) => outcomeOf(kind, wires[at++]!)))
}

function outcomeOf(kind: Command['kind'], wire: OutcomeWire): BatchOutcome {
  try {
    return outcomeFromWire(kind, wire)
  } catch (cause) {
    const error = unexpected(`The service answered a ${kind} in a format that this client does not know.`, { cause })
    return { status: 'faulted', error }
  }
}

const COMMAND_POINTER = /^\/commands\/([0-9]+)(.*)$/s

/** The command that the service refused as invalid. The service can have other rules than this version of the client. */
function culpritOf(parcels: readonly Parcel[], error: LedgerError) {
  const [, number, pointer] = COMMAND_POINTER.exec(error.pointer ?? '') ?? []
  if (error.code !== 'invalid_request' || number === undefined || pointer === undefined) return null
  let position = Number(number)
  for (const parcel of parcels) {
    const count = parcel.open.length
    if (position < count) {
      return {
        parcel,
        position,
        error: error.changed({ pointer }),
      }
    }
    position -= count
  }
  return null
}
