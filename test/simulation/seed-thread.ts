/** Runs rows of seeds in a thread. */

import { parentPort } from 'node:worker_threads'
import { runSeeds } from './seeds.ts'
import type { Seed } from './worlds.ts'

parentPort?.on('message', async (seeds: readonly Seed[]) => {
  parentPort?.postMessage(await runSeeds(seeds))
})
