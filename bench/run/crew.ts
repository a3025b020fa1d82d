/** The processes of one run, from their start until each has reported. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { settledWithin } from '../load/deadline.ts'
import type { Assignment, FromWorker, Performed, Progress, ToWorker } from './assignment.ts'

/** A strategy failed to run. */
class PlayFailed extends Error {
  override readonly name = 'PlayFailed'
}

const END_MS_MAX = 5_000

const WORKER = new URL('./worker.ts', import.meta.url)

export class Crew implements AsyncDisposable {
  readonly #members: readonly Member[]

  private constructor(members: readonly Member[]) {
    this.#members = members
  }

  /** Resolves when every process is ready. When `signal` fires, all processes are ended. @throws PlayFailed */
  static async assemble(assignments: readonly Assignment[], signal: AbortSignal): Promise<Crew> {
    const crew = new Crew(assignments.map((assignment) => new Member(assignment)))
    signal.addEventListener('abort', () => void crew[Symbol.asyncDispose]())
    try {
      await Promise.all(crew.#members.map(({ ready }) => ready))
      return crew
    } catch (error) {
      await crew[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Starts all of them at the same time. @throws PlayFailed */
  async play(onProgress: (progress: readonly Progress[]) => void): Promise<readonly Performed[]> {
    for (const member of this.#members) member.begin(() => onProgress(this.#members.map(({ progress }) => progress)))
    return await Promise.all(this.#members.map(({ performed }) => performed))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map((member) => member.end()))
  }
}

class Member {
  readonly ready: Promise<void>
  readonly performed: Promise<Performed>
  progress: Progress = { at: 0, commands: 0, errors: 0, sample: null }
  readonly #child: ChildProcess
  #onProgress = (): void => {}
  #hasPerformed = false

  constructor(assignment: Assignment) {
    // In a process group of its own: Ctrl-C at the terminal reaches the lab only, which then ends this process and its children.
    this.#child = fork(WORKER, { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    const ready = Promise.withResolvers<void>()
    const performed = Promise.withResolvers<Performed>()
    this.ready = ready.promise
    this.performed = performed.promise
    const fail = (message: string): void => {
      const failure = new PlayFailed(message)
      ready.reject(failure)
      performed.reject(failure)
    }
    // The second rejection must not count as unhandled while the first is awaited.
    ready.promise.catch(() => undefined)
    performed.promise.catch(() => undefined)
    let complaints = ''
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text))
    this.#child.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'ready':
          return ready.resolve()
        case 'progress':
          this.progress = message.progress
          return this.#onProgress()
        case 'performed':
          this.#hasPerformed = true
          return performed.resolve(message.performed)
        case 'failed':
          return fail(message.message)
      }
    })
    this.#child.on('error', (error) => fail(error.message))
    this.#child.on('close', () => fail(`Its process ended early. ${complaints.trim()}`))
    this.#send({ kind: 'assignment', assignment })
  }

  begin(onProgress: () => void): void {
    this.#onProgress = onProgress
    this.#send({ kind: 'begin' })
  }

  /** A process ends by itself after its report, and writes a profile if Node was asked for one. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null && pid !== undefined) {
      const closed = once(this.#child, 'close')
      if (!this.#hasPerformed || !(await settledWithin(closed, END_MS_MAX))) killGroup(pid)
      await closed
    }
    // The service that it started and did not stop.
    if (pid !== undefined) killGroup(pid)
  }

  #send(message: ToWorker): void {
    this.#child.send(message)
  }
}

/** Ends the process and its children; no effect when they have ended. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // They have already ended.
  }
}
