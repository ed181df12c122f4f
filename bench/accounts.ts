/** Measures plain transfers through the front door of a chain by how many accounts its state has. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock, systemTimer } from '../src/base/clock.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import type { DrivenChain } from '../src/chain/chain-parts.ts'
import { createChain } from '../src/chain/create-chain.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import { encodeTransaction, signTransaction } from '../src/chain/ledger/transaction-codec.ts'
import { addressOfKey } from '../src/crypto/secp256k1.ts'
import { addressOf, manifestOfMany } from './chain-of-many.ts'
import { inTurns, ratio, spreadOf, spreadText, table } from './measure.ts'

const keys = Array.from({ length: 20 }, (_, at) => new Uint8Array(32).fill(at + 1))
/** In a turn; four blocks of them. */
const transfers = 4_000
const perBlock = 1_000

/** Transfers to random accounts: signed before, then taken into the pool and sealed into blocks on disk. */
export async function accountsTable(runs: number): Promise<string> {
  const sizes = [1_000, 100_000, 1_000_000]
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-bench-'))
  const chains = new Map<string, DrivenChain>()
  try {
    for (const accounts of sizes) chains.set(String(accounts), await open(folder, accounts))
    let nonce = 0n
    const turn = (accounts: number) => async () => {
      const chain = chains.get(String(accounts))
      return chain ? secondsOf(chain, signed(accounts, nonce)) : Number.NaN
    }
    const found = new Map<string, number[]>()
    // The first turn is left out: it finds everything uncompiled.
    for (let run = 0; run <= runs; run += 1) {
      const times = await inTurns(1, Object.fromEntries(sizes.map((one) => [one, turn(one)])))
      if (run > 0)
        for (const [name, [time = 0]] of times) found.set(name, [...(found.get(name) ?? []), time])
      nonce += BigInt(transfers / keys.length)
    }
    const rows = sizes.map((accounts) => {
      const seconds = found.get(String(accounts)) ?? []
      return [
        accounts.toLocaleString('en'),
        spreadText(spreadOf(seconds.map((one) => transfers / one)), 0),
        spreadText(ratio(seconds, found.get(String(sizes[0])))),
      ]
    })
    return table(['accounts', 'transfers a second', 'time by that at 1,000'], rows)
  } finally {
    for (const chain of chains.values()) await chain.stop()
    await rm(folder, { recursive: true })
  }
}

async function open(folder: string, accounts: number): Promise<DrivenChain> {
  const holders = [
    ...keys.map(addressOfKey),
    ...Array.from({ length: accounts - keys.length }, (_, at) => addressOf(at)),
  ]
  const manifest: Manifest = {
    ...{ ...manifestOfMany, name: `of-${accounts}` },
    consensus: { engine: 'dev', blockTimeMs: 3_600_000 },
    genesis: {
      ...manifestOfMany.genesis,
      accounts: holders.map((address) => ({
        ...{ address, balance: 10n ** 24n, nonce: 0n, code: new Uint8Array(), storage: [] },
      })),
    },
  }
  const chain = await createChain(
    { manifest, folder, beneficiary: addressOf(2 ** 31) },
    { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
  )
  await chain.start()
  return chain
}

function signed(accounts: number, first: bigint): Uint8Array[] {
  return Array.from({ length: transfers }, (_, at) => {
    const to = addressOf(Math.floor(Math.random() * (accounts - keys.length)))
    const nonce = first + BigInt(Math.floor(at / keys.length))
    const unsigned = {
      type: 2,
      ...{ chainId: 7n, nonce, gasLimit: 21_000n, to, value: 1n, data: new Uint8Array() },
      ...{ maxFeePerGas: 10n ** 11n, maxPriorityFeePerGas: 1n, accessList: [] },
    } as const
    return encodeTransaction(signTransaction(unsigned, keys[at % keys.length] ?? new Uint8Array()))
  })
}

/** Wall time until all of them are in blocks. */
async function secondsOf(chain: DrivenChain, raw: readonly Uint8Array[]): Promise<number> {
  const began = performance.now()
  for (let at = 0; at < raw.length; at += perBlock) {
    await Promise.all(raw.slice(at, at + perBlock).map((one) => chain.submit(one)))
    const { transactions } = await chain.dev.sealNow()
    if (transactions.length !== perBlock) throw new Error(`a block has ${transactions.length}`)
  }
  return (performance.now() - began) / 1_000
}
