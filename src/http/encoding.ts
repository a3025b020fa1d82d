/** The encoding of bodies. */
import { LedgerError } from '../api/error.ts'

/** Compressed bodies are not supported: any Content-Encoding but identity is refused. */
export function refuseEncoded(encoding: string | undefined): void {
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return
  throw new LedgerError('unsupported_media_type', 'The body must be sent without a Content-Encoding.')
}
