/** The list of the external system cannot be read. The message has the line. */
export class ListError extends Error {
  override readonly name = 'ListError'
}
