/** Measures validators as processes under a load of ERC-20 transfers: how many and how late, and what it costs when some are gone. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Hex } from '../src/base/bytes.ts'
import { callRpc } from '../test/e2e/program.ts'
import { type Head, startValidators, type Validators } from '../test/e2e/validator-nodes.ts'
import { TransferLoad } from '../test/network/transfer-load.ts'
import { percentile, type Spread, spreadOf, spreadText, table } from './measure.ts'
import { cpuSeconds } from './processes.ts'

/** How often a node is asked for what is final, in ms. */
const lookMs = 20

/** A block as a client saw it become final. */
interface Seen {
  readonly atMs: number
  readonly transactions: readonly string[]
}

/** Watches what becomes final at one node. */
class Watch {
  readonly seen: Seen[] = []
  #isOver = false
  readonly #running: Promise<void>

  constructor(url: string) {
    this.#running = this.#run(url)
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  /** Those of a span. */
  within(fromMs: number, toMs: number): readonly Seen[] {
    return this.seen.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
  }

  async #run(url: string): Promise<void> {
    const block = (number: string) => callRpc<Head>(url, 'eth_getBlockByNumber', number, false)
    let known = Number((await block('finalized')).number)
    while (!this.#isOver) {
      const number = Number((await block('finalized')).number)
      const atMs = performance.now()
      for (; known < number; known += 1) {
        const { transactions } = await block(`0x${(known + 1).toString(16)}`)
        this.seen.push({ atMs, transactions })
      }
      await pause(lookMs)
    }
  }
}

const countOf = (seen: readonly Seen[]) =>
  seen.reduce((sum, { transactions }) => sum + transactions.length, 0)

/** Longest time between two of them, and from the beginning to the first, in seconds. */
function longestPause(seen: readonly Seen[], fromMs: number, toMs: number): number {
  const times = [fromMs, ...seen.map(({ atMs }) => atMs), toMs]
  return Math.max(...times.slice(1).map((at, before) => at - (times[before] ?? at))) / 1_000
}

/** Starts validators with a token on their chain, and ends them afterwards. */
async function withValidators<T>(
  count: number,
  work: (validators: Validators, load: TransferLoad) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-load-'))
  const endings: (() => Promise<void>)[] = []
  const ending = { after: (run: () => Promise<void>) => void endings.push(run) }
  try {
    const validators = await startValidators(ending, { folder, count })
    const result = await work(validators, await TransferLoad.open(validators.urls))
    for (const at of validators.all) if (validators.node(at).isUp) await validators.stop(at)
    return result
  } finally {
    for (const run of endings) await run()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** What a load was met with. */
interface Met {
  /** Final in a second. */
  readonly rate: number
  /** Time on processors of all validators together for one of them, in µs. */
  readonly cpuUs: number
  /** From the sending to a node that takes it, to the block that a client sees as final. */
  readonly lateMs: readonly number[]
  /** How often a node said that it takes a transfer later, for each that it took. */
  readonly later: number
}

async function cpuOf({ all, node }: Validators): Promise<number> {
  const times = await Promise.all(all.map((at) => cpuSeconds(node(at).program.child.pid ?? 0)))
  return times.reduce((sum, time) => sum + time, 0)
}

/** So many seconds, after some that are not measured. */
async function met(
  validators: Validators,
  load: TransferLoad,
  { speed, seconds }: { speed: Parameters<TransferLoad['start']>[0]; seconds: number },
): Promise<Met> {
  load.start(speed)
  const watch = new Watch(validators.node(1).url)
  await pause(5_000)
  const [fromMs, fromCpu] = [performance.now(), await cpuOf(validators)]
  await pause(seconds * 1_000)
  const [toMs, toCpu] = [performance.now(), await cpuOf(validators)]
  await load.settle()
  await pause(100)
  await watch.end()
  const late = watch.seen.flatMap(({ atMs, transactions }) =>
    transactions.map((hash) => {
      const sentMs = load.sent.get(hash as Hex)?.atMs
      return sentMs === undefined || sentMs < fromMs || sentMs > toMs ? undefined : atMs - sentMs
    }),
  )
  // Whole blocks only: the span is from one block to another.
  const seen = watch.within(fromMs, toMs)
  const spanMs = (seen.at(-1)?.atMs ?? 0) - (seen[0]?.atMs ?? 0)
  return {
    cpuUs: ((toCpu - fromCpu) / countOf(seen)) * 1e6,
    rate: countOf(seen.slice(1)) / (spanMs / 1_000),
    lateMs: late.filter((one) => one !== undefined),
    later: load.later / load.sent.size,
  }
}

/** Transfers of a second, and how late they are, with 4 validators. */
export async function loadTable(runs: number): Promise<string> {
  const loads = [
    { name: '1,000 a second', speed: { perSecond: 1_000 }, seconds: 25 },
    { name: 'as many as go, 12,000 waiting', speed: { waiting: 12_000 }, seconds: 25 },
  ]
  const found = new Map<string, Met[]>()
  for (let run = 0; run < runs; run += 1) {
    for (const { name, ...given } of loads) {
      const one = await withValidators(4, async (validators, load) => {
        load.signAhead(60_000)
        return met(validators, load, given)
      })
      found.set(name, [...(found.get(name) ?? []), one])
    }
  }
  const rows = [...found].map(([name, all]) => {
    const part = (share: number): Spread =>
      spreadOf(all.map(({ lateMs }) => percentile(lateMs, share) / 1_000))
    const rate = spreadText(spreadOf(all.map((one) => one.rate)), 0)
    const cpu = spreadText(spreadOf(all.map(({ cpuUs }) => cpuUs)), 0)
    const later = spreadText(spreadOf(all.map((one) => one.later)))
    return [name, rate, spreadText(part(0.5)), spreadText(part(0.99)), cpu, later]
  })
  const head = ['load', 'final a second', 'taken to final, s: p50', 'p99', 'CPU of all, µs']
  return table([...head, 'told "later", for each'], rows)
}

/** What is left of blocks and transfers when a third is gone, beside all being there. */
export async function goneTable(runs: number): Promise<string> {
  const rows: string[][] = []
  for (const [count, gone] of [
    [4, 1],
    [7, 2],
  ] as const) {
    const found: Awaited<ReturnType<typeof withGone>>[] = []
    for (let run = 0; run < runs; run += 1) {
      found.push(await withValidators(count, (...network) => withGone(...network, gone)))
    }
    const text = (of: (one: (typeof found)[number]) => number, digits = 2) =>
      spreadText(spreadOf(found.map(of)), digits)
    rows.push([
      `${gone} of ${count}`,
      text(({ blocks }) => blocks[0]),
      text(({ blocks }) => blocks[1]),
      text(({ blocks }) => blocks[1] / blocks[0]),
      text(({ transfers }) => transfers[1] / transfers[0]),
      text(({ pauseS }) => pauseS),
    ])
  }
  const head = [
    'gone',
    'blocks a second before',
    'and after',
    'after ÷ before',
    'transfers, the same',
  ]
  return table([...head, 'longest pause from 10 s after, s'], rows)
}

/** Seconds of each span, and those after the end of some that are not counted. */
const [spanS, upsetS, slowLoad] = [30, 10, 100]

async function withGone(validators: Validators, load: TransferLoad, gone: number) {
  load.signAhead(slowLoad * (2 * spanS + upsetS + 20))
  load.start({ perSecond: slowLoad })
  const watch = new Watch(validators.node(0).url)
  const span = async () => {
    const fromMs = performance.now()
    await pause(spanS * 1_000)
    const toMs = performance.now()
    const seen = watch.within(fromMs, toMs)
    return { seen, pauseS: longestPause(seen, fromMs, toMs) }
  }
  await pause(5_000)
  const before = await span()
  for (const at of validators.all.slice(-gone)) await validators.kill(at)
  await pause(upsetS * 1_000)
  const after = await span()
  await load.settle()
  await watch.end()
  const spans = [before, after] as const
  const [first, second] = spans.map(({ seen }) => [seen.length / spanS, countOf(seen) / spanS])
  return {
    blocks: [first?.[0] ?? 0, second?.[0] ?? 0] as const,
    transfers: [first?.[1] ?? 0, second?.[1] ?? 0] as const,
    pauseS: after.pauseS,
  }
}
