/** Output as JSON lines, for results that may be larger than memory. */

/** Prints amounts as decimal strings, as over HTTP. */
export function printJsonLine(line: object): void {
  const text = JSON.stringify(line, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  process.stdout.write(`${text}\n`)
}
