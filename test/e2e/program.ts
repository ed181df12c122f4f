/** Starts the program as a user would, and watches what it prints. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

export const root = path.join(import.meta.dirname, '../..')
export const main = path.join(root, 'src/cli/main.ts')

/** A started program. */
export interface Program {
  readonly child: ChildProcess
  /** Everything printed so far, stdout and stderr. */
  output(): string
  /** Resolves with the first match in the output, past or to come. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves with exit code and signal. */
  readonly exited: Promise<readonly [number | null, NodeJS.Signals | null]>
}

interface StartOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Another entry than the command line's. */
  readonly entry?: string
  /** Whether it leads a group of processes, as in a terminal. */
  readonly group?: boolean
}

/** Runs `quantumstream ...words` under this Node; settings of the tester's environment are left out. */
export function startProgram(words: readonly string[], options: StartOptions = {}): Program {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(QS_|OTEL_|BLOCKCHAIN_|CONTRACT_|SERVERLESS_)/.test(name),
  )
  const child = spawn(process.execPath, [options.entry ?? main, ...words], {
    cwd: options.cwd ?? root,
    env: {
      ...Object.fromEntries(inherited),
      // Whole, since a command may run in another folder.
      NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/node'),
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.group === true,
  })
  let output = ''
  const watchers = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      output += `${line}\n`
      for (const watcher of watchers) watcher()
    })
  }
  const exited = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(output)
        if (match) {
          watchers.delete(look)
          resolve(match)
        }
      }
      watchers.add(look)
      look()
      exited.then(() => {
        look()
        watchers.delete(look)
        reject(new Error(`the program ended without printing ${pattern}:\n${output}`))
      })
    })
  return { child, output: () => output, printed, exited }
}

/** A folder that is gone after the test. */
export async function temporaryFolder(t: {
  after(run: () => Promise<void>): void
}): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-e2e-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** Asks the API for JSON. */
export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** Calls JSON-RPC and gives the result. */
export async function callRpc<T>(url: string, method: string, ...params: unknown[]): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const { result, error } = (await response.json()) as {
    result: T
    error?: { message: string }
  }
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}

/** Asks again until the answer is there; gives up after `patienceMs`. */
export async function eventually<T>(
  ask: () => Promise<T | undefined>,
  patienceMs = 60_000,
): Promise<T> {
  const end = Date.now() + patienceMs
  for (;;) {
    const answer = await ask().catch((error: unknown) => {
      if (Date.now() > end) throw error
      return undefined
    })
    if (answer !== undefined) return answer
    if (Date.now() > end) throw new Error(`nothing after ${patienceMs} ms: ${ask}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
