/** Values of rows as text. */

export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  // Drivers give no objects for the columns that are asked for.
  return `${value as number | bigint | boolean | null}`
}

export function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : textOf(value)
}
