/** The store URL names no database that Holdfast supports. */
export class StoreUrlError extends Error {
  override readonly name = 'StoreUrlError'
}
