/** A store URL that names no database that Holdfast knows, or names one in a way that cannot be meant. */
export class StoreUrlError extends Error {
  override readonly name = 'StoreUrlError'
}
