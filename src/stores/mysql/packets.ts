/** Cutting a commit's text so that each part is shorter than the server's `max_allowed_packet`. */
import { Fault } from '../../engine/faults.ts'
import type { Chunking } from './writes.ts'

/** What a packet needs besides its statements: the command's byte, the keywords and columns in front of the rows, what transactions.ts adds. */
const OVERHEAD_BYTES = 2_048

/** UTF-8 has at most three bytes for each UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3

/** True when the text certainly fits, which costs nothing to find out. */
export function surelyFits(writes: readonly string[], packetBytesMax: number): boolean {
  let units = 0
  for (const sql of writes) units += sql.length + 2
  return units * BYTES_PER_UNIT_MAX + OVERHEAD_BYTES <= packetBytesMax
}

/** Divides a statement's rows so that each part fits. @throws Fault `store_refused` for a row that never will */
export function chunkingFor(packetBytesMax: number): Chunking {
  const bytesMax = packetBytesMax - OVERHEAD_BYTES
  return function* (rows) {
    let chunk: string[] = []
    let bytes = 0
    for (const row of rows) {
      const rowBytes = Buffer.byteLength(row) + 6
      if (rowBytes > bytesMax) {
        const message = `A row of ${rowBytes} bytes is longer than the server's max_allowed_packet of ${packetBytesMax}.`
        throw new Fault('store_refused', message)
      }
      if (bytes + rowBytes > bytesMax) {
        yield chunk
        chunk = []
        bytes = 0
      }
      chunk.push(row)
      bytes += rowBytes
    }
    if (chunk.length > 0) yield chunk
  }
}

/** Neighbouring statements together, as many as fit. */
export function packetsOf(writes: readonly string[], packetBytesMax: number): readonly (readonly string[])[] {
  const packets: string[][] = []
  let bytes = Infinity
  for (const write of writes) {
    const writeBytes = Buffer.byteLength(write) + 2
    if (bytes + writeBytes > packetBytesMax) {
      packets.push([])
      bytes = OVERHEAD_BYTES
    }
    packets.at(-1)!.push(write)
    bytes += writeBytes
  }
  return packets
}
