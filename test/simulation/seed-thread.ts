/** Runs rows of seeds in a thread. */

import { parentPort } from 'node:worker_threads'
import { runSeeds } from './seeds.ts'

parentPort?.on('message', (seeds: readonly number[]) => {
  parentPort?.postMessage(runSeeds(seeds))
})
