/** Starts validators of one chain as real processes over real links, for tests that kill them. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { toHex } from '../../src/base/bytes.ts'
import { freePort } from '../../src/base/test-ports.ts'
import { chainKey, manifestToJson } from '../../src/chain/ledger/manifest-codec.ts'
import { encodeTransaction, signTransaction } from '../../src/chain/ledger/transaction-codec.ts'
import { signingKey } from '../../src/crypto/signatures.ts'
import { devAccounts, testWords } from '../../src/node/dev-accounts.ts'
import { createKeyFile, openKeyFile } from '../../src/node/key-files.ts'
import { foundersOf, testnetManifest } from '../../tools/testnet-manifest.ts'
import { callRpc, eventually, type Program, startProgram } from './program.ts'

/** A block as JSON-RPC gives it without its transactions. */
export interface Head {
  readonly number: string
  readonly hash: string
  readonly stateRoot: string
  readonly receiptsRoot: string
  /** Who proposed it. */
  readonly miner: string
  readonly transactions: readonly string[]
}

/** What must be ended after a test. */
export interface Ending {
  after(run: () => Promise<void>): void
}

/** How a network is started. */
export interface ValidatorOptions {
  readonly folder: string
  readonly count: number
  /** One of those whose blocks are voted on; `bft` unless said. */
  readonly consensus?: string
  readonly scheme?: 'ed25519' | 'ml-dsa-65'
  /** How many of them are in the first set; all unless said. */
  readonly founders?: number
  /** Who has another key, to sign by once the set has it. */
  readonly spare?: readonly number[]
  /** Where one finds another, from the ports that they listen on; directly unless said. */
  readonly route?: (ports: readonly number[]) => Promise<(from: number, to: number) => string>
}

/** What runs, and ran. */
interface Running {
  program: Program
  url: string
  isUp: boolean
  /** Of processes before. */
  output: string
}

const password = 'a long password'
const [first] = devAccounts(testWords, 1)
if (first === undefined) throw new Error('there is no account')

/** Who has ether on the chain. */
export const owner = first.address

/** A transfer of theirs, signed. */
export function transfer(nonce: number): string {
  const signed = signTransaction(
    {
      ...{ type: 2, chainId: 7001n, nonce: BigInt(nonce), gasLimit: 21_000n, value: 1n },
      ...{ to: new Uint8Array(20).fill(0x99), data: new Uint8Array(), accessList: [] },
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
    },
    first?.key ?? new Uint8Array(),
  )
  return toHex(encodeTransaction(signed))
}

/** Keys, a password and a manifest in a folder. */
async function prepare(options: ValidatorOptions) {
  const { folder, count, consensus = 'bft', scheme = 'ml-dsa-65', spare = [] } = options
  const passwordFile = path.join(folder, 'password')
  await writeFile(passwordFile, password)
  const keyFiles = Array.from({ length: count }, (_, at) => path.join(folder, `key-${at}`))
  const spareFiles = spare.map((at) => path.join(folder, `spare-${at}`))
  const seeds: Uint8Array[] = []
  for (const file of [...keyFiles, ...spareFiles]) {
    await createKeyFile(file, password)
    seeds.push(await openKeyFile(file, password))
  }
  const founders = foundersOf(scheme, seeds.slice(0, options.founders ?? count))
  const genesis = path.join(folder, 'manifest.json')
  const manifest = testnetManifest(consensus, founders, Math.floor(Date.now() / 1_000))
  await writeFile(genesis, manifestToJson(manifest))
  const filesOf = (at: number) =>
    [keyFiles[at], spareFiles[spare.indexOf(at)]].filter((one) => one !== undefined)
  const keyOf = (at: number, isSpare = false) => {
    const place = isSpare ? count + spare.indexOf(at) : at
    return signingKey(scheme, seeds[place] as Uint8Array)
  }
  const key = chainKey(manifest)
  return { genesis, passwordFile, filesOf, keyOf, founders, scheme, key }
}

/** So many validators that know each other, in a folder; the data of number i lie in `data-i`. */
export async function startValidators(t: Ending, options: ValidatorOptions) {
  const { folder, count } = options
  const prepared = await prepare(options)
  const ports = await Promise.all(Array.from({ length: count }, () => freePort()))
  const direct = (_: number, to: number) => `127.0.0.1:${ports[to]}`
  const address = (await options.route?.(ports)) ?? direct
  const all = ports.map((_, at) => at)
  const data = (at: number) => path.join(folder, `data-${at}`)
  const start = async (at: number): Promise<Running> => {
    const peers = all.filter((other) => other !== at).map((other) => address(at, other))
    const program = startProgram([
      ...['start', '--genesis', prepared.genesis, '--data', data(at)],
      ...['--rpc-port', '0', '--api-port', '0', '--peers-host', '127.0.0.1'],
      ...['--peers-port', String(ports[at]), '--peers', peers.join(',')],
      ...['--validator-key-file', prepared.filesOf(at).join(',')],
      ...['--validator-scheme', prepared.scheme],
      ...['--validator-password-file', prepared.passwordFile],
    ])
    t.after(async () => void program.child.kill('SIGKILL'))
    const [, url = ''] = await program.printed(/JSON-RPC +(\S+) /)
    return { program, url, isUp: true, output: '' }
  }
  const nodes = await Promise.all(all.map(start))
  const node = (at: number) => nodes[at] as Running
  const blockAt = (at: number, number: string) =>
    callRpc<Head | null>(node(at).url, 'eth_getBlockByNumber', number, false)
  const end = async (at: number, signal: NodeJS.Signals) => {
    node(at).isUp = false
    node(at).program.child.kill(signal)
    return node(at).program.exited
  }
  return {
    ...{ node, blockAt, all, data, ports },
    /** Who they are. */
    ...{ founders: prepared.founders, keyOf: prepared.keyOf, chainKey: prepared.key },
    kill: (at: number) => end(at, 'SIGKILL'),
    async stop(at: number) {
      assert.deepEqual(await end(at, 'SIGTERM'), [0, null], node(at).program.output())
    },
    async restart(at: number) {
      const { output, program } = node(at)
      nodes[at] = { ...(await start(at)), output: output + program.output() }
    },
    /** Of those that run. */
    urls: () => nodes.filter(({ isUp }) => isUp).map(({ url }) => url),
    /** Everything that all processes of one have printed. */
    output: (at: number) => node(at).output + node(at).program.output(),
    /** Height that is final at a validator. */
    height: async (at: number) => Number((await blockAt(at, 'finalized'))?.number ?? 0),
    /** Resolves once a validator's chain has this height. */
    grown: (at: number, height: number, patienceMs = 60_000) =>
      eventually(async () => {
        const head = await blockAt(at, 'finalized')
        return head && Number(head.number) >= height ? Number(head.number) : undefined
      }, patienceMs),
  }
}

/** Validators that run. */
export type Validators = Awaited<ReturnType<typeof startValidators>>
