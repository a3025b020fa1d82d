/** A process that runs the command line repeatedly, each time like a new program. */
import { runCommandLine } from '../../src/cli/run.ts'

export interface CommandRan {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

process.on('message', (parameters: readonly string[]) => void run(parameters))

async function run(parameters: readonly string[]): Promise<void> {
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = (text: string | Uint8Array): boolean => {
      written[name] += String(text)
      return true
    }
  }
  process.exitCode = 0
  try {
    await runCommandLine(parameters)
  } catch (error) {
    written.stderr += `UNCAUGHT ${String(error)}`
  }
  const ran: CommandRan = { exitCode: process.exitCode, ...written }
  process.exitCode = 0
  process.send!(ran)
}
