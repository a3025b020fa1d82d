/** Errors of the standard output: the reader, such as `head`, may close it early, and a file that it is sent to may be full. */
import { EXIT } from './exit-codes.ts'

/** A command whose reader has gone ends, without an error. */
export function endWithReader(): void {
  process.stdout.on('error', onError)
}

/** From now on, the process goes on whatever becomes of its output: a service is there for its callers. */
export function outliveReader(): void {
  process.stdout.off('error', onError).on('error', () => {})
}

function onError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  throw error
}
