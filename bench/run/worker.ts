/** A process of a run: receives its assignment, reports that it is ready, and begins on command. */
import type { FromWorker, ToWorker } from './assignment.ts'
import { play } from './play.ts'

const begin = Promise.withResolvers<void>()

function send(message: FromWorker): void {
  process.send?.(message)
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'begin') return begin.resolve()
  const stage = {
    whenReady: () => {
      send({ kind: 'ready' })
      return begin.promise
    },
    onProgress: (progress: Extract<FromWorker, { kind: 'progress' }>['progress']) =>
      send({ kind: 'progress', progress }),
  }
  play(message.assignment, stage).then(
    (performed) => finish({ kind: 'performed', performed }),
    (error: unknown) => finish({ kind: 'failed', ...describe(error) }),
  )
})

// Nobody needs this process, or a service that it started, without the lab: the whole process group is killed, see crew.ts.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))

/** Exits even if something is open, for example a statement that waits for a lock. */
function finish(message: FromWorker): void {
  process.send?.(message, () => process.exit(0))
}

function describe(error: unknown): { message: string; stack: string } {
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? '' }
  return { message: String(error), stack: '' }
}
