/**
 * Gives answers the method `toJSON`, so that `JSON.stringify` writes them as over HTTP: amounts as decimal strings, instants as ISO 8601.
 * Without it, JSON.stringify throws for a bigint.
 *
 * The method is an own property that is not enumerable. A prototype would cost less, but deepStrictEqual would then tell an answer from
 * a plain object. Only the library and the client use it: it takes about 0.2 µs per object, and the service has no need of it.
 */
export function jsonForm<Value extends object>(toWire: (value: Value) => object): (value: Value) => Value {
  const descriptor: PropertyDescriptor = {
    value(this: Value): object {
      return toWire(this)
    },
    enumerable: false,
    writable: true,
    configurable: true,
  }
  return (value) => Object.defineProperty(value, 'toJSON', descriptor)
}
