/** Runs one plan: lets everything happen, then lets everything heal, and looks at what is left. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { testWords } from '../../src/node/dev-accounts.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { temporarySchema } from '../../src/store/temporary-schema.ts'
import { chanceOf } from '../fuzz/chance.ts'
import type { ChaosChain } from './chaos-chain.ts'
import { CountedFunction, patienceMs } from './counted-function.ts'
import { FaultyEndpoint, setFault } from './faulty-endpoint.ts'
import { type Findings, findingsOf } from './findings.ts'
import type { Deed, Plan } from './plan.ts'
import { Worker } from './worker.ts'
import { writeWorkflow } from './workflow.ts'

/** Where a plan is run. */
export interface RunOptions {
  readonly database: 'sqlite' | 'postgres'
  readonly workers: number
  /** Whether the first one only listens, and the others only work; else each does all. */
  readonly hasRoles?: boolean
  readonly endpoints: number
  readonly chain: ChaosChain
  readonly signal: AbortSignal
  /** Told every ten seconds how far it is. */
  readonly tell?: (line: string) => void
  /** Leaves the folder, and prints where it is, when something was wrong. */
  readonly keep?: boolean
}

/** What happened, and what was found. */
export interface Outcome extends Findings {
  readonly kills: number
  readonly reorganisations: number
  readonly requests: number
}

/** Longest time until all has come to rest, in milliseconds. */
const longestRestMs = 180_000
const blockMs = 60

/** Runs a plan. */
export async function runPlan(plan: Plan, options: RunOptions): Promise<Outcome> {
  const world = await ChaosWorld.open(plan, options)
  const telling = setInterval(() => options.tell?.(world.progress()), 10_000)
  try {
    await world.suffer()
    return await world.look(await world.rest())
  } finally {
    clearInterval(telling)
    await world.close()
  }
}

class ChaosWorld {
  readonly #plan: Plan
  readonly #options: RunOptions
  readonly #folder: string
  readonly #schema
  readonly #endpoints: readonly FaultyEndpoint[]
  readonly #function: CountedFunction
  readonly #workers: Worker[] = []
  readonly #underWay = new Set<Promise<void>>()
  #phase = 'under fire'
  #amount = 0
  #reorganisations = 0

  private constructor(plan: Plan, options: RunOptions, folder: string) {
    this.#plan = plan
    this.#options = options
    this.#folder = folder
    this.#schema = options.database === 'postgres' ? temporarySchema() : undefined
    this.#endpoints = Array.from({ length: options.endpoints }, (_, at) => {
      const chance = chanceOf(plan.seed, 10 + at)
      return new FaultyEndpoint(options.chain, { chance, hidesParts: plan.checks === 'all' })
    })
    this.#function = new CountedFunction()
  }

  static async open(plan: Plan, options: RunOptions): Promise<ChaosWorld> {
    const folder = await mkdtemp(path.join(tmpdir(), 'qs-chaos-'))
    const world = new ChaosWorld(plan, options, folder)
    const urls = await Promise.all(world.#endpoints.map((one) => one.start()))
    const functionUrl = await world.#function.start()
    const workflows = await writeWorkflow(folder, options.chain.contract)
    for (let number = 0; number < options.workers; number += 1) {
      const environment = {
        ...{ BLOCKCHAIN_ENDPOINT: urls.join(), CONTRACT_ADDRESS: options.chain.contract },
        ...{ QS_START_BLOCK: '0', QS_POLL_INTERVAL: '50', QS_CONFIRMATIONS: '1' },
        ...{ QS_FINALITY_DEPTH: String(plan.finalityDepth), QS_MINIMUM_LIFE: 'finalized' },
        QS_EVENT_CHECKS: plan.checks,
        // Short, so that somebody follows and works most of the time though whoever did is killed.
        QS_LEASE_TIME: '5',
        ...{ QS_WORKFLOWS: workflows, QS_FUNCTIONS: functionsAt(`${functionUrl}/${number}`) },
        ...(options.hasRoles ? { QS_ROLE: number === 0 ? 'listener,api' : 'worker,api' } : {}),
        ...(world.#schema
          ? { QS_DATABASE: world.#schema.url, QS_DATABASE_SCHEMA: world.#schema.schema }
          : {}),
      }
      const worker = new Worker({ number, folder, environment, flags: ['--mnemonic', testWords] })
      world.#workers.push(worker)
      worker.start()
    }
    return world
  }

  /** How far it is. */
  progress(): string {
    const planned = this.#plan.deeds.filter(({ deed }) => deed.kind === 'kill').length
    return `${this.#phase}: ${this.#kills} of ${planned} kills, ${this.#amount} deposits`
  }

  get #kills(): number {
    return this.#workers.reduce((sum, { killedAtMs }) => sum + killedAtMs.length, 0)
  }

  /** Does what the plan says, each at its time. */
  async suffer(): Promise<void> {
    await this.#mostNodes()
    let beganMs = Date.now()
    for (const { atMs, deed } of this.#plan.deeds) {
      if (this.#options.signal.aborted) break
      const waitMs = beganMs + atMs - Date.now()
      if (waitMs > 0) await pause(waitMs)
      await this.#do(deed)
      if (deed.kind !== 'kill' || !deed.isAwaited) continue
      const stoppedMs = Date.now()
      await this.#mostNodes()
      beganMs += Date.now() - stoppedMs
    }
    await Promise.all(this.#underWay)
  }

  /** Ends all faults, and mines until everything has come to its end. @returns what did not */
  async rest(): Promise<readonly string[]> {
    this.#phase = 'coming to rest'
    for (const at of this.#endpoints.keys()) setFault(this.#endpoints, at, { kind: 'none' })
    this.#function.fault = 'none'
    const endMs = Date.now() + longestRestMs
    for (let turn = 1; ; turn += 1) {
      await this.#options.chain.mine()
      await pause(blockMs)
      if (turn > this.#plan.finalityDepth && turn % 10 === 0 && (await this.#isAtRest())) return []
      if (Date.now() > endMs) return [`it does not come to rest: ${await this.#state()}`]
    }
  }

  /** Ends the nodes, and looks at what they left. */
  async look(unrest: readonly string[]): Promise<Outcome> {
    const faults = await Promise.all(this.#workers.map((worker) => worker.stop()))
    const { url = '', schema = '' } = this.#schema ?? {}
    const file = path.join(this.#folder, 'worker-0', 'events.sqlite')
    const sql = this.#schema
      ? await openPostgres({ url, schema })
      : await openSqlite({ path: file })
    try {
      const written = await this.#options.chain.written()
      const { acts } = this.#function
      const { isKeyShared } = this.#plan
      const found = await findingsOf({ sql, written, acts, workers: this.#workers, isKeyShared })
      const surprises = this.#workers.flatMap((worker) => worker.surprises)
      return {
        ...found,
        faults: [
          ...unrest,
          ...surprises,
          ...faults.filter((one) => one !== undefined),
          ...found.faults,
        ],
        kills: this.#kills,
        reorganisations: this.#reorganisations,
        requests: this.#endpoints.reduce((sum, { requests }) => sum + requests, 0),
      }
    } finally {
      await sql.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#underWay)
    await Promise.all(this.#workers.map((worker) => worker.stop()))
    await Promise.all([this.#function.stop(), ...this.#endpoints.map((one) => one.stop())])
    if (this.#options.keep) {
      process.stdout.write(`kept: ${this.#folder} ${this.#schema?.schema ?? ''}\n`)
      return
    }
    await this.#schema?.remove()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 })
  }

  async #do(deed: Deed): Promise<void> {
    const { chain } = this.#options
    if (deed.kind === 'mine') await chain.mine()
    if (deed.kind === 'take-nonce') await chain.takeNonce()
    if (deed.kind === 'endpoint') setFault(this.#endpoints, deed.endpoint, deed.fault)
    if (deed.kind === 'function') this.#function.fault = deed.fault
    if (deed.kind === 'reorganise' && (await chain.reorganise(deed.depth)) > 0) {
      this.#reorganisations += 1
    }
    if (deed.kind === 'deposit') {
      for (let n = 0; n < deed.count; n += 1) {
        this.#amount += 1
        await chain.deposit(this.#amount)
      }
    }
    if (deed.kind === 'kill') this.#kill(deed.worker, deed.downMs)
  }

  /** Waits until all nodes but one answer, or the only one does; at most for a while. */
  async #mostNodes(): Promise<void> {
    for (let turn = 0; turn < 600 && !this.#options.signal.aborted; turn += 1) {
      const up = this.#workers.filter(({ api }) => api !== undefined).length
      if (up >= Math.max(1, this.#workers.length - 1)) return
      await pause(50)
    }
  }

  #kill(at: number, downMs: number): void {
    const killing = this.#workers[at]?.kill(downMs) ?? Promise.resolve()
    this.#underWay.add(killing)
    void killing.finally(() => this.#underWay.delete(killing))
  }

  async #isAtRest(): Promise<boolean> {
    const deposits = (await this.#options.chain.written()).filter(({ what }) => what === 'deposit')
    for (const worker of this.#workers) {
      const status = await worker.status()
      const follows = status?.listeners.every(({ state }) => state === 'following')
      if (status === undefined || !follows) return false
      const { completed = 0, ...others } = status.instances
      const isOver = Object.entries(others).every(([name, n]) => n === 0 || name === 'retracted')
      if (!isOver || completed !== deposits.length) return false
      if (await worker.hasOpenTransactions()) return false
    }
    return true
  }

  async #state(): Promise<string> {
    const told = await Promise.all(
      this.#workers.map(async (worker) => {
        const list = worker.api
          ? await fetch(`${worker.api}/v1/instances?limit=100`).then((one) => one.text())
          : 'it does not answer'
        const open = list.match(/\{[^{}]*"status":"(waiting|running|compensating|failed)"[^{}]*/g)
        const lines = [JSON.stringify(await worker.status()), ...(open ?? []).slice(0, 5)]
        return [`worker ${worker.number}`, ...lines, worker.output().slice(-2_000)].join('\n')
      }),
    )
    return told.join('\n')
  }
}

function functionsAt(url: string): string {
  return JSON.stringify({
    default: 'counted',
    providers: { counted: { kind: 'http', url: `${url}/{name}`, timeoutMs: patienceMs } },
    guard: { failures: 1_000, openMs: 100 },
  })
}
