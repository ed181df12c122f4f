/** Starts worker threads that take work from the main one, which goes on without them when they end. */

import path from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/** What the starter of a thread hears. */
interface ThreadListener<Answer> {
  answered(answer: Answer): void
  /** The thread is over, by a fault or because it was ended; heard once. */
  ended(error: unknown): void
}

/**
 * The program of a thread that lies beside the file that starts it; the packaged program has the same files with another
 * ending.
 *
 * @param name - from the folder of the file, without an ending
 * @param from - the `import.meta.url` of the file
 */
export function threadProgram(name: string, from: string): URL {
  return new URL(`${name}${path.extname(from)}`, from)
}

/** Starts a thread, for which a process does not stay: whoever gives it work calls `ref`, and `unref` after it. */
export function startThread<Answer>(
  program: URL,
  options: WorkerOptions,
  { answered, ended }: ThreadListener<Answer>,
): Worker {
  const worker = new Worker(program, { ...options, execArgv: [] })
  let isOver = false
  const end = (error: unknown) => {
    if (isOver) return
    isOver = true
    ended(error)
  }
  worker.unref()
  worker.on('message', answered)
  worker.on('error', end)
  worker.on('exit', (code) => end(new Error(`the thread ended with ${code}`)))
  return worker
}
