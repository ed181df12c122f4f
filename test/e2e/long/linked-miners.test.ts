/** Mines one chain in three real processes over real links: they agree, one is killed and comes back, and all are verified. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { toHex } from '../../../src/base/bytes.ts'
import { freePort } from '../../../src/base/test-ports.ts'
import { encodeTransaction, signTransaction } from '../../../src/chain/ledger/transaction-codec.ts'
import { addressOfKey } from '../../../src/crypto/secp256k1.ts'
import { callRpc, eventually, startProgram, temporaryFolder } from '../program.ts'

interface Head {
  readonly number: string
  readonly hash: string
  readonly miner: string
}

const key = new Uint8Array(32).fill(5)
const miners = ['a1', 'b2', 'c3'].map((byte) => `0x${byte.repeat(20)}`)
const all = [0, 1, 2]

async function writeManifest(folder: string): Promise<string> {
  const file = path.join(folder, 'work.json')
  const target = String(2n ** 256n / 400_000n)
  const manifest = {
    ...{ version: 1, name: 'work', chainId: '20251', hardfork: 'osaka' },
    consensus: {
      ...{ engine: 'pow', blockTimeMs: 2_000, halfLifeSeconds: 60 },
      ...{ startTarget: target, easiestTarget: target },
    },
    genesis: {
      ...{ timestamp: String(Math.floor(Date.now() / 1_000)), gasLimit: '30000000' },
      ...{ baseFeePerGas: '1000000000', extraData: '0x' },
      accounts: [{ address: toHex(addressOfKey(key)), balance: String(10n ** 20n) }],
    },
  }
  await writeFile(file, JSON.stringify(manifest))
  return file
}

function transfer(): string {
  const unsigned = {
    ...({ type: 2, chainId: 20_251n, nonce: 0n, gasLimit: 21_000n, value: 1n } as const),
    ...{ to: new Uint8Array(20).fill(0x99), data: new Uint8Array(), accessList: [] },
    ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
  }
  return toHex(encodeTransaction(signTransaction(unsigned, key)))
}

test('three processes that mine hold one chain, with one killed and back', {
  timeout: 300_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const genesis = await writeManifest(folder)
  const ports = await Promise.all(all.map(() => freePort()))
  const start = async (at: number) => {
    const peers = ports.filter((_, other) => other !== at).map((port) => `127.0.0.1:${port}`)
    const program = startProgram([
      ...['start', '--genesis', genesis, '--data', path.join(folder, `data-${at}`)],
      ...['--rpc-port', '0', '--api-port', '0', '--peers-host', '127.0.0.1'],
      ...['--peers-port', String(ports[at]), '--peers', peers.join(',')],
      ...['--miner', miners[at] ?? ''],
    ])
    t.after(async () => void program.child.kill('SIGKILL'))
    const [, url = ''] = await program.printed(/JSON-RPC +(\S+) /)
    return { program, url }
  }
  const nodes = await Promise.all(all.map(start))
  const node = (at: number) => nodes[at] as (typeof nodes)[number]
  const blockAt = (at: number, number: string) =>
    callRpc<Head | null>(node(at).url, 'eth_getBlockByNumber', number, false)
  /** Resolves when so many have the same block a few below their heads, past a height. */
  const agreed = (past: number, those = all) =>
    eventually(async () => {
      const heads = await Promise.all(those.map((at) => blockAt(at, 'latest')))
      const number = Math.min(...heads.map((head) => Number(head?.number))) - 3
      if (number < past) return undefined
      const blocks = await Promise.all(those.map((at) => blockAt(at, `0x${number.toString(16)}`)))
      return new Set(blocks.map((block) => block?.hash)).size === 1 ? number : undefined
    }, 90_000)

  const first = await agreed(4)
  const hash = await callRpc<string>(node(0).url, 'eth_sendRawTransaction', transfer())
  await agreed(first + 4)
  for (const at of all) {
    const receipt = await callRpc<{ status: string } | null>(
      ...([node(at).url, 'eth_getTransactionReceipt', hash] as const),
    )
    assert.equal(receipt?.status, '0x1')
  }
  node(2).program.child.kill('SIGKILL')
  await node(2).program.exited
  const without = await agreed(first + 9, [0, 1])
  nodes[2] = await start(2)
  const last = await agreed(without + 3)
  const paid = new Set<string>()
  for (let number = 1; number <= last; number += 1) {
    const blocks = await Promise.all(all.map((at) => blockAt(at, `0x${number.toString(16)}`)))
    assert.equal(new Set(blocks.map((block) => block?.hash)).size, 1, `block ${number}`)
    paid.add(blocks[0]?.miner ?? '')
  }
  assert.ok(paid.size > 1, 'blocks of one miner only')
  for (const at of all) {
    node(at).program.child.kill('SIGTERM')
    assert.deepEqual(await node(at).program.exited, [0, null])
    const verify = startProgram(['chain', 'verify', '--data', path.join(folder, `data-${at}`)])
    await verify.exited
    assert.match(verify.output(), /nothing differs/)
  }
})
