/** `holdfast` as a child process: one command, or the service until it is stopped or killed. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from './children.ts'

const READY_POLL_MS = 20
const MAIN = resolve(import.meta.dirname, '../src/cli/main.ts')

export interface Ran {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

type Environment = Readonly<Record<string, string>>

/** Runs one command to its end. The configuration of this process is not passed on. */
export async function runHoldfast(parameters: readonly string[], environment: Environment = {}): Promise<Ran> {
  const child = spawnHoldfast(parameters, environment)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, stdout: stdout(), stderr: stderr() }
}

export class ServiceProcess implements AsyncDisposable {
  readonly url: string
  readonly #child: ChildProcess
  readonly #stdout: () => string
  readonly #stderr: () => string

  private constructor(child: ChildProcess, url: string, output: { stdout: () => string; stderr: () => string }) {
    this.#child = child
    this.url = url
    this.#stdout = output.stdout
    this.#stderr = output.stderr
  }

  /** Serves `store` on a free port, or on the port in `parameters`. */
  static async start(
    store: string,
    parameters: readonly string[] = [],
    environment: Environment = {},
  ): Promise<ServiceProcess> {
    const child = spawnHoldfast(['serve', '--store', store, '--port', '0', ...parameters], environment)
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')])
    const [url] = /http:\/\/[0-9.]+:[0-9]+/.exec(stdout()) ?? []
    if (url === undefined) throw new Error(`The service did not start:\n${stdout()}${stderr()}`)
    return new ServiceProcess(child, url, { stdout, stderr })
  }

  get pid(): number {
    return this.#child.pid!
  }

  get output(): string {
    return this.#stdout()
  }

  /** The log so far: JSON lines. */
  get log(): string {
    return this.#stderr()
  }

  /** Resolves when `/readyz` says yes. */
  async ready(): Promise<void> {
    while ((await fetch(`${this.url}/readyz`)).status !== 200) await sleep(READY_POLL_MS)
  }

  /** Sends the signal and returns the exit code. */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<number | null> {
    return await this.#end(signal)
  }

  /** Ends it abruptly, as a power cut would: no handler runs. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const { exitCode, signalCode } = this.#child
    if (exitCode !== null || signalCode !== null) return exitCode
    const closed = once(this.#child, 'close')
    this.#child.kill(signal)
    await closed
    return this.#child.exitCode
  }
}

/** Starts a command that the test observes or ends itself. */
export function spawnHoldfast(parameters: readonly string[], environment: Environment = {}) {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env
  return startChild(process.execPath, [MAIN, ...parameters], {
    // A cold service does what a warm one does, and tests need not wait.
    env: { PATH, HOME, NODE_COMPILE_CACHE, HOLDFAST_WARM_UP_MS: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (part: string) => (text += part))
  return () => text
}
