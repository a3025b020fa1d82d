/** Where a command's request id comes from: the body, the `Idempotency-Key` header, or a new UUIDv7. */
import type { FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { REQUEST_ID_RULE } from '../api/input.ts'
import { newRequestId, type NewRequestId } from '../api/request-id.ts'
import type { Command } from '../domain/command.ts'
import { isRequestId, type RequestId } from '../domain/ids.ts'

const HEADER = 'Idempotency-Key'

/**
 * Reads the body of `request` as a command, under the request id of its header when it has one. To a command that has no request
 * id of its own the header does nothing.
 */
export function readCommand<Read extends Command>(
  request: FastifyRequest,
  read: (input: unknown, newRequestId: NewRequestId) => Read,
): Read {
  const header = request.headers['idempotency-key']
  if (header === undefined) return read(request.body, newRequestId)
  const command = read(request.body, () => keyOf(header))
  if (!('requestId' in command) || command.requestId === keyOf(header)) return command
  throw LedgerError.invalidParameter(HEADER, `${HEADER} and requestId differ; one of them is enough.`)
}

/** For a batch, which has no request id of its own: taking the header for one would let a repeat apply twice. */
export function refuseKey(request: FastifyRequest): void {
  if (request.headers['idempotency-key'] === undefined) return
  throw LedgerError.invalidParameter(HEADER, `A batch takes no ${HEADER}; give every command its own requestId.`)
}

/** The header's draft puts the key in quotes (draft-ietf-httpapi-idempotency-key-header-07); most callers do not. */
function keyOf(given: string | string[]): RequestId {
  const text = String(given)
  const key = text.length > 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
  if (isRequestId(key)) return key
  throw LedgerError.invalidParameter(HEADER, `${HEADER} must be ${REQUEST_ID_RULE}.`)
}
