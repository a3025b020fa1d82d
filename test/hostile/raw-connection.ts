/** A connection that sends arbitrary bytes, and parses the response as HTTP. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ANSWER_MS_MAX, answerOf, type Answer } from './service-under-fire.ts'

export interface Conversation {
  /** Without `100 Continue`. */
  readonly answers: readonly Answer[]
  /** Bytes that are not a valid answer. */
  readonly rest: string
  /** The service closed the connection while bytes were in flight to it; answers may be lost or truncated. */
  readonly wasReset: boolean
}

interface Manners {
  /** Pause between two pieces. Default 0. */
  readonly pauseMs?: number
}

/** Sends the pieces and reads until the service ends the connection. @throws Error when it does not in time */
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
  // With half-open connections, this side has to end the connection too.
  socket.on('end', () => socket.end())
  return socket
}

/** A caller that is refused while it sends may find the connection closed. */
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
  return [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...said, ...headers, '', text].join('\r\n')
}
