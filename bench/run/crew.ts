/** The processes of one run, from their start until each has told what it saw. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { settledWithin } from '../load/deadline.ts'
import type { Assignment, FromWorker, Performed, Progress, ToWorker } from './assignment.ts'

/** A strategy that could not be played. */
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

  /** Resolves when every process is ready to begin. When `signal` fires, all of them end. @throws PlayFailed */
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

  /** Lets all of them begin at once. @throws PlayFailed */
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
    // In a group of its own: a Ctrl-C at the terminal reaches the lab alone, which then ends this one and what it started.
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
    // Whoever waits for the first of two must not have the second one reported as nobody's.
    ready.promise.catch(() => undefined)
    performed.promise.catch(() => undefined)
    let complaints = ''
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text))
    this.#child.on('message', (message: FromWorker) => {
      switch (message.tell) {
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
    this.#child.on('close', () => fail(`Its process ended too early. ${complaints.trim()}`))
    this.#tell({ tell: 'assignment', assignment })
  }

  begin(onProgress: () => void): void {
    this.#onProgress = onProgress
    this.#tell({ tell: 'begin' })
  }

  /** One that has told what it saw ends by itself, and writes its profile when Node was asked for one. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null && pid !== undefined) {
      const closed = once(this.#child, 'close')
      if (!this.#hasPerformed || !(await settledWithin(closed, END_MS_MAX))) killGroup(pid)
      await closed
    }
    // A service that it had started, and did not come to stop.
    if (pid !== undefined) killGroup(pid)
  }

  #tell(message: ToWorker): void {
    this.#child.send(message)
  }
}

/** The process and all that it started; nothing when they are gone. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // They have ended by themselves.
  }
}
