/** Measures how long a node takes to join a chain of many blocks and accounts, beside copying the bytes of its snapshot. */

import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import tls, { type TLSSocket } from 'node:tls'
import { freePort } from '../src/base/test-ports.ts'
import { selfSigned } from '../src/network/link/certificate.ts'
import { spreadOf, spreadText, table } from './measure.ts'
import { peakMiB } from './processes.ts'
import { type ServedChain, servedBlocks, servedChain } from './served-chain.ts'

const program = path.join(import.meta.dirname, '../src/cli/main.ts')
/** Between two looks at the memory of the node that joins. */
const lookMs = 50

type Joined = Readonly<Record<string, number>>

/** The table of joining. */
export async function joinTable(runs: number): Promise<string> {
  const served = await servedChain((line) => console.error(line))
  const server = await serve(served)
  try {
    const found: Joined[] = []
    for (let run = 0; run < runs; run += 1) found.push(await measured(served, server.port))
    const names = [...new Set(found.flatMap((one) => Object.keys(one)))]
    const rows = names.map((name) => {
      const values = found.map((one) => one[name] ?? Number.NaN)
      return [name, spreadText(spreadOf(values), 1)]
    })
    const { all, accounts } = servedBlocks
    const head = [`joining ${all} blocks, ${accounts} accounts`, 'median (least to most)']
    return table(head, rows)
  } finally {
    server.stop()
  }
}

async function measured(served: ServedChain, port: number): Promise<Joined> {
  const data = await mkdtemp(path.join(tmpdir(), 'quantumstream-bench-joining-'))
  try {
    return { ...(await join(served, port, data)), ...(await floor(served, data)) }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}

/** A node with the chain, which makes no blocks. */
async function serve({ data, manifest }: ServedChain) {
  const port = await freePort()
  const child = spawn(
    process.execPath,
    [
      ...[program, 'start', '--genesis', manifest, '--data', data],
      ...['--rpc-port', '0', '--api-port', '0', '--peers-host', '127.0.0.1'],
      ...['--peers-port', String(port)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines = createInterface(child.stdout)
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (/JSON-RPC/.test(line)) resolve()
    })
    child.on('exit', () => reject(new Error('the node with the chain ended')))
  })
  return { port, stop: () => void child.kill() }
}

/** Seconds of each phase by the lines that the command prints, and memory. */
async function join({ manifest }: ServedChain, port: number, data: string): Promise<Joined> {
  const startMs = performance.now()
  const words = ['chain', 'join', manifest, '--data', data, '--peers', `127.0.0.1:${port}`]
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const begun = new Map<string, number>()
  let said = ''
  for (const stream of [child.stderr, child.stdout]) {
    createInterface(stream).on('line', (line) => {
      said += `${line}\n`
      const phase = line.split(':')[0] ?? line
      if (!begun.has(phase)) begun.set(phase, performance.now())
    })
  }
  let memory = 0
  const looking = setInterval(() => {
    void peakMiB(child.pid ?? 0).then(
      (peak) => {
        if (peak > memory) memory = peak
      },
      () => {},
    )
  }, lookMs)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  clearInterval(looking)
  const endMs = performance.now()
  if (code !== 0 || !said.includes('from block')) throw new Error(`it did not join:\n${said}`)
  const at = (phase: string) => begun.get(phase) ?? endMs
  const seconds = (from: number, to: number) => (to - from) / 1_000
  return {
    'all, s': seconds(startMs, endMs),
    'program, links and proof, s': seconds(startMs, at('chunks of the state')),
    'chunks, s': seconds(at('chunks of the state'), at('state')),
    'state, s': seconds(at('state'), at('blocks')),
    'blocks behind it, and waiting for more, s': seconds(at('blocks'), endMs),
    'most memory, MiB': memory,
  }
}

/** Seconds for the bytes of the snapshot over a bare TLS socket into a file that is synced. */
async function floor({ data }: ServedChain, folder: string): Promise<Joined> {
  const snapshots = path.join(data, 'chains', 'voted', 'snapshots')
  const [name = ''] = (await readdir(snapshots)).toSorted().toReversed()
  const file = path.join(snapshots, name)
  const server = tls.createServer({ ...selfSigned(), minVersion: 'TLSv1.3' }, (socket) => {
    void pipeline(createReadStream(file), socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const startMs = performance.now()
  const socket = await new Promise<TLSSocket>((resolve) => {
    const made = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      resolve(made),
    )
  })
  const handle = await open(path.join(folder, 'copy'), 'w')
  for await (const some of socket) await handle.writeFile(some as Uint8Array)
  socket.destroy()
  await handle.sync()
  await handle.close()
  const seconds = (performance.now() - startMs) / 1_000
  server.close()
  const { size } = await stat(file)
  return { 'the same bytes over bare TLS, synced, s': seconds, 'bytes, MiB': size / 1024 ** 2 }
}
