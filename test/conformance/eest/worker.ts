/** Runs files of public execution tests in a thread, one for each message with a path. */

import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { FileRunner } from './cases.ts'

const runner = new FileRunner(workerData)

parentPort?.on('message', async (file: string) => {
  const result = await runner.run(await readFile(file, 'utf8'))
  parentPort?.postMessage({ file, ...result })
})
