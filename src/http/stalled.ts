/**
 * Ends the connections of callers who do not take their answers (law 8).
 *
 * A request keeps its place in admission, and its answer its memory, until the connection has taken the answer. A caller that reads
 * nothing would keep both as long as it likes. One timer looks at all connections. Whatever the system has taken of an answer since the
 * last look is progress, so a slow caller is left alone. (Linux takes more of an answer when a third of the connection's send buffer is
 * free: with its default of at most 4 MiB, a caller of 25 kB/s is never taken for a stalled one.) So are a connection without an answer,
 * and an answer that is still being made.
 */
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { connectionsOf } from './connections.ts'
import type { HttpLimits } from './limits.ts'

/** Looks in the time that an answer may stall; a stalled connection ends at most one look late. */
const LOOKS = 4

/** The counters of Node's handle of a connection. The public `bytesWritten` also counts what still waits in the process. */
interface Handle {
  /** Bytes that were passed to the handle. */
  readonly bytesWritten: number
  /** Of these, the bytes that the system has not taken. */
  readonly writeQueueSize: number
}

interface Look {
  readonly takenBytes: number
  /** When progress was last seen. */
  readonly atMs: number
}

export function endStalledAnswers(
  app: FastifyInstance,
  { answerStallMsMax }: Pick<HttpLimits, 'answerStallMsMax'>,
  log: Logger,
): void {
  const connections = connectionsOf(app.server)
  const looks = new WeakMap<Socket, Look>()
  const timer = setInterval(look, answerStallMsMax / LOOKS).unref()
  app.addHook('onClose', (_, done) => {
    clearInterval(timer)
    done()
  })

  function look(): void {
    const atMs = performance.now()
    let connectionsCount = 0
    for (const socket of connections) {
      if (socket.writableLength === 0) {
        looks.delete(socket)
        continue
      }
      const takenBytes = takenOf(socket)
      const last = looks.get(socket)
      if (last?.takenBytes !== takenBytes) looks.set(socket, { takenBytes, atMs })
      else if (atMs - last.atMs >= answerStallMsMax) {
        connectionsCount += 1
        // An ordinary close would first wait for the caller, and would make half of an HTTP/1.0 answer look complete.
        socket.resetAndDestroy()
      }
    }
    if (connectionsCount > 0) {
      log.warn(
        { connectionsCount, answerStallMsMax },
        'connections were reset: their callers took nothing of an answer',
      )
    }
  }
}

/** The bytes of a connection that the system has taken. */
function takenOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle: Handle | null }
  return handle === null ? 0 : handle.bytesWritten - handle.writeQueueSize
}
