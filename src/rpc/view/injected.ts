/** Finds injected data in the blocks of a chain, and shows them. */

import { equalBytes, toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Chain, TransactionPlace } from '../../chain/chain.ts'
import {
  dataAddress,
  decodeInjectedData,
  type InjectedData,
} from '../../chain/ledger/injected-data.ts'
import type { Transaction } from '../../chain/ledger/transaction.ts'
import { emptyRoot } from '../../chain/state/ordered-root.ts'
import { proveTransaction } from '../../chain/state/transaction-proof.ts'
import { turnTaking } from '../../chain/turn-taking.ts'
import type { PooledTransaction } from '../../chain/txpool/txpool.ts'
import { toQuantity } from '../format/quantity.ts'

/** A place in the order of transactions. */
export interface DataPlace {
  readonly number: bigint
  readonly position: number
}

/** What is asked for: data before a place, newest first. */
export interface DataQuery {
  readonly before: DataPlace | undefined
  readonly limit: number
  /** Most blocks that are looked through. */
  readonly scannedBlocks: number
}

type Fields = { readonly [key: string]: Json }

/** The data of a transaction, if it carries any. */
export function dataOf({ to, data }: Transaction): InjectedData | undefined {
  return to && equalBytes(to, dataAddress) ? decodeInjectedData(data) : undefined
}

/** One page, and the place to go on before; absent when nothing can follow. */
export async function listData(
  chain: Chain,
  { before, limit, scannedBlocks }: DataQuery,
): Promise<{ readonly items: readonly Fields[]; readonly next: DataPlace | undefined }> {
  const head = chain.head().header.number
  const pause = turnTaking()
  const items: Fields[] = []
  let number = before && before.number < head ? before.number : head
  let end = before?.number === number ? before.position : Number.POSITIVE_INFINITY
  for (let scanned = 0; number >= chain.firstBlock() && scanned < scannedBlocks; scanned += 1) {
    const executed = chain.byNumber(number)
    // A reorganisation may have made the chain shorter.
    const { block } = executed ?? { block: undefined }
    const isEmpty = !block || equalBytes(block.header.transactionsRoot, emptyRoot)
    for (const [position, one] of isEmpty ? [] : [...block.transactions.entries()].toReversed()) {
      const data = position < end ? dataOf(one) : undefined
      if (!executed || !data) continue
      items.push(minedData(chain, { executed, position }, data))
      if (items.length === limit) return { items, next: { number, position } }
    }
    const others = pause()
    if (others) await others
    number -= 1n
    end = Number.POSITIVE_INFINITY
  }
  return {
    items,
    next: number >= chain.firstBlock() ? { number: number + 1n, position: 0 } : undefined,
  }
}

/** Data of a block, without their content. */
export function minedData(
  chain: Chain,
  { executed, position }: TransactionPlace,
  data: InjectedData,
): Fields {
  const { block, senders, transactionHashes } = executed
  const { number, timestamp } = block.header
  return {
    ...{ id: `${number}-${position}`, transactionHash: hexOf(transactionHashes[position]) },
    ...{ blockHash: toHex(block.hash), blockNumber: toQuantity(number) },
    ...{ transactionIndex: toQuantity(position), timestamp: toQuantity(timestamp) },
    isFinal: chain.finalized().header.number >= number,
    ...described(data, senders[position]),
  }
}

/** Data of a transaction that waits. */
export function waitingData({ hash, sender }: PooledTransaction, data: InjectedData): Fields {
  return {
    ...{ id: null, transactionHash: toHex(hash), blockHash: null, blockNumber: null },
    ...{ transactionIndex: null, timestamp: null, isFinal: false },
    ...described(data, sender),
  }
}

/** The proof that a transaction stands where it does. */
export function proofJson({ executed, position }: TransactionPlace): Fields {
  const { header, nodes } = proveTransaction(executed.block, position)
  return {
    transactionHash: hexOf(executed.transactionHashes[position]),
    blockHash: toHex(executed.block.hash),
    blockNumber: toQuantity(executed.block.header.number),
    transactionIndex: toQuantity(position),
    ...{ header: toHex(header), nodes: nodes.map((node) => toHex(node)) },
  }
}

function described(
  { mediaType, schema, content }: InjectedData,
  sender: Uint8Array | undefined,
): Fields {
  const size = toQuantity(content.length)
  return { sender: hexOf(sender), mediaType, schema: schema ? toHex(schema) : null, size }
}

function hexOf(bytes: Uint8Array | undefined): Json {
  return bytes ? toHex(bytes) : null
}
