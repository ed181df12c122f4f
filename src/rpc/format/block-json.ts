/** Writes blocks and headers as JSON. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Block, ExecutedBlock, Header, Withdrawal } from '../../chain/ledger/block.ts'
import { blockSize, headerHash } from '../../chain/ledger/block-codec.ts'
import { toQuantity } from './quantity.ts'
import { minedTransaction } from './transaction-json.ts'

type Fields = { readonly [key: string]: Json }

/** A block with its transactions, or with their hashes only. */
export function blockJson(executed: ExecutedBlock, full: boolean): Fields {
  const { before, after } = fieldsAround(executed)
  const transactions = full
    ? [...transactionsJson(executed)]
    : executed.transactionHashes.map((hash) => toHex(hash))
  return { ...before, transactions, ...after }
}

/** The fields of a block that stand before and after its transactions. */
export function fieldsAround({ block }: ExecutedBlock): {
  readonly before: Fields
  readonly after: Fields
} {
  return {
    before: { ...headerJson(block), size: toQuantity(blockSize(block)) },
    after: {
      uncles: block.ommers.map((ommer) => toHex(headerHash(ommer))),
      ...(block.withdrawals && { withdrawals: block.withdrawals.map(withdrawalJson) }),
    },
  }
}

/** The transactions of a block, one by one. */
export function* transactionsJson(executed: ExecutedBlock): Generator<Json> {
  for (let position = 0; position < executed.transactionHashes.length; position += 1)
    yield minedTransaction(executed, position) ?? null
}

/** A header with its hash, as eth_subscribe("newHeads") gives it. */
export function headerJson({ header, hash }: Pick<Block, 'header' | 'hash'>): Fields {
  return {
    ...numberFields(header),
    ...byteFields(header),
    ...laterFields(header),
    hash: toHex(hash),
  }
}

function numberFields(header: Header): Fields {
  return {
    number: toQuantity(header.number),
    difficulty: toQuantity(header.difficulty),
    gasLimit: toQuantity(header.gasLimit),
    gasUsed: toQuantity(header.gasUsed),
    timestamp: toQuantity(header.timestamp),
  }
}

function byteFields(header: Header): Fields {
  return {
    parentHash: toHex(header.parentHash),
    sha3Uncles: toHex(header.ommersHash),
    miner: toHex(header.beneficiary),
    stateRoot: toHex(header.stateRoot),
    transactionsRoot: toHex(header.transactionsRoot),
    receiptsRoot: toHex(header.receiptsRoot),
    logsBloom: toHex(header.logsBloom),
    extraData: toHex(header.extraData),
    mixHash: toHex(header.mixHash),
    nonce: toHex(header.nonce),
  }
}

/** What only headers of newer forks have. */
function laterFields(header: Header): Fields {
  const fields: Record<string, Json> = {}
  for (const name of ['baseFeePerGas', 'blobGasUsed', 'excessBlobGas'] as const) {
    const value = header[name]
    if (value !== undefined) fields[name] = toQuantity(value)
  }
  for (const name of ['withdrawalsRoot', 'parentBeaconBlockRoot', 'requestsHash'] as const) {
    const value = header[name]
    if (value !== undefined) fields[name] = toHex(value)
  }
  return fields
}

/** A withdrawal as JSON. */
export function withdrawalJson({ index, validatorIndex, address, amountGwei }: Withdrawal): Json {
  return {
    index: toQuantity(index),
    validatorIndex: toQuantity(validatorIndex),
    address: toHex(address),
    amount: toQuantity(amountGwei),
  }
}
