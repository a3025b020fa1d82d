/** Calls of the service: JSON in, JSON or a problem (RFC 9457) out. */
import type { Applied } from '../../src/domain/outcome.ts'
import { currentKey, refuseSession } from './session.ts'

/** Longer than any command or read of the service may take. */
const TIMEOUT_MS = 40_000

/** A refusal or a failure. */
export class CallError extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly retryable: boolean
  readonly applied: Applied
  /** Every member of the problem. */
  readonly problem: Readonly<Record<string, unknown>>

  constructor(status: number, problem: Readonly<Record<string, unknown>>) {
    super(textIn(problem, 'detail') ?? textIn(problem, 'title') ?? `HTTP ${status}`)
    this.status = status
    this.code = textIn(problem, 'code') ?? 'unexpected_answer'
    this.detail = this.message
    this.retryable = problem['retryable'] === true
    this.applied = (problem['applied'] as Applied | undefined) ?? 'unknown'
    this.problem = problem
  }
}

function textIn(problem: Readonly<Record<string, unknown>>, name: string): string | null {
  const text = problem[name]
  return typeof text === 'string' ? text : null
}

export type Query = Readonly<Record<string, string | number | null | undefined>>

/** @param steps of the path, not encoded: `['v1', 'accounts', 'user:8']` */
export async function read<Answer>(steps: readonly string[], query: Query = {}): Promise<Answer> {
  return (await answerOf('GET', pathOf(steps, query), undefined)) as Answer
}

/** @param signal ends the call; without one it ends after a while */
export async function write<Answer>(
  method: 'POST' | 'PUT',
  steps: readonly string[],
  body: object,
  signal?: AbortSignal,
): Promise<Answer> {
  return (await answerOf(method, pathOf(steps, {}), body, signal)) as Answer
}

/** The lines of NDJSON, as they come. @throws CallError, also when the answer is cut within a line */
export async function* readLines<Line>(
  steps: readonly string[],
  signal: AbortSignal,
  { query = {}, content = {} }: { readonly query?: Query; readonly content?: object | Blob } = {},
): AsyncGenerator<Line> {
  const { body } = await send('POST', pathOf(steps, query), content, signal)
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split('\n')
      rest = lines.pop()!
      for (const line of lines) yield JSON.parse(line) as Line
    }
  } catch {
    throw unreachable('GET', 'The answer of the service was cut off.')
  }
}

/** @throws CallError */
export async function readText(steps: readonly string[]): Promise<string> {
  return await (await send('GET', pathOf(steps, {}), undefined)).text()
}

/** Whether the service takes a key. @throws CallError for anything but a refusal of the key */
export async function isAccepted(key: string): Promise<boolean> {
  const response = await fetched('GET', pathOf(['v1', 'assets'], { limit: 1 }), undefined, key)
  if (response.status === 401) return false
  if (!response.ok) throw await problemOf(response)
  return true
}

/** Relative, so that the console also works behind a proxy that adds a path. */
function pathOf(steps: readonly string[], query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value))
  }
  const path = steps.map(encodeURIComponent).join('/')
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`
}

async function answerOf(
  method: string,
  path: string,
  body: object | undefined,
  signal?: AbortSignal,
): Promise<unknown> {
  const response = await send(method, path, body, signal)
  try {
    return await response.json()
  } catch {
    throw unreachable(method, 'The answer of the service was cut off.')
  }
}

async function send(method: string, path: string, body: object | undefined, signal?: AbortSignal): Promise<Response> {
  const response = await fetched(method, path, body, currentKey(), signal)
  if (response.ok) return response
  const problem = await problemOf(response)
  if (problem.status === 401) refuseSession()
  throw problem
}

async function fetched(
  method: string,
  path: string,
  body: object | undefined,
  key: string | null,
  signal = AbortSignal.timeout(TIMEOUT_MS),
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (key !== null) headers['authorization'] = `Bearer ${key}`
  // A file has its type with it.
  const isFile = body instanceof Blob
  if (body !== undefined && !isFile) headers['content-type'] = 'application/json'
  const content = body === undefined ? null : isFile ? body : JSON.stringify(body)
  try {
    return await fetch(path, { method, headers, body: content, signal })
  } catch {
    throw unreachable(method, 'The service does not answer.')
  }
}

/** Whether a command had an effect is not known then. A repeat under its request id is harmless. */
function unreachable(method: string, detail: string): CallError {
  const applied = method === 'GET' ? 'no' : 'unknown'
  return new CallError(0, { code: 'service_unreachable', detail, retryable: true, applied })
}

/** A proxy may answer with a page. */
async function problemOf(response: Response): Promise<CallError> {
  try {
    return new CallError(response.status, (await response.json()) as Record<string, unknown>)
  } catch {
    return new CallError(response.status, { detail: `HTTP ${response.status}`, retryable: response.status >= 500 })
  }
}
