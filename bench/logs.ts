/** Times queries of logs over HTTP, on chains that grow, beside anvil. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Hex } from '../src/base/bytes.ts'
import { skipAnvil, startAnvil } from '../test/e2e/peer-nodes.ts'
import { callRpc, freePort, startProgram } from '../test/e2e/program.ts'
import { inTurns, ratio, spreadOf, spreadText, table } from './measure.ts'
import { cpuSeconds, forgetPeak, peakMiB } from './processes.ts'

interface Node {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** Logs of a transaction, transactions of a block, and the most that one query gives. */
const [perTransaction, perBlock, mostLogs] = [5_000, 2, 200_000]
const gasLimit = 30_000_000
const emitter = `0x${'c0de'.padStart(40, '0')}`
const event = `0x${'e7'.repeat(32)}`
const word = (value: number) => value.toString(16).padStart(64, '0')

/** Logs each number of a range with the event, the number mod 10,000 and the number mod 10. */
const emitterCode = [
  '5f35 602035 81 01 90 5b 80 5f 52',
  `600a 81 06 612710 82 06 7f${event.slice(2)} 6020 5f a3`,
  '6001 01 81 81 10 6008 57 00',
]
  .join('')
  .replaceAll(' ', '')

async function startOurs(): Promise<Node> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-bench-'))
  const port = await freePort()
  const program = startProgram([
    ...['start', '--dev', '--no-demo', '--rpc-port', `${port}`, '--api-port', '0'],
    ...['--block-time', '3600', '--hardfork', 'prague', '--data', folder],
    ...['--gas-limit', `${gasLimit}`],
  ])
  await program.printed(new RegExp(`:${port}`))
  return {
    ...{ url: `http://127.0.0.1:${port}`, pid: program.child.pid ?? 0 },
    async stop() {
      program.child.kill()
      await program.exited
      await rm(folder, { recursive: true })
    },
  }
}

async function startPeer(): Promise<Node | undefined> {
  if (skipAnvil()) return undefined
  return startAnvil('--no-mining', '--hardfork', 'prague', '--gas-limit', `${gasLimit}`)
}

/** Adds blocks until there are so many logs. */
async function grow({ url }: Node, from: number, to: number): Promise<void> {
  const [sender] = await callRpc<Hex[]>(url, 'eth_accounts')
  const gas = `0x${(gasLimit / perBlock).toString(16)}`
  for (let start = from; start < to; ) {
    for (let sent = 0; sent < perBlock && start < to; sent += 1, start += perTransaction) {
      const data = `0x${word(start)}${word(perTransaction)}`
      await callRpc(url, 'eth_sendTransaction', { from: sender, to: emitter, gas, data })
    }
    await callRpc(url, 'evm_mine')
  }
}

/** How many logs, and their topics. */
type Selection = readonly [selected: number, topics: unknown]

/** Topics of a hundred logs of a chain with so many, of a tenth, and of as many as an answer may hold. */
function selections(logs: number): readonly Selection[] {
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => `0x${word(at)}`)
  return [
    [100, [event, numbers(1_000_000 / logs)]],
    [logs / 10, [event, numbers(1_000)]],
    [Math.min(logs, mostLogs), [event, null, numbers(Math.min(10, (10 * mostLogs) / logs))]],
  ]
}

/** CPU seconds of a query that is made so many times. */
async function secondsOf(node: Node, times: number, asked: Selection): Promise<number> {
  const before = await cpuSeconds(node.pid)
  for (let made = 0; made < times; made += 1) await query(node, asked)
  return ((await cpuSeconds(node.pid)) - before) / times
}

/** Makes a query, which must give as many logs. */
async function query({ url }: Node, [selected, topics]: Selection): Promise<void> {
  const params = [{ fromBlock: '0x0', toBlock: 'latest', address: emitter, topics }]
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
  const nodes = { ours: await startOurs(), anvil: await startPeer() }
  const running = Object.values(nodes).filter((node) => node !== undefined)
  const rows: string[][] = []
  try {
    for (const { url } of running)
      await callRpc(url, 'hardhat_setCode', emitter, `0x${emitterCode}`)
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
