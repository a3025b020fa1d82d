/** A process of a run: gets its assignment, says when it is ready, begins when it is told to. */
import type { FromWorker, ToWorker } from './assignment.ts'
import { play } from './play.ts'

const begin = Promise.withResolvers<void>()

function tell(message: FromWorker): void {
  process.send?.(message)
}

process.on('message', (message: ToWorker) => {
  if (message.tell === 'begin') return begin.resolve()
  const stage = {
    whenReady: () => {
      tell({ tell: 'ready' })
      return begin.promise
    },
    onProgress: (progress: Extract<FromWorker, { tell: 'progress' }>['progress']) =>
      tell({ tell: 'progress', progress }),
  }
  play(message.assignment, stage).then(
    (performed) => finish({ tell: 'performed', performed }),
    (error: unknown) => finish({ tell: 'failed', ...describe(error) }),
  )
})

// Without the lab there is nobody to work for, nor for a service that was started here. It leads its group, see crew.ts.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))

/** Whatever is still open then, a statement that waits for a lock perhaps, ends with the process. */
function finish(message: FromWorker): void {
  process.send?.(message, () => process.exit(0))
}

function describe(error: unknown): { message: string; stack: string } {
  if (error instanceof Error) return { message: error.message, stack: error.stack ?? '' }
  return { message: String(error), stack: '' }
}
