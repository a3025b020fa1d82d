/** The old tables cannot be read exactly with this mapping. Nothing was booked. The message has the table, the column and its type. */
export class MappingError extends Error {
  override readonly name = 'MappingError'
}
