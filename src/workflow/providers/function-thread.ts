/** The program of a thread: loads one function, and calls it each time it is asked. */

import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { parentPort, workerData } from 'node:worker_threads'
import { closeNetwork } from './closed-network.ts'
import type { ThreadAnswer, ThreadCall, ThreadTask } from './thread-calls.ts'

const { file, network, maxLines, maxLogBytes, maxAnswerBytes } = workerData as ThreadTask
const tell = (answer: ThreadAnswer) => parentPort?.postMessage(answer)

let room = { lines: 0, bytes: 0 }

/** Takes lines for the caller; what is over the bounds of one call is dropped. */
function logStream(level: 'info' | 'error'): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string, _, done) {
      const text = String(chunk).replace(/\n$/, '')
      const taken = text.slice(0, Math.max(0, room.bytes))
      if (room.lines > 0 && taken !== '') {
        room = { lines: room.lines - 1, bytes: room.bytes - taken.length }
        tell({ kind: 'log', level, text: taken, atMs: Date.now() })
      }
      done()
    },
  })
}

globalThis.console = new Console({ stdout: logStream('info'), stderr: logStream('error') })
if (!network) closeNetwork()

type Run = (payload: unknown, context: object) => unknown

const loading: Promise<Run> = import(file).then((module: { default?: unknown }) => {
  const run = module.default
  if (typeof run === 'function') return run as Run
  throw new TypeError('its file has no function as default export')
})
loading.catch(() => {})

async function answer({ payload, context }: ThreadCall): Promise<ThreadAnswer> {
  room = { lines: maxLines, bytes: maxLogBytes }
  let result: unknown
  try {
    result = await (await loading)(payload, context)
  } catch (error) {
    const { name = 'Error', message = String(error) } = (error ?? {}) as Partial<Error>
    return {
      kind: 'error',
      name: String(name).slice(0, 200),
      message: String(message).slice(0, 4_000),
    }
  }
  try {
    const text = JSON.stringify(result ?? null) as string | undefined
    if (text === undefined) return { kind: 'no-json', message: `it is a ${typeof result}` }
    return text.length > maxAnswerBytes ? { kind: 'too-long' } : { kind: 'result', text }
  } catch (error) {
    return { kind: 'no-json', message: (error as Error).message.slice(0, 1_000) }
  }
}

parentPort?.on('message', async (call: ThreadCall) => tell(await answer(call)))
