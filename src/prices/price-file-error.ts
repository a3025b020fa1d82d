/** A file of prices that cannot be used. The message says where and why. */
export class PriceFileError extends Error {
  override readonly name = 'PriceFileError'
}
