/** Measures starts of a node whose chain has many accounts: after a stop, after a kill, and without a checkpoint. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../src/base/test-ports.ts'
import { manifestToJson } from '../src/chain/ledger/manifest-codec.ts'
import { addressOf, bytesEach, manifestOfMany, writeLog } from './chain-of-many.ts'
import { spreadOf, spreadText, table } from './measure.ts'

const sizes = [1_000, 100_000, 1_000_000]
const main = path.join(import.meta.dirname, '../src/cli/main.ts')

/** Seconds from the beginning of the process until its JSON-RPC answers. */
export async function startTable(runs: number): Promise<string> {
  const rows: string[][] = []
  for (const accounts of sizes) {
    const data = await mkdtemp(path.join(tmpdir(), 'qs-bench-'))
    try {
      const stored = await startsOf(data, accounts, runs)
      rows.push([
        accounts.toLocaleString('en'),
        ...stored,
        ...(await birthsOf(data, accounts, runs)),
      ])
    } finally {
      await rm(data, { recursive: true })
    }
  }
  const head = ['after a stop, s', 'after a kill, s', 'without a checkpoint, s']
  return table(['accounts', ...head, 'born with them, s', 'again, s'], rows)
}

/** The log behind the checkpoint is as long after the kill as it can be: 16 MiB, or half of the checkpoint. */
async function startsOf(data: string, accounts: number, runs: number): Promise<string[]> {
  const folder = path.join(data, 'chains')
  const checkpoint = path.join(folder, manifestOfMany.name, 'state.checkpoint')
  const most = Math.max((16 * 1024 * 1024) / bytesEach, accounts / 5)
  const before = Math.max(accounts - most * 0.95, accounts / 2)
  const [stopped, killed]: number[][] = [[], []]
  await writeLog(folder, [
    { accounts: before, then: () => start(data, 'SIGTERM') },
    {
      accounts,
      async then() {
        for (let run = 0; run < runs; run += 1) killed?.push(await start(data, 'SIGKILL'))
        await start(data, 'SIGTERM')
      },
    },
  ])
  for (let run = 0; run < runs; run += 1) stopped?.push(await start(data, 'SIGTERM'))
  const hadOne = (await stat(checkpoint).catch(() => undefined)) !== undefined
  await rm(checkpoint, { force: true })
  const alone = hadOne ? (await start(data, 'SIGKILL')).toFixed(2) : '–'
  return [spreadText(spreadOf(stopped ?? [])), spreadText(spreadOf(killed ?? [])), alone]
}

/** The first start from a file with all accounts, and later ones that are given it again. */
async function birthsOf(data: string, count: number, runs: number): Promise<string[]> {
  await rm(path.join(data, 'chains'), { recursive: true })
  const birth = path.join(data, 'birth.json')
  const accounts = Array.from({ length: count }, (_, at) => {
    const balance = 10n ** 18n + BigInt(at)
    return { address: addressOf(at), balance, nonce: 0n, code: new Uint8Array(), storage: [] }
  })
  const { genesis } = manifestOfMany
  await writeFile(birth, manifestToJson({ ...manifestOfMany, genesis: { ...genesis, accounts } }))
  const first = await start(data, 'SIGTERM', birth)
  const again: number[] = []
  for (let run = 0; run < runs; run += 1) again.push(await start(data, 'SIGTERM', birth))
  return [first.toFixed(2), spreadText(spreadOf(again))]
}

async function start(data: string, end: 'SIGTERM' | 'SIGKILL', birth?: string): Promise<number> {
  const port = await freePort()
  const settings = { data, 'rpc-port': port, 'api-port': 0, ...(birth && { genesis: birth }) }
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
  const began = performance.now()
  const child = spawn(process.execPath, [main, 'start', ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`the node stopped with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const seconds = (performance.now() - began) / 1_000
  child.kill(end)
  await ended
  return seconds
}

async function answers(port: number): Promise<boolean> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_blockNumber', params: [] })
  const headers = { 'content-type': 'application/json' }
  const signal = AbortSignal.timeout(5_000)
  const call = { method: 'POST', headers, body, signal }
  const answer = await fetch(`http://127.0.0.1:${port}`, call).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.ok === true
}
