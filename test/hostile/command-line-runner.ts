/** Runs command lines in sequence in one process: starting a process takes longer than most commands. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { forkChild } from '../../harness/children.ts'
import type { CommandRan } from './command-line-process.ts'

/** A command that takes longer hangs; the machine may be busy with other tests. */
const COMMAND_MS_MAX = 30_000

export class CommandLineRunner implements AsyncDisposable {
  readonly #child: ChildProcess

  /** The configuration of this process is not passed on. */
  constructor(folder: string, environment: Readonly<Record<string, string>>) {
    const { PATH = '', HOME = '' } = process.env
    this.#child = forkChild(join(import.meta.dirname, 'command-line-process.ts'), {
      cwd: folder,
      env: { PATH, HOME, ...environment },
      stdio: 'inherit',
    })
  }

  /** Runs one command at a time. @throws Error when it does not end */
  async run(parameters: readonly string[]): Promise<CommandRan> {
    this.#child.send(parameters)
    const [ran] = (await once(this.#child, 'message', { signal: AbortSignal.timeout(COMMAND_MS_MAX) })) as [CommandRan]
    return ran
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit')
    if (this.#child.kill()) await gone
  }
}
