/** Whatever was thrown on the way of a request, as the `LedgerError` that the caller gets to see. */
import { LedgerError } from '../api/error.ts'
import { Fault } from '../engine/faults.ts'

export function errorOf(thrown: unknown): LedgerError {
  if (thrown instanceof LedgerError) return thrown
  if (thrown instanceof Fault) return LedgerError.fromFault(thrown)
  const code = (thrown as { code?: unknown } | null)?.code
  if (typeof code === 'string' && code.startsWith('FST_ERR_')) return errorOfFastify(code, thrown as Error)
  return new LedgerError('internal', 'Something inside Holdfast failed.', { cause: thrown })
}

/** What fastify itself refuses (node_modules/fastify/lib/errors.js). */
function errorOfFastify(code: string, cause: Error): LedgerError {
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new LedgerError('payload_too_large', 'The body is larger than the service accepts.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new LedgerError('unsupported_media_type', 'The body must be application/json.')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return LedgerError.invalidParameter('Content-Length', 'The body is not as long as Content-Length says.')
    case 'FST_ERR_BAD_URL':
      return LedgerError.invalidParameter('path', 'The path is not percent-encoded UTF-8.')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return LedgerError.invalidParameter('path', 'A name in the path is longer than any name can be.')
    default:
      return new LedgerError('internal', 'Something inside Holdfast failed.', { cause })
  }
}
