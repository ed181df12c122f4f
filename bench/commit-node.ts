/** A validator in a process of its own that tells its parent when it signs a proposal, and when a block is on its disk. */

import { type FileHandle, mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { systemClock, systemTimer } from '../src/base/clock.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { decodeRecord } from '../src/chain/consensus/record.ts'
import { signedPlace } from '../src/chain/consensus/sign-bytes.ts'
import { createChain } from '../src/chain/create-chain.ts'
import { parseManifest } from '../src/chain/ledger/manifest-codec.ts'
import { encodeTransaction, signTransaction } from '../src/chain/ledger/transaction-codec.ts'
import { type SignatureScheme, type SigningKey, signingKey } from '../src/crypto/signatures.ts'
import { createNetwork } from '../src/network/create-network.ts'
import { nodeIdentity } from '../src/network/node-identity.ts'
import { devAccounts, testWords } from '../src/node/dev-accounts.ts'
import { joinBy } from '../src/node/peer-links.ts'

/** What the parent says first. */
export interface CommitNodeOptions {
  readonly at: number
  readonly scheme: SignatureScheme
  readonly seed: readonly number[]
  readonly manifest: string
  readonly folder: string
  readonly port: number
  readonly peers: readonly string[]
}

/** What it tells. */
export type CommitNews =
  | { readonly kind: 'up' }
  | {
      readonly kind: 'signed' | 'final'
      readonly height: number
      readonly round: number
      readonly atMs: number
      readonly syncs: number
    }
  | { readonly kind: 'bare'; readonly ms: readonly number[] }

/** Transfers of a block. */
const perBlock = 100
/** Bytes of what is written for a vote, and of a block with its certificates. */
const [voteBytes, blockBytes] = [4_096, 32_768]

const tell = (news: CommitNews) => void process.send?.(news)
const nowMs = () => performance.timeOrigin + performance.now()
let syncs = 0

/** Counts what waits for the disk. */
async function countSyncs(): Promise<void> {
  const probe = await open(import.meta.filename)
  const prototype = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  for (const name of ['sync', 'datasync'] as const) {
    const real = prototype[name]
    prototype[name] = function (this: FileHandle) {
      syncs += 1
      return real.call(this)
    }
  }
}

/** A key that tells of proposals. */
function toldKey(scheme: SignatureScheme, seed: readonly number[]): SigningKey {
  const key = signingKey(scheme, Uint8Array.from(seed))
  return {
    ...key,
    sign(bytes) {
      const place = signedPlace(bytes)
      const signature = key.sign(bytes)
      if (place?.step === 0) {
        tell({
          kind: 'signed',
          height: Number(place.height),
          round: place.round,
          atMs: nowMs(),
          syncs,
        })
      }
      return signature
    },
  }
}

/** Transfers by the first of the accounts that the birth funds. */
function* transfers(): Generator<Uint8Array> {
  const [{ key } = { key: new Uint8Array() }] = devAccounts(testWords, 1)
  for (let nonce = 0n; ; nonce += 1n) {
    const signed = signTransaction(
      {
        ...{ type: 2, chainId: 7001n, nonce, gasLimit: 21_000n, value: 1n },
        ...{ to: new Uint8Array(20).fill(9), data: new Uint8Array(), accessList: [] },
        ...{ maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 1n },
      },
      key,
    )
    yield encodeTransaction(signed)
  }
}

async function start(options: CommitNodeOptions): Promise<void> {
  const { at, scheme, seed, folder, port, peers } = options
  const around = {
    clock: systemClock,
    timer: systemTimer,
    logger: silentLogger,
    metrics: noMetrics,
  }
  const network = createNetwork(
    {
      ...{ identity: nodeIdentity('ed25519', Uint8Array.from(seed)), agent: 'bench', peers },
      listen: { host: '127.0.0.1', port },
    },
    { ...around, chance: Math.random },
  )
  await network.start()
  await mkdir(folder, { recursive: true })
  const chain = await createChain(
    {
      ...{ folder, manifest: parseManifest(options.manifest), beneficiary: new Uint8Array(20) },
      validators: [{ key: toldKey(scheme, seed), guardFile: path.join(folder, 'guard') }],
    },
    { ...around, join: joinBy(network) },
  )
  const sent = transfers()
  chain.subscribe((event) => {
    if (event.kind !== 'head') return
    for (const { block } of event.added) {
      const round = block.record ? decodeRecord(block.record).round : 0
      tell({ kind: 'final', height: Number(block.header.number), round, atMs: nowMs(), syncs })
    }
    if (at !== 0) return
    for (let count = 0; count < perBlock; count += 1) {
      void chain.submit(sent.next().value as Uint8Array).catch(() => {})
    }
  })
  await chain.start()
  tell({ kind: 'up' })
  process.once('disconnect', async () => {
    await chain.stop()
    await network.stop()
    process.exit(0)
  })
}

/** The fsyncs of a block and nothing else: proposal, prevote and precommit in two files each, and the block. */
async function bare(folder: string, rounds: number): Promise<void> {
  const files = await Promise.all(
    ['bare-log', 'bare-guard'].map((name) => open(path.join(folder, name), 'w')),
  )
  const [vote, block] = [new Uint8Array(voteBytes).fill(1), new Uint8Array(blockBytes).fill(2)]
  const written = async (file: FileHandle, bytes: Uint8Array) => {
    await file.write(bytes)
    await file.datasync()
  }
  const ms = []
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now()
    for (let step = 0; step < 3; step += 1)
      await Promise.all(files.map((file) => written(file, vote)))
    if (files[0]) await written(files[0], block)
    ms.push(performance.now() - began)
  }
  await Promise.all(files.map((file) => file.close()))
  tell({ kind: 'bare', ms })
}

await countSyncs()
process.on(
  'message',
  (message: CommitNodeOptions | { readonly folder: string; readonly rounds: number }) => {
    void ('rounds' in message ? bare(message.folder, message.rounds) : start(message))
  },
)
