/** Runs in a worker thread: finds the signers of the batches that it is told of. */

import { parentPort, workerData } from 'node:worker_threads'
import { Batch, batchesPerThread } from './batch.ts'

const memory = workerData as SharedArrayBuffer
const batches = Array.from({ length: batchesPerThread }, (_, place) => new Batch(memory, place))

parentPort?.on('message', (place: number) => {
  while (batches[place]?.recoverSome());
  parentPort?.postMessage(place)
})
