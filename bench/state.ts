/** Measures the state: updates of its trie beside @ethereumjs/mpt, and starts with many accounts. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createMPT, type MerklePatriciaTrie } from '@ethereumjs/mpt'
import { systemClock, systemTimer } from '../src/base/clock.ts'
import { silentLogger } from '../src/base/logger.ts'
import { noMetrics } from '../src/base/metrics.ts'
import { openChainLog } from '../src/chain/chain-log.ts'
import { createChain } from '../src/chain/create-chain.ts'
import { genesisOf } from '../src/chain/genesis.ts'
import { headerHash } from '../src/chain/ledger/block-codec.ts'
import { noLogs } from '../src/chain/ledger/log-list.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import { encodeRlp, rlpInteger } from '../src/chain/ledger/rlp.ts'
import type { Transaction } from '../src/chain/ledger/transaction.ts'
import { transactionHash } from '../src/chain/ledger/transaction-codec.ts'
import { encodeDifference } from '../src/chain/state/difference-codec.ts'
import { emptyRoot } from '../src/chain/state/ordered-root.ts'
import type { EncodedDifference, State } from '../src/chain/state/state.ts'
import { emptyCodeHash, emptyState } from '../src/chain/state/trie-state.ts'
import { keepManifest } from '../src/chain/stored-manifest.ts'
import { inTurns, ratio, spreadOf, spreadText, table, timed } from './measure.ts'

const updates = 10_000

function addressOf(number: number): Uint8Array {
  const address = new Uint8Array(20)
  new DataView(address.buffer).setUint32(8, number)
  return address
}

function account(balance: bigint) {
  return { nonce: 1n, balance, codeHash: emptyCodeHash }
}

function changes(numbers: Iterable<number>, balance: bigint): EncodedDifference {
  const accounts = Array.from(numbers, (number) => ({
    ...{ address: addressOf(number), account: account(balance + BigInt(number)) },
    ...{ storageWiped: false, slots: [] },
  }))
  return encodeDifference({ accounts, codes: [] })
}

function* firstNumbers(count: number): Generator<number> {
  for (let number = 0; number < count; number += 1) yield number
}

function someNumbers(below: number): number[] {
  return Array.from({ length: updates }, () => Math.floor(Math.random() * below))
}

/** Microseconds of CPU that an update of 10,000 accounts takes for each of them, root included. */
async function ours(kept: { state: State }, accounts: number): Promise<number> {
  const difference = changes(someNumbers(accounts), BigInt(Math.floor(Math.random() * 1e9)))
  const seconds = await timed(() => {
    const next = kept.state.apply(difference)
    next.root
    kept.state.release()
    kept.state = next
  })
  return (seconds * 1e6) / updates
}

async function theirs(trie: MerklePatriciaTrie, accounts: number): Promise<number> {
  const numbers = someNumbers(accounts)
  const balance = BigInt(Math.floor(Math.random() * 1e9))
  const seconds = await timed(async () => {
    for (const number of numbers) await put(trie, number, balance)
    trie.root()
  })
  return (seconds * 1e6) / updates
}

async function put(trie: MerklePatriciaTrie, number: number, balance: bigint): Promise<void> {
  const fields = [rlpInteger(1), rlpInteger(balance + BigInt(number)), emptyRoot, emptyCodeHash]
  await trie.put(addressOf(number), encodeRlp(fields))
}

/** Updates of 10,000 accounts. The other trie has a tenth of ours, since it would take minutes to build. */
export async function trieTable(runs: number): Promise<string> {
  const rows: string[][] = []
  for (const accounts of [100_000, 1_000_000]) {
    const kept = { state: emptyState().apply(changes(firstNumbers(accounts), 1n)) }
    kept.state.root
    const trie = await createMPT({ useKeyHashing: true })
    for (const number of firstNumbers(accounts / 10)) await put(trie, number, 1n)
    const found = await inTurns(runs, {
      ours: () => ours(kept, accounts),
      theirs: () => theirs(trie, accounts / 10),
    })
    rows.push([
      accounts.toLocaleString('en'),
      spreadText(spreadOf(found.get('ours') ?? [])),
      `${spreadText(spreadOf(found.get('theirs') ?? []), 0)} over ${(accounts / 10).toLocaleString('en')}`,
      spreadText(ratio(found.get('theirs'), found.get('ours')), 1),
    ])
  }
  return table(['accounts', 'µs CPU an update', '@ethereumjs/mpt', 'ratio'], rows)
}

/** Seconds until a chain is open whose blocks each sent to a thousand accounts of their own. */
export async function startTable(runs: number): Promise<string> {
  const rows: string[][] = []
  for (const accounts of [1_000, 100_000, 1_000_000]) {
    const folder = await mkdtemp(path.join(tmpdir(), 'qs-bench-'))
    try {
      await writeLog(folder, accounts / perBlock)
      const replayed = await open(folder)
      const later: number[] = []
      for (let run = 0; run < runs; run += 1) later.push(await open(folder))
      const times = [replayed.toFixed(2), spreadText(spreadOf(later))]
      rows.push([accounts.toLocaleString('en'), ...times])
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  return table(['accounts', 'start from the log alone, s', 'start from a checkpoint, s'], rows)
}

const perBlock = 1_000

/** Writes the log of a chain as its node would have. */
async function writeLog(folder: string, blocks: number): Promise<void> {
  let { executed, state } = genesisOf(manifest)
  const place = path.join(folder, manifest.name)
  const { key } = await keepManifest(place, manifest)
  const log = await openChainLog({
    ...{ folder: place, key, logger: silentLogger },
    listener: { begin() {}, resume() {}, block() {}, rewind() {}, change() {} },
  })
  for (let block = 0; block < blocks; block += 1) {
    const numbers = Array.from({ length: perBlock }, (_, at) => block * perBlock + at)
    const difference = changes(numbers, 10n ** 18n)
    const next = state.apply(difference)
    state.release()
    state = next
    const { header: parent, hash: parentHash } = executed.block
    const header = { ...parent, parentHash, number: parent.number + 1n, stateRoot: state.root }
    const transactions = numbers.map(transfer)
    executed = {
      block: { ...executed.block, header, hash: headerHash(header), transactions },
      receipts: numbers.map((number) => ({
        ...{ type: 2, succeeded: true, gasUsed: 21_000n, logs: noLogs, createdAddress: undefined },
        ...{ logsBloom: new Uint8Array(256), effectiveGasPrice: 10n ** 10n },
        cumulativeGasUsed: 21_000n * BigInt((number % perBlock) + 1),
      })),
      senders: numbers.map(() => addressOf(1)),
      transactionHashes: transactions.map(transactionHash),
    }
    await log.append(executed, difference)
  }
  await log.close()
}

/** A transfer whose signature nobody looks at. */
function transfer(number: number): Transaction {
  return {
    type: 2,
    ...{ chainId: 7n, nonce: BigInt(number), gasLimit: 21_000n, to: addressOf(number), value: 1n },
    ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n, accessList: [] },
    data: new Uint8Array(),
    ...{ r: 2n ** 255n + BigInt(number), s: 2n ** 254n, yParity: 0 },
  }
}

async function open(folder: string): Promise<number> {
  const began = performance.now()
  const chain = await createChain(
    { manifest, folder, beneficiary: addressOf(0) },
    { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
  )
  const took = (performance.now() - began) / 1_000
  await chain.stop()
  return took
}

const manifest: Manifest = {
  ...{ version: 1, name: 'dev', chainId: 7n, forks: [{ hardfork: 'osaka' }] },
  consensus: { engine: 'dev', blockTimeMs: 0 },
  genesis: {
    ...{ timestamp: 1_000n, gasLimit: 30_000_000n, baseFeePerGas: 1_000_000_000n },
    ...{ extraData: new Uint8Array(), accounts: [] },
  },
}
