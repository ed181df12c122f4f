/** Runs in a worker thread: searches nonces of one block after the other. */

import { parentPort, workerData } from 'node:worker_threads'
import { MiningBoard, type MiningJob } from './mining-job.ts'
import { searchSome } from './search.ts'

const board = new MiningBoard(workerData as SharedArrayBuffer)

parentPort?.on('message', (job: MiningJob) => {
  let { from } = job
  while (board.job === job.job) {
    const { nonce, tried } = searchSome(job, from)
    board.count(tried)
    if (nonce !== undefined) {
      parentPort?.postMessage({ job: job.job, nonce })
      return
    }
    from = BigInt.asUintN(64, from + BigInt(tried))
  }
})
