/** Counts the digests that a thread of the miner computes, beside bare loops over the same hash. */

import { setTimeout } from 'node:timers/promises'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { silentLogger } from '../src/base/logger.ts'
import type { SealAlgorithm } from '../src/chain/ledger/manifest.ts'
import { Miner } from '../src/chain/miner.ts'
import { argon2id } from '../src/crypto/argon2.ts'
import { findNonce } from '../src/crypto/keccak.ts'
import { inTurns, ratio, spreadOf, spreadText, table, timed } from './measure.ts'

const chainKey = new Uint8Array(32).fill(1)
const sealHash = new Uint8Array(32).fill(2)
/** Milliseconds that a thread searches for what it never finds. */
const searchMs = 1_500
const [kernelHashes, portableHashes, argonHashes] = [1_000_000, 50_000, 10]
/** What `keccak` hashes: tag, key, seal hash, nonce. */
const message = new Uint8Array(80).fill(3)

/** The CPU time of the process, so that a rate is one of a thread that works alone. */
const cpuClock = {
  nowMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  },
}

async function ofThread(seal: SealAlgorithm): Promise<number> {
  const sealing = { seal, chainKey }
  const miner = new Miner({ sealing, threads: 1, clock: cpuClock, logger: silentLogger })
  miner.search({ sealHash, target: 0n, found: () => {} })
  await setTimeout(searchMs)
  const rate = miner.hashesPerSecond()
  await miner.stop()
  return rate
}

async function ofLoop(count: number, run: () => void): Promise<number> {
  return count / (await timed(run))
}

/** Digests a second of one thread. */
export async function miningTable(runs: number): Promise<string> {
  const highest = new Uint8Array(32)
  const found = await inTurns(runs, {
    thread: () => ofThread('keccak'),
    kernel: () =>
      ofLoop(kernelHashes, () => {
        findNonce({ prefix: message.subarray(8), highest, from: 0n, count: kernelHashes })
      }),
    portable: () =>
      ofLoop(portableHashes, () => {
        for (let made = 0; made < portableHashes; made += 1) keccak_256(message)
      }),
    argonThread: () => ofThread('argon2id'),
    argonLoop: () =>
      ofLoop(argonHashes, () => {
        const cost = { salt: chainKey.subarray(0, 16), passes: 1, memory: 65_536 }
        for (let made = 0; made < argonHashes; made += 1) argon2id({ message, ...cost })
      }),
  })
  const row = (name: string, key: Parameters<typeof found.get>[0], floor: typeof key) => [
    name,
    spreadText(spreadOf(found.get(key) ?? []), 0),
    spreadText(ratio(found.get(key), found.get(floor))),
  ]
  return table(
    ['', 'digests a CPU second', '÷ bare loop'],
    [
      row('keccak: a thread of the miner', 'thread', 'kernel'),
      row('keccak: a bare loop in the same kernel', 'kernel', 'kernel'),
      row('keccak: @noble/hashes in a loop', 'portable', 'kernel'),
      row('argon2id: a thread of the miner', 'argonThread', 'argonLoop'),
      row('argon2id: a bare loop', 'argonLoop', 'argonLoop'),
    ],
  )
}
