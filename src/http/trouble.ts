/** Converts any thrown value to the `LedgerError` that the caller gets. */
import type { IncomingMessage } from 'node:http'
import { LedgerError } from '../api/error.ts'
import { Fault } from '../engine/faults.ts'

/** @param incoming the request that was being read, if any */
export function errorOf(thrown: unknown, incoming: IncomingMessage | null = null): LedgerError {
  if (thrown instanceof LedgerError) return thrown
  if (thrown instanceof Fault) return LedgerError.fromFault(thrown)
  const code = (thrown as { code?: unknown } | null)?.code
  if (code === 'ECONNRESET' && incoming?.readableAborted === true) {
    // The caller is gone, and this is not a failure of the service.
    return new LedgerError('request_timeout', 'The caller disconnected before the request was complete.')
  }
  if (typeof code === 'string' && code.startsWith('FST_')) return errorOfFastify(code, thrown as Error)
  return new LedgerError('internal', 'Something inside Holdfast failed.', { cause: thrown })
}

/** Converts the errors of fastify (node_modules/fastify/lib/errors.js) and @fastify/static. */
function errorOfFastify(code: string, cause: Error): LedgerError {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new LedgerError('payload_too_large', 'The body is larger than the limit of the service.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new LedgerError('unsupported_media_type', 'The body must be application/json.')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return LedgerError.invalidParameter('Content-Length', 'The length of the body differs from Content-Length.')
    case 'FST_ERR_BAD_URL':
      return LedgerError.invalidParameter('path', 'The path is not percent-encoded UTF-8.')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return LedgerError.invalidParameter('path', 'A name in the path is too long.')
    case 'FST_STATIC_FORBIDDEN_PATH':
      return new LedgerError('route_not_found', 'There is no route with this path.')
    default:
      return new LedgerError('internal', 'Something inside Holdfast failed.', { cause })
  }
}
