/** The thread of `sqlite-checkpoints`: copies pages of the log into the file whenever it is told to. */

import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const database = new DatabaseSync(String(workerData))
// Waits for nobody: what is being read or written stays in the log until the next time.
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

parentPort?.on('message', (message: 'copy' | 'close') => {
  if (message === 'copy') {
    parentPort?.postMessage(Number(checkpoint.get()?.log))
    return
  }
  database.close()
  parentPort?.close()
})
