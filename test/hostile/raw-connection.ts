/** A connection that sends any bytes at all, and reads what comes back as the answers that it should be. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ANSWER_MS_MAX, answerOf, type Answer } from './service-under-fire.ts'

export interface Conversation {
  /** `100 Continue` is left out. */
  readonly answers: readonly Answer[]
  /** What could not be read as an answer. */
  readonly rest: string
  /** The service ended it while bytes were still on their way to it; answers may be lost, or cut off. */
  readonly wasReset: boolean
}

interface Manners {
  /** Between one piece and the next. Default 0. */
  readonly pauseMs?: number
}

/** Sends the pieces and listens until the service ends the connection. @throws Error when it does not in time */
export async function converse(
  port: number,
  pieces: readonly (string | Buffer)[],
  { pauseMs = 0 }: Manners = {},
): Promise<Conversation> {
  const socket = await openSocket(port)
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => void parts.push(part))
  const closed = once(socket, 'close')
  for (const piece of pieces) {
    if (!socket.writable) break
    socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
    if (pauseMs > 0) await sleep(pauseMs)
  }
  const limit = setTimeout(
    () => socket.destroy(new Error(`The connection hangs: ${String(pieces[0]).slice(0, 200)}`)),
    ANSWER_MS_MAX,
  )
  try {
    await closed
  } finally {
    clearTimeout(limit)
  }
  const wasReset = socket.errored !== null
  if (wasReset && !isReset(socket.errored)) throw socket.errored
  return read(Buffer.concat(parts), wasReset)
}

export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  // With half-open connections, the other side's end is this one's to answer.
  socket.on('end', () => socket.end())
  return socket
}

/** Whoever is refused in the middle of sending may find the connection gone. */
function isReset(error: Error): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(String((error as NodeJS.ErrnoException).code))
}

function read(bytes: Buffer, wasReset: boolean): Conversation {
  const answers: Answer[] = []
  let rest = bytes
  while (rest.length > 0) {
    const headEnd = rest.indexOf('\r\n\r\n')
    const [statusLine = '', ...lines] = rest.subarray(0, Math.max(headEnd, 0)).toString('latin1').split('\r\n')
    const [, status] = /^HTTP\/1\.1 ([0-9]{3}) /.exec(statusLine) ?? []
    if (headEnd === -1 || status === undefined)
      return { answers, rest: wasReset ? '' : rest.toString('latin1'), wasReset }
    rest = rest.subarray(headEnd + 4)
    if (status === '100') continue
    const headers = new Headers(
      lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    )
    const length = Number(headers.get('content-length'))
    if (wasReset && rest.length < length) break
    assert.ok(rest.length >= length, 'an answer is cut off')
    answers.push(answerOf(Number(status), headers, rest.subarray(0, length).toString()))
    rest = rest.subarray(length)
  }
  return { answers, rest: '', wasReset }
}

/** A request for the service, as text. */
export function requestText(method: string, target: string, body?: object, headers: readonly string[] = []): string {
  const text = body === undefined ? '' : JSON.stringify(body)
  const said =
    body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`]
  return [`${method} ${target} HTTP/1.1`, 'Host: x', ...said, ...headers, '', text].join('\r\n')
}
