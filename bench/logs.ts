/** Times queries of logs over HTTP, on chains that grow, beside anvil. */

import { skipAnvil, startAnvil } from '../test/e2e/peer-nodes.ts'
import {
  type CountingChain,
  countedTopic,
  counter,
  countIn,
  placeCounter,
  startCountingChain,
  word,
} from './counting-chain.ts'
import { inTurns, ratio, spreadOf, spreadText, table } from './measure.ts'
import { cpuSeconds, forgetPeak, peakMiB } from './processes.ts'

/** Logs of a transaction, transactions of a block, and the most that one query gives. */
const [perTransaction, perBlock, mostLogs] = [5_000, 2, 200_000]

async function startPeer(): Promise<CountingChain | undefined> {
  if (skipAnvil()) return undefined
  return startAnvil('--no-mining', '--hardfork', 'prague', '--gas-limit', '30000000')
}

/** Adds blocks until there are so many logs. */
async function grow(node: CountingChain, from: number, to: number): Promise<void> {
  const sender = await placeCounter(node)
  for (let start = from; start < to; ) {
    const times = Math.min(perBlock, (to - start) / perTransaction)
    await countIn(node, sender, { from: start, each: perTransaction, times })
    start += times * perTransaction
  }
}

/** How many logs, and their topics. */
type Selection = readonly [selected: number, topics: unknown]

/** Topics of a hundred logs of a chain with so many, of a tenth, and of as many as an answer may hold. */
function selections(logs: number): readonly Selection[] {
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => `0x${word(at)}`)
  return [
    [100, [countedTopic, numbers(1_000_000 / logs)]],
    [logs / 10, [countedTopic, numbers(1_000)]],
    [Math.min(logs, mostLogs), [countedTopic, null, numbers(Math.min(10, (10 * mostLogs) / logs))]],
  ]
}

/** CPU seconds of a query that is made so many times. */
async function secondsOf(node: CountingChain, times: number, asked: Selection): Promise<number> {
  const before = await cpuSeconds(node.pid)
  for (let made = 0; made < times; made += 1) await query(node, asked)
  return ((await cpuSeconds(node.pid)) - before) / times
}

/** Makes a query, which must give as many logs. */
async function query({ url }: CountingChain, [selected, topics]: Selection): Promise<void> {
  const params = [{ fromBlock: '0x0', toBlock: 'latest', address: counter, topics }]
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body })
  const answer = Buffer.from(await response.arrayBuffer())
  let found = 0
  for (let at = answer.indexOf('"logIndex"'); at >= 0; at = answer.indexOf('"logIndex"', at + 1))
    found += 1
  if (found !== selected) throw new Error(`${url} gave ${found} logs, not ${selected}`)
}

/** Queries of 10,000 to 1,000,000 logs; the peak of memory is that of all queries of a chain. */
export async function logTable(runs: number): Promise<string> {
  const nodes = { ours: await startCountingChain(), anvil: await startPeer() }
  const running = Object.values(nodes).filter((node) => node !== undefined)
  const rows: string[][] = []
  try {
    let before = 0
    for (const logs of [10_000, 100_000, 1_000_000]) {
      for (const node of running) await grow(node, before, logs)
      for (const { pid } of running) await forgetPeak(pid)
      for (const asked of selections(logs)) {
        // What is quick is made often, the first time to let the programs warm up.
        const times = Math.max(1, Math.round(2e8 / asked[0] / logs))
        for (const node of running) await secondsOf(node, times, asked)
        const { ours, anvil } = nodes
        const found = await inTurns(runs, {
          ours: () => secondsOf(ours, times, asked),
          ...(anvil && { anvil: () => secondsOf(anvil, times, asked) }),
        })
        const took = (found.get('ours') ?? []).map((seconds) => seconds * 1_000)
        rows.push([
          ...[logs, asked[0]].map((count) => count.toLocaleString('en')),
          spreadText(spreadOf(took), 1),
          spreadText(ratio(found.get('anvil'), found.get('ours')), 1),
        ])
      }
      const peaks = await Promise.all(running.map(({ pid }) => peakMiB(pid)))
      rows.at(-1)?.push(peaks.map((peak) => peak.toFixed(0)).join(' and '))
      before = logs
    }
  } finally {
    for (const node of running) await node.stop()
  }
  const memory = 'peak of memory, ours and anvil’s, MiB'
  return table(
    ['logs', 'selected', 'ms CPU', 'anvil ÷ ours', memory],
    rows.map((row) => [...row, ...(row.length < 5 ? [''] : [])]),
  )
}
