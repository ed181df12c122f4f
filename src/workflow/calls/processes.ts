/** Runs other programs for workflows, bounded in number, time and output, and leaves nothing of them behind. */

import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { AppError } from '../../base/app-error.ts'
import { WorkflowError } from '../workflow-error.ts'

/** A program with all that it sees. */
export interface ProcessWish {
  /** What is run, for messages: `the script`. */
  readonly subject: string
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment: nothing of this process's own. */
  readonly env: Readonly<Record<string, string>>
  readonly stdin: string
  /** What it can read at descriptor 3. */
  readonly extra?: string
  /** Who talks with it line by line, by stdin and stdout; `stdin` is what is said first. */
  readonly dialogue?: Dialogue
  /** Instead of the bound that all have. */
  readonly timeoutMs?: number
}

/** Hears a program, and answers. */
export interface Dialogue {
  /** Hears a line; what it throws ends the program. */
  hear(line: string, talk: Talk): void
}

/** What can be said to a program. */
export interface Talk {
  say(line: string): void
  /** Ends its input, at which it should end; one that does not is made to. */
  end(): void
}

/** How it ended; a signal is a code above 128, as shells say it. */
export interface ProcessResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs programs. */
export interface Processes {
  /**
   * Runs one to its end.
   *
   * @throws WorkflowError `timeout`, `configuration` if there is no such program, `runtime` for too much output;
   *   AppError `workflow/processes-busy` and `workflow/process-cut`, which may pass
   */
  run(wish: ProcessWish, signal: AbortSignal): Promise<ProcessResult>
  /** Starts one that nobody waits for; within the same bounds. @throws AppError `workflow/processes-busy` */
  leave(wish: ProcessWish): void
  /** Starts one that tidies up after another: not counted, not ended by `stop`, which waits for it; 10 seconds at most. */
  tidy(wish: ProcessWish): void
  /** Ends all of them. */
  stop(): Promise<void>
}

/** Bounds of each program. */
export interface ProcessBounds {
  readonly timeoutMs: number
  /** Of each of stdout and stderr. */
  readonly maxOutputBytes: number
}

const maxProcesses = 16
/** For a program to end by itself after its dialogue, again once it is told to, and for its output to end after it. */
const partingMs = 1_000
const tidyMs = 10_000

/** No program runs yet. */
export function createProcesses(bounds: ProcessBounds): Processes {
  const running = new Map<ChildProcess, Promise<unknown>>()
  const tidying = new Set<Promise<unknown>>()
  const end = new AbortController()
  const start = (wish: ProcessWish, signal: AbortSignal) => {
    if (running.size >= maxProcesses) {
      const message = `${maxProcesses} programs run at once, which is the limit`
      throw new AppError({ code: 'workflow/processes-busy', message, retry: 'later' })
    }
    const child = launch(wish)
    const result = resultOf(child, wish, {
      ...bounds,
      ...(wish.timeoutMs === undefined ? {} : { timeoutMs: wish.timeoutMs }),
      signal: AbortSignal.any([signal, end.signal]),
    })
    running.set(child, result)
    const over = () => running.delete(child)
    result.then(over, over)
    return result
  }
  return {
    run: async (wish, signal) => start(wish, signal),
    leave(wish) {
      start(wish, end.signal).catch(() => {})
    },
    tidy(wish) {
      const { signal } = new AbortController()
      const child = launch(wish)
      const result = resultOf(child, wish, { ...bounds, timeoutMs: tidyMs, signal })
      tidying.add(result)
      const over = () => tidying.delete(result)
      result.then(over, over)
    },
    async stop() {
      end.abort(new Error('the program stops'))
      await Promise.allSettled(running.values())
      // What was cut may have begun to tidy.
      await new Promise(setImmediate)
      await Promise.allSettled(tidying)
    },
  }
}

/** In a group of its own, so that it can be ended with all that it started. */
function launch({ command, args, env, extra }: ProcessWish): ChildProcess {
  return spawn(command, [...args], {
    ...{ detached: true, cwd: '/', env: { ...env } },
    stdio: ['pipe', 'pipe', 'pipe', ...(extra === undefined ? [] : ['pipe' as const])],
  })
}

function resultOf(
  child: ChildProcess,
  wish: ProcessWish,
  { timeoutMs, maxOutputBytes, signal }: ProcessBounds & { readonly signal: AbortSignal },
): Promise<ProcessResult> {
  const { subject } = wish
  const outcome = Promise.withResolvers<ProcessResult>()
  let failure: Error | undefined
  const fail = (error: Error) => {
    failure ??= error
    endGroup(child)
  }
  const timer = setTimeout(() => fail(tooSlow(subject, timeoutMs)), timeoutMs)
  const cut = () => fail(interrupted(subject, signal.reason))
  signal.addEventListener('abort', cut, { once: true })
  if (signal.aborted) cut()
  const tooMuch = () => fail(tooLarge(subject, maxOutputBytes))
  const stdout = collected(child.stdout, maxOutputBytes, tooMuch)
  const stderr = collected(child.stderr, maxOutputBytes, tooMuch)
  const parted = wish.dialogue === undefined ? undefined : converse(child, wish.dialogue, fail)
  if (parted === undefined) give(child.stdin, wish.stdin)
  else child.stdin?.write(wish.stdin)
  give(child.stdio[3] as Writable | null | undefined, wish.extra)
  let parting: NodeJS.Timeout | undefined
  const over = () => {
    clearTimeout(timer)
    clearTimeout(parting)
    parted?.()
    signal.removeEventListener('abort', cut)
  }
  child.on('error', (cause) => {
    over()
    outcome.reject(failure ?? noProgram(wish, cause))
  })
  // What it started and left behind would hold its output open for ever; what left its group, too.
  child.on('exit', () => {
    endGroup(child)
    parting = setTimeout(() => setImmediate(letGo, child), partingMs)
  })
  child.on('close', (code, name) => {
    over()
    if (failure !== undefined) outcome.reject(failure)
    else
      outcome.resolve({
        code: code ?? 128 + (signalNumbers[name ?? ''] ?? 0),
        ...{ stdout: stdout(), stderr: stderr() },
      })
  })
  return outcome.promise
}

const signalNumbers: Readonly<Record<string, number>> = {
  ...{ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGPIPE: 13 },
  SIGTERM: 15,
}

/** Has a program talked with; gives what forgets about its parting. */
function converse(
  child: ChildProcess,
  dialogue: Dialogue,
  fail: (error: Error) => void,
): () => void {
  let alarm: NodeJS.Timeout | undefined
  let isOver = false
  const talk: Talk = {
    say: (line) => {
      child.stdin?.write(`${line}\n`)
    },
    end() {
      isOver = true
      child.stdin?.end()
      alarm ??= setTimeout(() => {
        endGroup(child, 'SIGTERM')
        alarm = setTimeout(() => endGroup(child), partingMs)
      }, partingMs)
    },
  }
  child.stdin?.on('error', () => {})
  const decoder = new StringDecoder()
  let rest = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    try {
      for (const line of lines) if (!isOver) dialogue.hear(line, talk)
    } catch (error) {
      isOver = true
      fail(error as Error)
    }
  })
  return () => clearTimeout(alarm)
}

/** Reads no more of what it wrote. */
function letGo({ stdio }: ChildProcess): void {
  for (const stream of stdio) stream?.destroy()
}

function endGroup({ pid }: ChildProcess, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // It is over.
  }
}

/** Gathers a stream; the function gives its text. */
function collected(
  stream: NodeJS.ReadableStream | null,
  maxBytes: number,
  tooMuch: () => void,
): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream?.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > maxBytes) tooMuch()
    else chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

function give(stream: Writable | null | undefined, text: string | undefined): void {
  // Who ends without having read is no failure.
  stream?.on('error', () => {})
  stream?.end(text ?? '')
}

function tooSlow(subject: string, timeoutMs: number): WorkflowError {
  const detail = `${subject} took longer than ${timeoutMs} ms`
  return new WorkflowError({ type: 'timeout', title: 'Too slow', detail })
}

function tooLarge(subject: string, maxBytes: number): WorkflowError {
  const detail = `${subject} wrote over ${maxBytes} bytes`
  return new WorkflowError({ type: 'runtime', title: 'Too much output', detail })
}

function interrupted(subject: string, cause: unknown): AppError {
  const message = `${subject} was interrupted`
  return new AppError({ code: 'workflow/process-cut', message, retry: 'later', cause })
}

function noProgram({ subject, command }: ProcessWish, cause: Error): WorkflowError {
  const detail = `${subject} cannot be started: ${command}: ${(cause as { code?: string }).code}`
  return new WorkflowError({ type: 'configuration', title: 'No such program', detail, cause })
}
