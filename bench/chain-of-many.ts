/** Makes the log of a chain with many accounts as its node would have written it, without running anything. */

import path from 'node:path'
import { silentLogger } from '../src/base/logger.ts'
import { type ChainLog, openChainLog } from '../src/chain/chain-log.ts'
import { genesisOf } from '../src/chain/genesis.ts'
import type { ExecutedBlock } from '../src/chain/ledger/block.ts'
import { headerHash } from '../src/chain/ledger/block-codec.ts'
import { noLogs } from '../src/chain/ledger/log-list.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import type { Transaction } from '../src/chain/ledger/transaction.ts'
import { transactionHash } from '../src/chain/ledger/transaction-codec.ts'
import { encodeDifference } from '../src/chain/state/difference-codec.ts'
import type { EncodedDifference, State } from '../src/chain/state/state.ts'
import { emptyCodeHash } from '../src/chain/state/trie-state.ts'
import { keepManifest } from '../src/chain/stored-manifest.ts'

/** Transfers of a block, each to an account of its own. */
const perBlock = 1_000
/** About the bytes that one of them takes in the log. */
export const bytesEach = 254

/** A chain that a node follows. */
export const manifestOfMany: Manifest = {
  ...{ version: 1, name: 'ethereum', chainId: 7n, forks: [{ hardfork: 'osaka' }] },
  consensus: { engine: 'ethereum' },
  genesis: {
    ...{ timestamp: 1_000n, gasLimit: 30_000_000n, baseFeePerGas: 1_000_000_000n },
    ...{ extraData: new Uint8Array(), accounts: [] },
  },
}

export function addressOf(number: number): Uint8Array {
  const address = new Uint8Array(20)
  new DataView(address.buffer).setUint32(8, number)
  return address
}

/** A block that gives each of some accounts a balance of its own. */
export function balancesOf(numbers: Iterable<number>, balance: bigint): EncodedDifference {
  const accounts = Array.from(numbers, (number) => ({
    address: addressOf(number),
    account: { nonce: 1n, balance: balance + BigInt(number), codeHash: emptyCodeHash },
    ...{ storageWiped: false, slots: [] },
  }))
  return encodeDifference({ accounts, codes: [] })
}

/** Writes blocks until the chain has so many accounts, hears when, and goes on. */
export async function writeLog(
  folder: string,
  steps: readonly { readonly accounts: number; readonly then: () => Promise<unknown> }[],
): Promise<void> {
  const { executed, state } = genesisOf(manifestOfMany)
  let made = { executed, state, accounts: 0 }
  for (const { accounts, then } of steps) {
    const log = await openLog(path.join(folder, manifestOfMany.name))
    while (made.accounts < accounts) made = await addBlock(log, made)
    await log.close()
    await then()
  }
}

interface Made {
  readonly executed: ExecutedBlock
  readonly state: State
  readonly accounts: number
}

async function openLog(folder: string): Promise<ChainLog> {
  const { key } = await keepManifest(folder, manifestOfMany)
  return openChainLog({
    ...{ folder, key, logger: silentLogger },
    listener: { begin() {}, resume() {}, block() {}, rewind() {}, change() {} },
  })
}

async function addBlock(log: ChainLog, { executed, state, accounts }: Made): Promise<Made> {
  const numbers = Array.from({ length: perBlock }, (_, at) => accounts + at)
  const difference = balancesOf(numbers, 10n ** 18n)
  const next = state.apply(difference)
  state.release()
  const { header: parent, hash: parentHash } = executed.block
  const header = { ...parent, parentHash, number: parent.number + 1n, stateRoot: next.root }
  const transactions = numbers.map(transfer)
  const added: ExecutedBlock = {
    block: { ...executed.block, header, hash: headerHash(header), transactions },
    receipts: numbers.map((_, at) => ({
      ...{ type: 2, succeeded: true, gasUsed: 21_000n, logs: noLogs, createdAddress: undefined },
      ...{ logsBloom: new Uint8Array(256), effectiveGasPrice: 10n ** 10n },
      cumulativeGasUsed: 21_000n * BigInt(at + 1),
    })),
    senders: numbers.map(() => addressOf(1)),
    transactionHashes: transactions.map(transactionHash),
  }
  await log.append(added, { difference })
  return { executed: added, state: next, accounts: accounts + perBlock }
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
