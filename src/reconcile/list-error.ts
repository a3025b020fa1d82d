/** The other side's list cannot be read; the message says where. */
export class ListError extends Error {
  override readonly name = 'ListError'
}
