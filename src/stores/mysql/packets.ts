/** Divides a commit's text so that each part is shorter than the server's `max_allowed_packet`. */
import { Fault } from '../../engine/faults.ts'
import type { Chunking } from './writes.ts'

/** What a packet has besides the rows: the command's byte, keywords and columns, and the statements of transactions.ts. */
const OVERHEAD_BYTES = 2_048

/** UTF-8 has at most three bytes for each UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3

/** Whether the text certainly fits, from its length alone. */
export function surelyFits(writes: readonly string[], packetBytesMax: number): boolean {
  let units = 0
  for (const sql of writes) units += sql.length + 2
  return units * BYTES_PER_UNIT_MAX + OVERHEAD_BYTES <= packetBytesMax
}

/** Divides a statement's rows so that each part fits. @throws Fault `store_refused` for a row that is too long by itself */
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

/** Each packet has as many consecutive statements as fit. */
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
