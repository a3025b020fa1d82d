/**
 * Values and rows as the drivers of SQL databases read and write them.
 *
 * Drivers give integers as `bigint`, `number` or text; `whole` and `big` accept all of them. Metadata is JSON text. Bytes are read as a
 * `Uint8Array`.
 */
import type { Metadata } from '../../domain/metadata.ts'

export type SqlValue = string | number | bigint | Bytes | null

/** Bytes to write, as hexadecimal digits: each dialect has its own way to write them. */
export class Bytes {
  readonly hex: string

  constructor(hex: string) {
    this.hex = hex
  }
}

/** A row that was read. */
export type Row = Readonly<Record<string, unknown>>

export function whole(value: unknown): number {
  return Number(value)
}

export function wholeOrNull(value: unknown): number | null {
  return value === null ? null : Number(value)
}

export function big(value: unknown): bigint {
  return BigInt(value as bigint | number | string)
}

export function bigOrNull(value: unknown): bigint | null {
  return value === null ? null : big(value)
}

export function metadataText(metadata: Metadata | null): string | null {
  return metadata === null ? null : JSON.stringify(metadata)
}

export function metadataOf(text: unknown): Metadata | null {
  return text === null || text === undefined ? null : (JSON.parse(text as string) as Metadata)
}
