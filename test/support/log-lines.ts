/** A log that a test reads: the lines as objects. */
import { Writable } from 'node:stream'
import { pino, type Logger } from 'pino'

export type Line = Readonly<Record<string, unknown>>

export function captureLog(level: string): { readonly lines: Line[]; readonly log: Logger } {
  const lines: Line[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      for (const line of chunk.toString().trim().split('\n')) lines.push(JSON.parse(line) as Line)
      done()
    },
  })
  return { lines, log: pino({ level, base: null }, stream) }
}
