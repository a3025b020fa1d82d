/** The reading thread: a connection, and one answer per call. The message null, sent after all answers, ends the thread. */
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { Fault } from '../../engine/faults.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import { SqlReader } from '../sql/reader.ts'
import { openReadConnection } from './connection.ts'
import { pack } from './parcel.ts'
import { queryOf } from './query.ts'
import { PAGE_ERRORS, type ReadCall, type ReadReport, type Reads, type ReadingThreadData } from './reading-thread.ts'

const { file, busyTimeoutMs } = workerData as ReadingThreadData

/** Opened by the first read, which gets the error if that fails. */
let database: DatabaseSync | null = null

const query = queryOf(() => (database ??= openReadConnection(file, { busyTimeoutMs })))

/** Other reads can run between two statements of a read. */
async function queryInTurn(sql: string, parameters: readonly unknown[]) {
  await new Promise((resolve) => setImmediate(resolve))
  return await query(sql, parameters)
}

const reader = new SqlReader('sqlite', queryInTurn)
const auditor = new SqlAuditor('sqlite', queryInTurn)

async function answer({ method, parameters }: ReadCall): Promise<unknown> {
  if (method === 'audit') return await auditor.run(...(parameters as Parameters<Reads['audit']>))
  return await (reader[method] as (...parameters: readonly unknown[]) => Promise<unknown>).call(reader, ...parameters)
}

async function report(call: ReadCall): Promise<ReadReport> {
  const { id } = call
  try {
    return { id, parcel: pack(await answer(call)) }
  } catch (error) {
    if (error instanceof Fault) {
      const { code, message, applied, retryAfterMs } = error
      return { id, fault: { code, message, applied, retryAfterMs } }
    }
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    const kinds = Object.keys(PAGE_ERRORS) as (keyof typeof PAGE_ERRORS)[]
    return { id, error: { kind: kinds.find((kind) => error instanceof PAGE_ERRORS[kind]) ?? null, message, stack } }
  }
}

async function serve(call: ReadCall): Promise<void> {
  const message = await report(call)
  const parts = 'parcel' in message ? message.parcel.parts : []
  parentPort!.postMessage(
    message,
    parts.map(({ buffer }) => buffer as ArrayBuffer),
  )
}

parentPort!.on('message', (call: ReadCall | null) => {
  if (call !== null) return void serve(call)
  database?.close()
  parentPort!.close()
})
