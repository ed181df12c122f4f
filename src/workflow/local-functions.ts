/** Runs functions that are JavaScript files, each call in a worker thread with limits of time and memory. */

import { access } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { type FunctionProvider, type Invocation, maxFunctionBytes } from './functions.ts'

/** Where the functions are, and their limits. */
export interface LocalFunctionOptions {
  /** Holds `NAME.js` for each function, whose default export takes (payload, {idempotencyKey}). */
  readonly folder: string
  /** Default 10,000. */
  readonly timeoutMs?: number
  /** Default 64. */
  readonly memoryMb?: number
}

/** What the worker runs: it loads the file, calls it, and posts JSON text. */
const workerCode = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.file)
  .then(({ default: run }) => run(workerData.payload, workerData.context))
  .then((result) => parentPort.postMessage({ result: JSON.stringify(result ?? null) }))
  .catch((error) => parentPort.postMessage({ error: String(error?.message ?? error) }))`

/**
 * A provider of local functions. A worker thread bounds mistakes and is no sandbox: run only functions you trust.
 * A function that throws, is too slow or needs too much memory fails its step for good.
 */
export function createLocalFunctions(options: LocalFunctionOptions): FunctionProvider {
  const { folder, timeoutMs = 10_000, memoryMb = 64 } = options
  return {
    async invoke(name, payload, invocation) {
      const file = path.join(folder, `${name}.js`)
      await access(file).catch((cause) => {
        const message = `there is no function "${name}": ${file} is missing`
        throw new AppError({ code: 'workflow/no-function', message, cause })
      })
      const worker = new Worker(workerCode, {
        eval: true,
        env: {},
        resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 16 },
        workerData: {
          ...{ file: pathToFileURL(file).href, payload },
          context: { idempotencyKey: invocation.idempotencyKey },
        },
      })
      try {
        return await answerOf(worker, name, { ...invocation, timeoutMs })
      } finally {
        await worker.terminate()
      }
    },
  }
}

function answerOf(
  worker: Worker,
  name: string,
  { signal, timeoutMs }: Invocation & { timeoutMs: number },
): Promise<Json> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, retry: 'never' | 'later' = 'never') => {
      clearTimeout(timer)
      const message = `the function "${name}" ${reason}`
      reject(new AppError({ code: 'workflow/function-failed', message, retry }))
    }
    const timer = setTimeout(() => fail(`took longer than ${timeoutMs} ms`), timeoutMs)
    signal.addEventListener('abort', () => fail('was interrupted', 'later'), { once: true })
    worker.on('error', (error) => fail(`stopped: ${(error as Error).message}`))
    worker.on('exit', (code) => fail(`ended with code ${code} and no result`))
    worker.on('message', ({ result, error }: { result?: string; error?: string }) => {
      if (result === undefined) fail(`refused: ${error}`)
      else if (result.length > maxFunctionBytes) fail(`gave over ${maxFunctionBytes} bytes`)
      else {
        clearTimeout(timer)
        resolve(JSON.parse(result) as Json)
      }
    })
  })
}
