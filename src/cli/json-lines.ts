/** One JSON line per thing, because there may be more of them than fit into memory. */

/** Amounts as decimal strings, as over HTTP. */
export function printJsonLine(line: object): void {
  const text = JSON.stringify(line, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  process.stdout.write(`${text}\n`)
}
