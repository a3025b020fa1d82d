/** The application of the write-ups (bench/old-application.ts) as processes that tests call and kill. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { forkChild } from './children.ts'

/** The two groups of methods that the write-ups have: `freeze_amount_atomic` and its like, and those with row locks. */
export type Family = 'atomic' | 'locking'

/** Old methods alone, both by a share of users, or the ledger alone: the old code is gone. */
export type Share = 'old' | { readonly percent: number; readonly prefixes: readonly string[] } | 'ledger'

export type Shares = Readonly<Record<Family, Share>>

export interface Assignment {
  readonly kind: 'assignment'
  readonly url: string
  readonly dialect: 'mysql' | 'postgres'
  readonly services: readonly string[]
  /** The file of the module that shares users between the methods; it exports `sharedCredits`. */
  readonly module: string
  readonly shares: Shares
}

/** Makes the tables of the write-ups, where every user has the same coins. */
export interface Preparation {
  readonly kind: 'preparation'
  readonly users: readonly number[]
  readonly funds: number
}

export interface OldCall {
  readonly kind: 'call'
  readonly family: Family
  readonly method: 'freeze' | 'settle' | 'refund'
  readonly requestId: string
  readonly user: number
  /** What is frozen; what a settle costs. */
  readonly amount: number
}

export type ToApplication =
  | Assignment
  | { readonly kind: 'shares'; readonly shares: Shares }
  | ((Preparation | OldCall) & { readonly number: number })

/** @param code null: done. Otherwise why not: a code of the ledger, of a strategy or of a database. */
export interface OldAnswer {
  readonly number: number
  readonly code: string | null
  readonly message: string
}

const PROGRAM = resolve(import.meta.dirname, '../bench/old-application.ts')

/** Nobody knows whether the call had an effect. */
const KILLED = { number: 0, code: 'killed', message: 'The process was killed.' } as const

interface Life {
  readonly child: ChildProcess
  readonly closed: Promise<unknown>
  readonly waiting: Map<number, (answer: OldAnswer) => void>
}

export class OldApplication implements AsyncDisposable {
  readonly #lives: Life[]
  #assignment: Assignment
  #lastNumber = 0

  constructor(assignment: Assignment, processes: number) {
    this.#assignment = assignment
    this.#lives = Array.from({ length: processes }, () => started(assignment))
  }

  get processes(): number {
    return this.#lives.length
  }

  /** The processes answer in turn. */
  async ask(request: Preparation | OldCall): Promise<OldAnswer> {
    const number = ++this.#lastNumber
    const life = this.#lives[number % this.#lives.length]!
    const { promise, resolve: answered } = Promise.withResolvers<OldAnswer>()
    life.waiting.set(number, answered)
    // A process that was killed meanwhile has answered for all that waited.
    life.child.send({ ...request, number }, (error) => error !== null && answered(KILLED))
    return await promise.finally(() => life.waiting.delete(number))
  }

  /** From the next call on; no call may be under way. */
  share(shares: Shares): void {
    this.#assignment = { ...this.#assignment, shares }
    for (const { child } of this.#lives) child.send({ kind: 'shares', shares })
  }

  /** Kills a process, and starts another one in its place. */
  async replace(place: number): Promise<void> {
    const life = this.#lives[place]!
    life.child.kill('SIGKILL')
    await life.closed
    this.#lives[place] = started(this.#assignment)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#lives) child.kill('SIGKILL')
    await Promise.all(this.#lives.map(({ closed }) => closed))
  }
}

function started(assignment: Assignment): Life {
  const child = forkChild(PROGRAM, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const waiting = new Map<number, (answer: OldAnswer) => void>()
  child.on('message', (answer: OldAnswer) => waiting.get(answer.number)?.(answer))
  const closed = once(child, 'close').then(() => {
    for (const answered of waiting.values()) answered(KILLED)
  })
  child.send(assignment)
  return { child, closed, waiting }
}
