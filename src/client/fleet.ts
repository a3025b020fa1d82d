/**
 * The services at the addresses of a client. They share one database, so any of them gives the same answers; calls about one account go to one
 * of them while it is there, because the commands of an account are combined only within a process.
 *
 * Rendezvous hashing (Thaler and Ravishankar, 1998): each account has an order of the services of its own. Without its first service, its calls go
 * to the second one, and the calls of all other accounts stay where they are.
 */
import type { LedgerError } from '../api/error.ts'
import type { ProblemCode } from '../api/problem.ts'
import type { Service } from './http-call.ts'
import { hashOf } from './hash.ts'

/** One service. */
export interface Member {
  readonly service: Service
}

/** After these, another service may answer at once. All others are about the command, the caller, or the database that all share. */
const LEAVE: ReadonlySet<ProblemCode> = new Set([
  'service_unreachable',
  'shutting_down',
  'overloaded',
  'clock_wrong',
  'store_unavailable',
])

/** How long a service that cannot serve is avoided; doubled with each failure in a row. */
const AWAY_MS_MIN = 1_000
const AWAY_MS_MAX = 10_000
/** A service that could not be reached gets calls again when it has answered a question within this time. */
const PROBE_MS_MAX = 2_000

interface State {
  /** An instant of `performance.now()`. */
  awayUntil: number
  failures: number
  /** Whether it has to answer a question before it gets calls again. */
  mustAnswer: boolean
}

export class Fleet<Each extends Member> {
  readonly #members: readonly Each[]
  readonly #states = new Map<Each, State>()

  /** @param members at least one */
  constructor(members: readonly Each[]) {
    this.#members = members
    for (const member of members) this.#states.set(member, { awayUntil: 0, failures: 0, mustAnswer: false })
  }

  get all(): readonly Each[] {
    return this.#members
  }

  /** The service for a call: the first of the order of `key` that is not avoided; the first of all when every one is. */
  pick(key: string): Each {
    const [only] = this.#members
    if (this.#members.length === 1) return only!
    const order = this.#members
      .map((member) => ({ member, weight: hashOf(`${member.service.url}\n${key}`) }))
      .toSorted((a, b) => b.weight - a.weight)
    return (order.find(({ member }) => this.#isThere(member)) ?? order[0]!).member
  }

  /** The service answered. */
  served(member: Each): void {
    const state = this.#states.get(member)!
    state.failures = 0
    state.mustAnswer = false
    state.awayUntil = 0
  }

  /** A call at this service failed. */
  failed(member: Each, error: LedgerError): void {
    if (this.#members.length === 1 || !LEAVE.has(error.code)) return
    const state = this.#states.get(member)!
    const awayMs = Math.min(AWAY_MS_MAX, Math.max(error.retryAfterMs ?? 0, AWAY_MS_MIN * 2 ** state.failures))
    state.failures += 1
    state.awayUntil = performance.now() + awayMs
    state.mustAnswer ||= error.code === 'service_unreachable'
  }

  #isThere(member: Each): boolean {
    const state = this.#states.get(member)!
    if (performance.now() < state.awayUntil) return false
    if (!state.mustAnswer) return true
    state.awayUntil = performance.now() + PROBE_MS_MAX
    void this.#ask(member, state)
    return false
  }

  /** No caller waits for a service that may be gone with its machine. */
  async #ask({ service }: Each, state: State): Promise<void> {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), PROBE_MS_MAX)
    try {
      const { url, headers } = service
      const { status } = await service.fetch(`${url}/readyz`, { method: 'GET', headers, signal: controller.signal })
      // Routes in a program of one's own may have no such route.
      if (status >= 500) return
      state.mustAnswer = false
      state.awayUntil = 0
    } catch {
      // It is asked again when a call would go there.
    } finally {
      clearTimeout(timer)
    }
  }
}
