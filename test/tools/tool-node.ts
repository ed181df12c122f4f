/** Starts a node of this checkout as the tools expect one: known accounts, a block for each transaction. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fromHex } from '../../src/base/bytes.ts'
import { freePort } from '../../src/base/test-ports.ts'
import type { Manifest } from '../../src/chain/ledger/manifest.ts'
import { manifestToJson } from '../../src/chain/ledger/manifest-codec.ts'
import { keyFromMnemonic } from '../../src/crypto/mnemonic.ts'
import { addressOfKey } from '../../src/crypto/secp256k1.ts'
import { startProgram } from '../e2e/program.ts'

/** The words that the tools know, and how many of their accounts. */
export const words = 'test test test test test test test test test test test junk'
const accountCount = 20
export const chainId = 31_337

/** A node that runs. */
export interface ToolNode {
  readonly url: string
  readonly ws: string
  stop(): Promise<void>
}

/** How the node differs from what `--dev` gives. */
interface ToolNodeOptions {
  /** Contracts of any size, which Hardhat's own node allows to tests. */
  readonly unlimitedCode?: boolean
}

/** A node in a process of its own, on a chain that begins with it. */
export async function startToolNode(options: ToolNodeOptions = {}): Promise<ToolNode> {
  const data = await mkdtemp(path.join(tmpdir(), 'qs-tools-'))
  const folder = path.join(data, 'chains/dev')
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'manifest.json'), manifestToJson(manifest(options)))
  const port = await freePort()
  const program = startProgram([
    ...['start', '--dev', '--no-demo', '--data', data, '--rpc-port', String(port)],
    ...['--api-port', '0', '--log-level', 'error', '--accounts', String(accountCount)],
  ])
  const url = `http://127.0.0.1:${port}`
  await answers(
    url,
    program.exited.then(() => program.output()),
  )
  return {
    url,
    ws: url.replace('http', 'ws'),
    async stop() {
      program.child.kill('SIGTERM')
      await program.exited
      await rm(data, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function manifest({ unlimitedCode = false }: ToolNodeOptions): Manifest {
  const accounts = Array.from({ length: accountCount }, (_, number) => ({
    address: addressOfKey(keyFromMnemonic(words, number)),
    ...{ balance: 10_000n * 10n ** 18n, nonce: 0n, code: new Uint8Array(), storage: [] },
  }))
  const changes = unlimitedCode ? { changes: { codeLimit: 0, initCodeLimit: 0 } } : {}
  return {
    ...{ version: 1, name: 'dev', chainId: BigInt(chainId) },
    forks: [{ hardfork: 'osaka', ...changes }],
    consensus: { engine: 'dev', blockTimeMs: 0 },
    genesis: {
      timestamp: BigInt(Math.floor(Date.now() / 1_000)),
      ...{ gasLimit: 60_000_000n, baseFeePerGas: 1_000_000_000n, extraData: fromHex('0x') },
      accounts,
    },
  }
}

async function answers(url: string, ended: Promise<string>): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] })
  const headers = { 'content-type': 'application/json' }
  let output: string | undefined
  ended.then((text) => {
    output = text
  })
  for (;;) {
    if (output !== undefined) throw new Error(`the node ended:\n${output}`)
    try {
      if ((await fetch(url, { method: 'POST', headers, body })).ok) return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
