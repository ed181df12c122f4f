/** Runs random programs on this project's machine and on a second one: `npm run test:fuzz -- --programs N --seed S`. */

import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { readOptions, wholeNumber } from '../../tools/command-options.ts'
import { opcodeNames } from './opcodes.ts'
import type { Batch, BatchResult } from './worker.ts'

const usage = `usage: npm run test:fuzz -- [--programs N] [--seed S] [--only N] [--workers N]
  --programs N  random programs, default 2000
  --seed S      what they are made from, default 1
  --only N      the program with this number alone
  --workers N   threads, default one for each core, at most 8`

const { values } = readOptions(usage, {
  options: {
    programs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    workers: { type: 'string', default: String(Math.min(availableParallelism(), 8)) },
  },
})
const programs = wholeNumber(values.programs, '--programs', 1)
const seed = wholeNumber(values.seed, '--seed', 0)
const workers = wholeNumber(values.workers, '--workers', 1)
const first = values.only === undefined ? 0 : wholeNumber(values.only, '--only', 0)
const end = values.only === undefined ? programs : first + 1

const batchSize = 25
/** A batch that takes longer is taken for endless. */
const batchTimeoutMs = 300_000
const progressMs = 10_000
/** Failures that are printed; more are only counted. */
const shown = 10

const totals = { passed: 0, failed: 0, known: new Map<string, number>() }
const opcodes = new Map<string, number>()
const forks = new Map<string, number>()
const startedAt = performance.now()
let next = first

function add(counts: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) counts.set(name, (counts.get(name) ?? 0) + count)
}

function take({ passed, known, failures, ...counts }: BatchResult): void {
  totals.passed += passed + known.length
  for (const reason of known) totals.known.set(reason, (totals.known.get(reason) ?? 0) + 1)
  add(opcodes, counts.opcodes)
  add(forks, counts.forks)
  for (const failure of failures) fail(failure)
}

function fail(text: string): void {
  totals.failed += 1
  if (totals.failed <= shown) console.log(text)
}

/** Batches whose counting took more memory than a thread may have: they run again without. */
const uncounted: Batch[] = []

function nextBatch(): Batch | undefined {
  const again = uncounted.pop()
  if (again || next >= end) return again
  const batch = { from: next, to: Math.min(next + batchSize, end), isCounted: true }
  next = batch.to
  return batch
}

/** One thread, batch after batch; an endless or broken one is replaced. */
async function runWorker(): Promise<void> {
  for (let batch = nextBatch(); batch; batch = nextBatch()) {
    const current = new SharedArrayBuffer(4)
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { seed, current },
    })
    const program = () => new Int32Array(current)[0]
    try {
      for (let one: Batch | undefined = batch; one; one = nextBatch()) {
        batch = one
        take(await runBatch(worker, one))
      }
    } catch (error) {
      const isShort = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'
      if (isShort && batch.isCounted) uncounted.push({ ...batch, isCounted: false })
      else fail(`FAILED: --seed ${seed} --only ${program()}: ${error}; its batch is left out`)
    }
    await worker.terminate()
  }
}

async function runBatch(worker: Worker, batch: Batch): Promise<BatchResult> {
  const signal = AbortSignal.timeout(batchTimeoutMs)
  worker.postMessage(batch)
  // An error of the thread rejects as well.
  const [result] = await once(worker, 'message', { signal })
  return result
}

function progress(): string {
  const done = totals.passed + totals.failed
  const seconds = (performance.now() - startedAt) / 1_000
  const pace = Math.round((done / seconds) * 3_600)
  return `# ${done} of ${end - first} programs, ${totals.failed} failed, ${pace} an hour`
}

const ticker = setInterval(() => console.log(progress()), progressMs)
await Promise.all(Array.from({ length: workers }, runWorker))
clearInterval(ticker)

const missing = opcodeNames.filter((name) => !opcodes.has(name))
console.log(progress())
console.log(`# forks: ${[...forks].map(([fork, count]) => `${fork} ${count}`).join(', ')}`)
console.log(
  `# opcodes that ran: ${opcodeNames.length - missing.length} of ${opcodeNames.length}${missing.length > 0 ? `; not ${missing.join(' ')}` : ''}`,
)
for (const [reason, count] of totals.known) console.log(`# ${count} known: ${reason}`)
console.log(`${totals.passed} passed, ${totals.failed} failed`)
process.exitCode = totals.failed === 0 ? 0 : 1
