/** A store URL that names no database that Holdfast knows. */
export class StoreUrlError extends Error {
  override readonly name = 'StoreUrlError'
}
