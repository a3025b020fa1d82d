/** A service whose log goes where the test wants it to, and the pipe that it may go to. */
import { execFileSync, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from '../../harness/children.ts'

const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts')
/** Long, so that a log of few requests is large. */
const CALL_ID = 'x'.repeat(128)
const TRACEPARENT = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
/** Only ends a hang. */
const ANSWER_MS_MAX = 20_000
const AT_ONCE = 50
const READ_BYTES_MAX = 1_048_576

type Stderr = number | 'pipe'

export interface LoggingOptions {
  readonly store: string
  readonly stderr: Stderr
  /** A module that is loaded before the service. */
  readonly preloaded?: string
  /** A shell's redirection, such as `2>&-`. */
  readonly redirection?: string
}

/** Logs every request. */
export class LoggingService implements AsyncDisposable {
  readonly url: string
  readonly child: ChildProcess
  /** Requests that were answered. */
  answeredCount = 0

  private constructor(child: ChildProcess, url: string) {
    this.child = child
    this.url = url
  }

  static async start({ store, stderr, preloaded, redirection }: LoggingOptions): Promise<LoggingService> {
    const { PATH = '', HOME = '' } = process.env
    const imports = preloaded === undefined ? [] : ['--import', `data:text/javascript,${encodeURIComponent(preloaded)}`]
    const command = [process.execPath, ...imports, MAIN, 'serve', '--store', store, '--port', '0', '--log-requests']
    const stdio: StdioOptions = ['ignore', 'pipe', stderr]
    const [program, ...parameters] =
      redirection === undefined ? command : ['sh', '-c', `exec "$@" ${redirection}`, 'sh', ...command]
    const child = startChild(program!, parameters, { env: { PATH, HOME }, stdio })
    let text = ''
    child.stdout!.setEncoding('utf8').on('data', (part: string) => (text += part))
    await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')])
    const [url] = /http:\/\/[0-9.]+:[0-9]+/.exec(text) ?? []
    if (url === undefined) throw new Error(`The service did not start: ${text}`)
    return new LoggingService(child, url)
  }

  /** Each request is one line of the log. @throws Error when one is not answered */
  async request(count: number): Promise<void> {
    let left = count
    const caller = async (): Promise<void> => {
      while (left-- > 0) {
        const response = await fetch(`${this.url}/v1/assets`, {
          headers: { 'x-request-id': CALL_ID, traceparent: TRACEPARENT },
          signal: AbortSignal.timeout(ANSWER_MS_MAX),
        })
        await response.text()
        if (response.status !== 200) throw new Error(`Status ${response.status}.`)
        this.answeredCount++
      }
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, caller))
  }

  /** Sends the signal and returns the exit code; null when the process does not end by itself. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const exited = once(this.child, 'exit') as Promise<[number | null]>
    this.child.kill(signal)
    const isLate = sleep(ANSWER_MS_MAX, 'late', { ref: false })
    if ((await Promise.race([exited, isLate])) === 'late') this.child.kill('SIGKILL')
    const [exitCode] = await exited
    return exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const exited = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await exited
  }
}

/** Of a command whose messages go to `stderr`. */
export async function exitCodeOf(parameters: readonly string[], stderr: Stderr): Promise<number | null> {
  const { PATH = '', HOME = '' } = process.env
  const child = startChild(process.execPath, [MAIN, ...parameters], {
    env: { PATH, HOME },
    stdio: ['ignore', 'ignore', stderr],
  })
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  return exitCode
}

/** A pipe that the test reads when it wants to. */
export class LogPipe implements Disposable {
  /** For the service. */
  readonly writer: number
  readonly #path: string
  #reader: number
  readonly #buffer = Buffer.alloc(READ_BYTES_MAX)
  #text = ''
  #isLeft = false

  constructor(folder: string) {
    this.#path = join(folder, `pipe-${process.hrtime.bigint()}`)
    execFileSync('mkfifo', [this.#path])
    this.#reader = this.#openReader()
    this.writer = openSync(this.#path, constants.O_WRONLY)
  }

  /** Everything that was read so far, after what is there now. */
  read(): string {
    try {
      for (;;) {
        const count = readSync(this.#reader, this.#buffer)
        if (count === 0) return this.#text
        this.#text += this.#buffer.toString('utf8', 0, count)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      return this.#text
    }
  }

  /** The reader is gone. */
  leave(): void {
    this.#isLeft = true
    closeSync(this.#reader)
  }

  comeBack(): void {
    this.#isLeft = false
    this.#reader = this.#openReader()
  }

  [Symbol.dispose](): void {
    if (!this.#isLeft) closeSync(this.#reader)
    closeSync(this.writer)
  }

  #openReader(): number {
    return openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
  }
}

interface LogTally {
  /** Lines about requests. */
  readonly answeredCount: number
  /** The sum of all lines about gaps, and how many those are. */
  readonly droppedCount: number
  readonly gapsCount: number
  readonly messages: readonly string[]
}

/** @throws SyntaxError when a line is not whole JSON */
export function tallyOf(text: string): LogTally {
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { msg: string; level: number; droppedCount?: number })
  const gaps = lines.filter(({ droppedCount }) => droppedCount !== undefined)
  return {
    answeredCount: lines.filter(({ msg }) => msg === 'answered').length,
    droppedCount: gaps.reduce((sum, { droppedCount }) => sum + droppedCount!, 0),
    gapsCount: gaps.filter(({ level }) => level === 40).length,
    messages: lines.map(({ msg }) => msg),
  }
}
