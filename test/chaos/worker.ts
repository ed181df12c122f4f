/** Runs a node of a chaos run as a process that can be killed at any instant, and starts it again. */

import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { getJson, type Program, startProgram } from '../e2e/program.ts'

/** How a worker is started. */
export interface WorkerOptions {
  readonly number: number
  readonly folder: string
  readonly flags: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** What a node says of itself. */
export interface NodeStatus {
  readonly instances: Readonly<Record<string, number>>
  readonly listeners: readonly {
    readonly state: string
    readonly head?: number
    readonly checkpoint?: number
    readonly problem?: string
  }[]
}

/** One node. */
export class Worker {
  readonly number: number
  readonly #options: WorkerOptions
  #program: Program | undefined
  #api: string | undefined
  #isWanted = false
  /** When it was killed. */
  readonly killedAtMs: number[] = []
  /** What a node printed that ended without being told to. */
  readonly surprises: string[] = []

  constructor(options: WorkerOptions) {
    this.number = options.number
    this.#options = options
  }

  /** Where its API is, once that is there. */
  get api(): string | undefined {
    return this.#api
  }

  /** What the last process printed. */
  output(): string {
    return this.#program?.output() ?? ''
  }

  /** Starts the process, and does not wait for it. */
  start(): void {
    const { number, folder, flags, environment } = this.#options
    const data = path.join(folder, `worker-${number}`)
    const words = ['start', '--dev', '--api-port', '0', '--data', data, ...flags]
    const program = startProgram(words, { environment })
    this.#program = program
    this.#isWanted = true
    const place = /API +(http:\/\/127\.0\.0\.1:\d+)/
    program.printed(place).then(
      ([, api]) => {
        if (this.#program === program) this.#api = api
      },
      () => {},
    )
    void program.exited.then(([code, signal]) => {
      if (this.#program !== program || !this.#isWanted) return
      this.surprises.push(
        `worker ${number} ended by itself (${code ?? signal}): ${program.output()}`,
      )
    })
  }

  /** Kills the process, and starts another one after a while. */
  async kill(downMs: number): Promise<void> {
    const program = this.#program
    if (program === undefined || !this.#isWanted) return
    this.#leave()
    this.killedAtMs.push(Date.now())
    program.child.kill('SIGKILL')
    await program.exited
    await pause(downMs)
    this.start()
  }

  /** Ends the process as a user would. @returns what was wrong with the end */
  async stop(): Promise<string | undefined> {
    const program = this.#program
    if (program === undefined) return undefined
    this.#leave()
    program.child.kill('SIGTERM')
    const late = pause(20_000, undefined, { ref: false }).then(() => undefined)
    const end = await Promise.race([program.exited, late])
    if (end?.[0] === 0) return undefined
    program.child.kill('SIGKILL')
    await program.exited
    return `worker ${this.number} did not stop when it was told to: ${program.output()}`
  }

  /** What it says of itself; `undefined` while it does not answer. */
  async status(): Promise<NodeStatus | undefined> {
    if (this.#api === undefined) return undefined
    return getJson<NodeStatus>(`${this.#api}/v1/status`).catch(() => undefined)
  }

  /** Whether a transaction is out and in no block, as far as the database knows; so, too, while it does not answer. */
  async hasOpenTransactions(): Promise<boolean> {
    const open = `${this.#api}/v1/transactions?state=open&limit=1`
    const found = await getJson<{ readonly items: readonly unknown[] }>(open).catch(() => undefined)
    return found?.items.length !== 0
  }

  #leave(): void {
    this.#isWanted = false
    this.#api = undefined
  }
}
