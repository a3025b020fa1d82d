/** What went wrong, as one line and an exit code. */
import { styledError } from '../src/cli/tables.ts'
import { StoreUrlError } from '../src/stores/store-url-error.ts'
import { CommanderError, UsageError } from './command-line.ts'
import { StoreTrouble } from './databases/scratch.ts'

export const EXIT = { ok: 0, wrongBooks: 1, usage: 2, trouble: 3 } as const

/** Prints what is to be done about it. @throws every other error */
export function exitCodeOf(error: unknown): number {
  // Commander has already printed the error or the help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof UsageError || error instanceof StoreUrlError) {
    complain(error.message)
    return EXIT.usage
  }
  if (error instanceof StoreTrouble) {
    complain(error.message)
    return EXIT.trouble
  }
  throw error
}

export function complain(message: string): void {
  process.stderr.write(`${styledError('red', 'error:')} ${message}\n`)
}

/** Ends the process without a complaint when the reader of its output, `head` for example, closes the pipe. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(EXIT.ok)
  })
}
