/** Request ids as callers make them. */
import { randomUUID } from 'node:crypto'
import { newRequestId } from '../../src/api/request-id.ts'

/**
 * - `v4`: random UUIDs, which most callers send. Every id has a random place in an index.
 * - `v7`: UUIDs that start with the time, as the client makes them for callers that send none.
 * - `sequential`: ascending within a process, without a gap. The cheapest ids for an index, which no caller sends.
 */
export const ID_KINDS = ['v4', 'v7', 'sequential'] as const
export type IdKind = (typeof ID_KINDS)[number]

export function requestIds(kind: IdKind, processIndex: number): () => string {
  switch (kind) {
    case 'v4':
      return randomUUID
    case 'v7':
      return newRequestId
    case 'sequential':
      return sequentialIds(processIndex)
  }
}

/** In the form of a UUID. */
function sequentialIds(processIndex: number): () => string {
  const prefix = `0199be9c-${String(processIndex).padStart(4, '0')}-7000-8000-`
  let count = 0
  return () => prefix + String(++count).padStart(36 - prefix.length, '0')
}
