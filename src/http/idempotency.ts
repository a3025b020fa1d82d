/** The source of a command's request id: the body, the `Idempotency-Key` header, or a new UUIDv7. */
import type { FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { REQUEST_ID_RULE } from '../api/input.ts'
import { newRequestId, type NewRequestId } from '../api/request-id.ts'
import type { Command } from '../domain/command.ts'
import { isRequestId, type RequestId } from '../domain/ids.ts'

const HEADER = 'Idempotency-Key'

/**
 * Reads the body of `request` as a command, with the request id of its header if there is one. The header has no effect on a command
 * without a request id of its own.
 */
export function readCommand<Read extends Command>(
  request: FastifyRequest,
  read: (input: unknown, newRequestId: NewRequestId) => Read,
): Read {
  const header = request.headers['idempotency-key']
  if (header === undefined) return read(request.body, newRequestId)
  const command = read(request.body, () => keyOf(header))
  if (!('requestId' in command) || command.requestId === keyOf(header)) return command
  throw LedgerError.invalidParameter(HEADER, `${HEADER} and requestId differ. Send only one of them.`)
}

/** A batch request has no request id of its own. Accepting the header would suggest that a repeat is safe, but it would apply twice. */
export function refuseKey(request: FastifyRequest): void {
  if (request.headers['idempotency-key'] === undefined) return
  throw LedgerError.invalidParameter(
    HEADER,
    `A batch request does not support ${HEADER}. Give every command a requestId of its own.`,
  )
}

/** The draft requires quotes around the key (draft-ietf-httpapi-idempotency-key-header-07), but most callers send none. */
function keyOf(given: string | string[]): RequestId {
  const text = String(given)
  const key = text.length > 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
  if (isRequestId(key)) return key
  throw LedgerError.invalidParameter(HEADER, `${HEADER} must be ${REQUEST_ID_RULE}.`)
}
