/** Makes a chain of many blocks and accounts that others can join, and keeps it for the next time. */

import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { concatBytes, fromBigInt, padStart } from '../src/base/bytes.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { createChain } from '../src/chain/create-chain.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import { manifestToJson } from '../src/chain/ledger/manifest-codec.ts'
import { encodeTransaction, signTransaction } from '../src/chain/ledger/transaction-codec.ts'
import { SwiftClock } from '../src/chain/test-chain/swift-clock.ts'
import { validatorKeys, votedManifest } from '../src/chain/test-chain/voted-chain.ts'
import { addressOfKey } from '../src/crypto/secp256k1.ts'

/** Blocks of the chain, between snapshots, and behind the last one; accounts besides that of the founder. */
export const servedBlocks = { all: 100_100, every: 50_000, accounts: 1_000_000 } as const
/** Accounts that one transaction makes: its gas is bounded (EIP-7825). */
const accountsAtOnce = 440

/** A folder in memory, where there is one. */
const memory = '/dev/shm'
const owner = new Uint8Array(32).fill(1)
const keys = validatorKeys(1)

/** Where the chain lies, and its manifest. */
export interface ServedChain {
  readonly data: string
  readonly manifest: string
}

/** The chain, made anew if it is not there. */
export async function servedChain(tell: (line: string) => void): Promise<ServedChain> {
  const { all, accounts } = servedBlocks
  const data = path.join(tmpdir(), `quantumstream-bench-${all}-${accounts}-1`)
  const served = { data, manifest: path.join(data, 'manifest.json') }
  if (existsSync(served.manifest)) return served
  // Each block waits for the disk several times: in memory that costs nothing.
  const draft = await mkdtemp(
    path.join(existsSync(memory) ? memory : tmpdir(), 'quantumstream-bench-'),
  )
  const manifest = manifestOf()
  await fill(path.join(draft, 'chains'), manifest, tell)
  await writeFile(path.join(draft, 'manifest.json'), manifestToJson(manifest))
  await rm(`${data}.new`, { recursive: true, force: true })
  await cp(draft, `${data}.new`, { recursive: true })
  await rename(`${data}.new`, data)
  await rm(draft, { recursive: true })
  return served
}

/** One validator, who waits for itself as long as it takes. */
function manifestOf(): Manifest {
  const patient = { baseMs: 3_600_000, deltaMs: 1_000 }
  const given = votedManifest(addressOfKey(owner), keys)
  const { genesis } = given
  // Time passes in long steps while it is made.
  const ageSeconds = BigInt(servedBlocks.all * 200)
  return {
    ...given,
    consensus: {
      ...given.consensus,
      ...{ timeouts: { propose: patient, prevote: patient, precommit: patient } },
      maxTimeoutMs: 7_200_000,
    },
    genesis: { ...genesis, timestamp: BigInt(Math.floor(Date.now() / 1_000)) - ageSeconds },
  } as Manifest
}

async function fill(
  folder: string,
  manifest: Manifest,
  tell: (line: string) => void,
): Promise<void> {
  const { all, every, accounts } = servedBlocks
  const time = new SwiftClock(Number(manifest.genesis.timestamp) * 1_000)
  const guardFile = path.join(folder, 'guard')
  await mkdir(folder, { recursive: true })
  const chain = await createChain(
    {
      ...{ manifest, folder, beneficiary: new Uint8Array(20), snapshotEvery: every },
      validators: keys.map((key) => ({ key, guardFile })),
    },
    {
      ...{ ...time, logger: silentLogger, metrics: noMetrics },
      // Snapshots are made by nodes that have links.
      join: () => ({
        ...{ say() {}, sayPart() {}, sayState() {}, sayTransaction() {}, giveBlock() {} },
        ...{
          sayOffer() {},
          sayStatus() {},
          sayNewBlock() {},
          score() {},
          addPeer() {},
          leave() {},
        },
        ...{ validatorChanged() {}, peers: () => [], ask: async () => undefined },
      }),
    },
  )
  await chain.start()
  const number = () => Number(chain.head().header.number)
  for (let made = 0, nonce = 0n; made < accounts; nonce += 1n) {
    const next = Math.min(made + accountsAtOnce, accounts)
    await chain.submit(filling(nonce, made, next))
    made = next
    if (nonce % 100n !== 99n && made < accounts) continue
    await time.until(() => !chain.pool.hasWork(), 500)
    tell(`${made} accounts, block ${number()}`)
  }
  while (number() < all) {
    const next = Math.min(number() + 5_000, all)
    await time.until(() => number() >= next, 500)
    tell(`block ${number()}`)
  }
  await snapshotsMade(path.join(folder, manifest.name, 'snapshots'))
  await chain.stop()
}

async function snapshotsMade(folder: string): Promise<void> {
  const { all, every } = servedBlocks
  const last = `${all - (all % every)}.snapshot`
  while (!(await readdir(folder)).includes(last)) await setImmediate()
}

/** A transaction whose code sends a wei to accounts that are the hashes of numbers, from one to another. */
function filling(nonce: bigint, from: number, to: number): Uint8Array {
  const number = (value: number) => padStart(fromBigInt(BigInt(value)), 4)
  const loop = '5b805f525f5f5f5f600160205f205ff150600101'
  const code = concatBytes(
    Uint8Array.of(0x63),
    number(from),
    Uint8Array.fromHex(loop),
    Uint8Array.of(0x80, 0x63),
    number(to),
    Uint8Array.fromHex('1160055700'),
  )
  const signed = signTransaction(
    {
      ...{ type: 2, chainId: 7n, nonce, gasLimit: 16_700_000n, to: undefined },
      ...{ value: BigInt(to - from), data: code, accessList: [] },
      ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
    },
    owner,
  )
  return encodeTransaction(signed)
}
