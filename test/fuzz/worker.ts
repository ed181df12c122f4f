/** Checks programs of a seed in a thread of its own, a batch at a time. */

import { parentPort, workerData } from 'node:worker_threads'
import { check, reduce } from './check.ts'
import { createOracle, type Watcher } from './oracle.ts'
import { scenarioOf } from './scenario.ts'
import { describeScenario, writeScenario } from './scenario-json.ts'
import { createSubject } from './subject.ts'

/** What the thread is told once. */
export interface WorkerData {
  readonly seed: number
  /** One number: the program that is under way, so that an endless one can be named. */
  readonly current: SharedArrayBuffer
}

/** Programs from one number up to before another. */
export interface Batch {
  readonly from: number
  readonly to: number
  /** Whether opcodes are counted in some of them. */
  readonly isCounted: boolean
}

/** What came of a batch. */
export interface BatchResult {
  readonly passed: number
  /** Reasons of differences that are known. */
  readonly known: readonly string[]
  readonly failures: readonly string[]
  /** How often each opcode ran, in some of the programs. */
  readonly opcodes: ReadonlyMap<string, number>
  /** Transactions that ran, and those that succeeded. */
  readonly forks: ReadonlyMap<string, number>
}

/** Opcodes are counted in each so many programs: it takes time. */
const countedEvery = 8
/** Runs that are spent on making a failing program smaller. */
const reductions = 2_000

const { seed, current } = workerData as WorkerData
const place = new Int32Array(current)
const machines = { oracle: createOracle(), subject: createSubject() }

async function run({ from, to, isCounted }: Batch): Promise<BatchResult> {
  const opcodes = new Map<string, number>()
  const forks = new Map<string, number>()
  const known: string[] = []
  const failures: string[] = []
  let passed = 0
  const count: Watcher = {
    step: ({ opcode: { name } }) => opcodes.set(name, (opcodes.get(name) ?? 0) + 1),
  }
  for (let at = from; at < to; at += 1) {
    Atomics.store(place, 0, at)
    const scenario = scenarioOf(seed, at)
    forks.set(scenario.fork, (forks.get(scenario.fork) ?? 0) + 1)
    const watcher = isCounted && at % countedEvery === 0 ? count : undefined
    const result = await check(scenario, machines, watcher)
    if (result.kind === 'equal') passed += 1
    else if (result.kind === 'known') known.push(result.reason)
    else {
      const smaller = await reduce(scenario, machines, reductions)
      const again = await check(smaller, machines)
      const lines = again.kind === 'different' ? again.lines : result.lines
      failures.push(
        [
          `FAILED: --seed ${seed} --only ${at}`,
          ...lines.slice(0, 12).map((line) => `  ${line.slice(0, 400)}`),
          describeScenario(smaller),
          writeScenario(smaller),
        ].join('\n'),
      )
    }
  }
  return { passed, known, failures, opcodes, forks }
}

parentPort?.on('message', async (batch: Batch) => {
  parentPort?.postMessage(await run(batch))
})
