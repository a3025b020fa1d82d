/** What runs on the log keeper's thread: at each 'move', pages go from the log into the file; 'end' ends it. */
import { parentPort, workerData } from 'node:worker_threads'
import { CHECKPOINT_PAGES, openConnection } from './connection.ts'

/** How long writers may be kept waiting while the log begins again, in milliseconds. */
const RESTART_MS_MAX = 20

const { file } = workerData as { readonly file: string }
const database = openConnection(file, { busyTimeoutMs: RESTART_MS_MAX })

parentPort!.on('message', (message: 'move' | 'end') => {
  if (message === 'end') {
    database.close()
    parentPort!.close()
    return
  }
  // Beside everybody else's commits, up to the oldest page that a reader still needs.
  const { log, checkpointed } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as Record<string, bigint>
  // Writers wait for this one, so only a rest that is as short as what a commit would move.
  if (log! - checkpointed! <= CHECKPOINT_PAGES) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  parentPort!.postMessage('moved')
})
