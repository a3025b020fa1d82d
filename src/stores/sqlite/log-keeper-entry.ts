/** The log keeper's thread: each 'move' moves pages from the log into the file; 'end' ends the thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { CHECKPOINT_PAGES, openConnection } from './connection.ts'

/** How long writers may wait while the log restarts, in milliseconds. */
const RESTART_MS_MAX = 20

const { file } = workerData as { readonly file: string }
const database = openConnection(file, { busyTimeoutMs: RESTART_MS_MAX })

parentPort!.on('message', (message: 'move' | 'end') => {
  if (message === 'end') {
    database.close()
    parentPort!.close()
    return
  }
  // Concurrent with commits, up to the oldest page that a reader still needs.
  const { log, checkpointed } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as Record<string, bigint>
  // Writers wait for this step, so only for a rest that a commit would move as well.
  if (log! - checkpointed! <= CHECKPOINT_PAGES) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  parentPort!.postMessage('moved')
})
