/** Measures what a chain costs that nobody uses: a node with sixteen more of them, beside one without. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spreadOf, spreadText, table } from './measure.ts'
import { cpuSeconds, forgetPeak, peakMiB } from './processes.ts'

const main = path.join(import.meta.dirname, '../src/cli/main.ts')
const chains = 16
/** Until what came up with the node is over, and that is measured, in milliseconds. */
const [settleMs, measuredMs] = [5_000, 10_000]

/** What the chains did before and do, by what the rows are called; block times are in milliseconds, 0 is on demand. */
const rows = {
  'no blocks': { blockTimeMs: 0, transfers: 0 },
  'a block a second': { blockTimeMs: 1_000, transfers: 0 },
  'a block a second, after 200 transfers': { blockTimeMs: 1_000, transfers: 200 },
} as const
/** The first account of the words that every development node knows. */
const account = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'

interface Node {
  readonly child: ChildProcess
  readonly pid: number
  readonly rpc: string
  readonly data: string
}

/** What a node took: share of a core in percent, and the most memory in MiB. */
interface Cost {
  readonly cores: number
  readonly memory: number
}

/** CPU and peak memory of each chain, as the difference between nodes that run side by side, by sixteen. */
export async function chainsTable(runs: number): Promise<string> {
  const alone: Cost[] = []
  const found = new Map<string, Cost[]>()
  for (let run = 0; run < runs; run += 1) {
    const base = await startNode()
    const others = await Promise.all(
      Object.entries(rows).map(async ([name, row]) => {
        const node = await startNode()
        for (let at = 0; at < chains; at += 1) await bang(node, at, row)
        return { name, node }
      }),
    )
    await sleep(settleMs)
    const costs = await costsOf([base, ...others.map(({ node }) => node)])
    for (const node of [base, ...others.map((one) => one.node)]) await stop(node)
    const [first, ...rest] = costs
    if (first === undefined) continue
    alone.push(first)
    for (const [at, { name }] of others.entries()) {
      const cost = rest[at]
      if (cost) found.set(name, [...(found.get(name) ?? []), each(cost, first)])
    }
  }
  const row = (name: string, costs: readonly Cost[]) => [
    name,
    spreadText(spreadOf(costs.map(({ memory }) => memory)), 1),
    spreadText(spreadOf(costs.map(({ cores }) => cores))),
  ]
  return table(
    ['', 'memory, MiB', 'of a core, %'],
    [
      row('the node with one chain', alone),
      ...Array.from(found, ([name, costs]) => row(`each of ${chains} more, ${name}`, costs)),
    ],
  )
}

function each(cost: Cost, base: Cost): Cost {
  return {
    cores: (cost.cores - base.cores) / chains,
    memory: (cost.memory - base.memory) / chains,
  }
}

async function costsOf(nodes: readonly Node[]): Promise<readonly Cost[]> {
  const before = await Promise.all(nodes.map(({ pid }) => cpuSeconds(pid)))
  for (const { pid } of nodes) await forgetPeak(pid)
  const began = performance.now()
  await sleep(measuredMs)
  const after = await Promise.all(nodes.map(({ pid }) => cpuSeconds(pid)))
  const seconds = (performance.now() - began) / 1_000
  return Promise.all(
    nodes.map(async ({ pid }, at) => ({
      cores: (((after[at] ?? 0) - (before[at] ?? 0)) / seconds) * 100,
      memory: await peakMiB(pid),
    })),
  )
}

async function startNode(): Promise<Node> {
  const data = await mkdtemp(path.join(tmpdir(), 'qs-bench-'))
  const flags = ['--dev', '--no-demo', '--data', data, '--rpc-port', '0', '--api-port', '0']
  const child = spawn(process.execPath, [main, 'start', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  const rpc = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (text) => {
      printed += text
      const [, found] = /JSON-RPC +(http:\S+) [\s\S]*\n {2}data/.exec(printed) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => reject(new Error(`the node did not start: ${printed}`)))
  })
  return { child, pid: child.pid ?? 0, rpc, data }
}

/** Gives birth to a chain, and sends the transfers there. */
async function bang(
  { rpc }: Node,
  at: number,
  { blockTimeMs, transfers }: { readonly blockTimeMs: number; readonly transfers: number },
): Promise<void> {
  const manifest = {
    ...{ version: 1, name: `c${at}`, chainId: 1_000 + at, hardfork: 'osaka' },
    consensus: { engine: 'dev', blockTimeMs },
    genesis: {
      ...{ timestamp: '1700000000', gasLimit: '30000000', baseFeePerGas: '1000000000' },
      ...{ extraData: '0x', accounts: [{ address: account, balance: String(10n ** 21n) }] },
    },
  }
  await ask(rpc, [{ method: 'qs_bang', params: [manifest] }])
  const transfer = { from: account, to: account, value: '0x1', gas: '0x5208' }
  const sends = Array.from({ length: transfers }, () => ({
    ...{ method: 'eth_sendTransaction', params: [transfer] },
  }))
  if (transfers > 0) await ask(`${rpc}/rpc/${manifest.name}`, sends)
}

async function ask(
  url: string,
  calls: readonly { readonly method: string; readonly params: readonly unknown[] }[],
): Promise<void> {
  const response = await fetch(url, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call }))),
  })
  for (const { error } of (await response.json()) as { error?: { message: string } }[]) {
    if (error) throw new Error(error.message)
  }
}

async function stop({ child, data }: Node): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
  await rm(data, { recursive: true })
}
