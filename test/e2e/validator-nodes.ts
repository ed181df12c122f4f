/** Starts validators of one chain as real processes over real links, for tests that kill them. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { toHex } from '../../src/base/bytes.ts'
import { encodeTransaction, signTransaction } from '../../src/chain/ledger/transaction-codec.ts'
import { addressOfKey } from '../../src/crypto/secp256k1.ts'
import { createKeyFile } from '../../src/node/key-files.ts'
import { callRpc, eventually, freePort, startProgram } from './program.ts'

interface Head {
  readonly number: string
  readonly hash: string
}

/** What must be ended after a test. */
export interface Ending {
  after(run: () => Promise<void>): void
}

const key = new Uint8Array(32).fill(5)
const password = 'a long password'
const receiver = `0x${'9'.repeat(40)}`

/** Who has ether on the chain. */
export const owner = toHex(addressOfKey(key))

/** A transfer of theirs, signed. */
export function transfer(nonce: number): string {
  const signed = signTransaction(
    {
      ...{ type: 2, chainId: 7001n, nonce: BigInt(nonce), gasLimit: 21_000n, value: 1n },
      ...{ to: new Uint8Array(20).fill(0x99), data: new Uint8Array(), accessList: [] },
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
    },
    key,
  )
  return toHex(encodeTransaction(signed))
}

/** Keys, a password and a manifest in a folder. */
async function prepare(folder: string, count: number) {
  const passwordFile = path.join(folder, 'password')
  await writeFile(passwordFile, password)
  const keyFiles = Array.from({ length: count }, (_, at) => path.join(folder, `key-${at}`))
  const validators = []
  for (const file of keyFiles) {
    await createKeyFile(file, password)
    const words = ['keys', 'public', file, '--scheme', 'ml-dsa-65', '--password-file', passwordFile]
    const program = startProgram(words)
    assert.deepEqual(await program.exited, [0, null])
    const publicKey = program.output().trim()
    validators.push({ scheme: 'ml-dsa-65', publicKey, payTo: receiver })
  }
  const genesis = path.join(folder, 'manifest.json')
  await writeFile(
    genesis,
    JSON.stringify({
      ...{ version: 1, name: 'voted', chainId: '7001', hardfork: 'osaka' },
      consensus: { engine: 'bft', validators },
      genesis: {
        ...{ timestamp: String(Math.floor(Date.now() / 1_000)), gasLimit: '30000000' },
        ...{ baseFeePerGas: '1000000000', extraData: '0x' },
        accounts: [{ address: owner, balance: String(10n ** 20n) }],
      },
    }),
  )
  return { genesis, passwordFile, keyFiles }
}

/** So many validators that know each other, in a folder. */
export async function startValidators(t: Ending, folder: string, count: number) {
  const { genesis, passwordFile, keyFiles } = await prepare(folder, count)
  const ports = await Promise.all(keyFiles.map(() => freePort()))
  const start = async (at: number) => {
    const peers = ports.filter((_, other) => other !== at).map((port) => `127.0.0.1:${port}`)
    const program = startProgram([
      ...['start', '--genesis', genesis, '--data', path.join(folder, `data-${at}`)],
      ...['--rpc-port', '0', '--api-port', '0', '--peers-host', '127.0.0.1'],
      ...['--peers-port', String(ports[at]), '--peers', peers.join(',')],
      ...['--validator-key-file', keyFiles[at] ?? '', '--validator-scheme', 'ml-dsa-65'],
      ...['--validator-password-file', passwordFile],
    ])
    t.after(async () => void program.child.kill('SIGKILL'))
    const [, url = ''] = await program.printed(/JSON-RPC +(\S+) /)
    return { program, url }
  }
  const nodes = await Promise.all(keyFiles.map((_, at) => start(at)))
  const node = (at: number) => nodes[at] as (typeof nodes)[number]
  const blockAt = (at: number, number: string) =>
    callRpc<Head | null>(node(at).url, 'eth_getBlockByNumber', number, false)
  return {
    ...{ node, blockAt },
    async restart(at: number) {
      nodes[at] = await start(at)
    },
    /** Resolves once a validator's chain has this height. */
    grown: (at: number, height: number) =>
      eventually(async () => {
        const head = await blockAt(at, 'finalized')
        return head && Number(head.number) >= height ? Number(head.number) : undefined
      }, 60_000),
  }
}
