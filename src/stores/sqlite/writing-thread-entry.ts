/** The writing thread: a connection, and one commit per message; null ends the thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { afterCommit } from '../../engine/faults.ts'
import { openConnection } from './connection.ts'
import type { FlatChanges } from './writes.ts'
import { SqliteTables } from './tables.ts'
import type { ThreadData, ThreadReport } from './writing-thread.ts'

const { path, busyTimeoutMs } = workerData as ThreadData
const database = openConnection(path, { busyTimeoutMs })
const tables = new SqliteTables(database)

function report(message: ThreadReport): void {
  parentPort!.postMessage(message)
}

parentPort!.on('message', (changes: FlatChanges | null) => {
  if (changes === null) {
    database.close()
    parentPort!.close()
    return
  }
  try {
    report({ result: tables.commit(changes) })
  } catch (error) {
    const { code, message, applied, retryAfterMs } = afterCommit(error)
    report({ fault: { code, message, applied, retryAfterMs } })
  }
})
report({ ready: true })
