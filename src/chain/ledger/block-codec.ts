/** Encodes, decodes and hashes headers, blocks and receipts. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type {
  Block,
  BlockHead,
  ExecutedBlock,
  Header,
  LoggedBlock,
  Receipt,
  Withdrawal,
} from './block.ts'
import { noBloom } from './bloom.ts'
import { LogList, noLogs } from './log-list.ts'
import {
  decodeRlp,
  EncodedRlp,
  encodeRlp,
  type RlpSource,
  type RlpValue,
  rlpBytes,
  rlpContent,
  rlpLength,
  rlpList,
  rlpNumber,
  rlpPlaces,
  rlpStart,
} from './rlp.ts'
import type { Hash, Transaction } from './transaction.ts'
import { decodeTransaction, encodeTransaction } from './transaction-codec.ts'

/** keccak-256 of the empty list: what a block without ommers commits to. */
export const emptyOmmersHash: Hash = keccak256(encodeRlp([]))

/** Names and kinds of the header's fields, in the order of their encoding: bytes of a length, or numbers. */
const headerFields = [
  ['parentHash', 32],
  ['ommersHash', 32],
  ['beneficiary', 20],
  ['stateRoot', 32],
  ['transactionsRoot', 32],
  ['receiptsRoot', 32],
  ['logsBloom', 256],
  ['difficulty', 'u256'],
  ['number', 'u64'],
  ['gasLimit', 'u64'],
  ['gasUsed', 'u64'],
  ['timestamp', 'u64'],
  ['extraData', 'bytes'],
  ['mixHash', 32],
  ['nonce', 8],
  ['baseFeePerGas', 'u256'],
  ['withdrawalsRoot', 32],
  ['blobGasUsed', 'u64'],
  ['excessBlobGas', 'u64'],
  ['parentBeaconBlockRoot', 32],
  ['requestsHash', 32],
] as const satisfies readonly (readonly [keyof Header, number | 'u64' | 'u256' | 'bytes'])[]

/** RLP values of a block: more than one of 16 MiB can sensibly hold. */
export const maxBlockValues = 2 ** 22

/** How many fields a header has: before London, then since London, Shanghai, Cancun and Prague. */
const headerLengths = [15, 16, 17, 20, 21]

/** RLP of the header's fields. */
export function encodeHeader(header: Header): Uint8Array {
  return encodeRlp(headerValue(header))
}

/** A header from RLP; @throws AppError `ledger/bad-rlp` */
export function decodeHeader(bytes: Uint8Array): Header {
  return headerFrom(decodeRlp(bytes))
}

/** The hash of a block: keccak-256 of its header's encoding. */
export function headerHash(header: Header): Hash {
  return keccak256(encodeHeader(header))
}

/** What a proof-of-work seal is of: keccak-256 of the header's encoding without the nonce. */
export function unsealedHash(header: Header): Hash {
  const values = headerFields.flatMap(([name]) => (name === 'nonce' ? [] : (header[name] ?? [])))
  return keccak256(encodeRlp(values))
}

/** What a header's `ommersHash` says: keccak-256 of the list of the ommers' headers. */
export function ommersHash(ommers: readonly Header[]): Hash {
  return keccak256(encodeRlp(ommers.map(headerValue)))
}

/** Sizes of blocks that were encoded before. */
const sizes = new WeakMap<Block, number>()

/**
 * RLP of header, transactions, ommers and, since Shanghai, withdrawals, as blocks travel and are exported; at the end, as a
 * string, the record if the chain's blocks have one.
 */
export function encodeBlock(block: Block): Uint8Array {
  const { header, transactions, ommers, withdrawals, record } = block
  const encoded = encodeRlp([
    ...[headerValue(header), transactions.map(transactionValue), ommers.map(headerValue)],
    ...(withdrawals ? [withdrawals.map(withdrawalValue)] : []),
    ...(record ? [record] : []),
  ])
  sizes.set(block, encoded.length)
  return encoded
}

/** Bytes of a block's encoding. */
export function blockSize(block: Block): number {
  return sizes.get(block) ?? encodeBlock(block).length
}

/** A block from RLP; @throws AppError `ledger/bad-rlp`, `ledger/bad-transaction` */
export function decodeBlock(bytes: Uint8Array): Block {
  return blockFrom(decodeRlp(bytes, maxBlockValues))
}

/** The form of a receipt that the receipts root covers (EIP-2718, EIP-658). */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const { type, stateRoot, succeeded, cumulativeGasUsed, logsBloom, logs } = receipt
  return encodeRlp([stateRoot ?? (succeeded ? 1 : 0), cumulativeGasUsed, logsBloom, logs], type)
}

/** RLP of a withdrawal, as the withdrawals root covers it (EIP-4895). */
export function encodeWithdrawal(withdrawal: Withdrawal): Uint8Array {
  return encodeRlp(withdrawalValue(withdrawal))
}

/** Lists of a stored block in which a list of logs lies; the places of logs in a stored receipt, and of the bloom in a header. */
const [logsDepth, logsPlace, bloomPlace] = [3, 6, 6]

/** A block with everything a node answers about it, for storage. */
export function encodeExecutedBlock(executed: ExecutedBlock): Uint8Array {
  return encodeRlp([
    encodeBlock(executed.block),
    executed.receipts.map(storedReceipt),
    executed.senders,
    executed.transactionHashes,
  ])
}

/** The opposite of `encodeExecutedBlock`; @throws AppError `ledger/bad-rlp` */
export function decodeExecutedBlock(bytes: Uint8Array): ExecutedBlock {
  const [block, receipts, senders, hashes] = rlpList(
    decodeRlp(bytes, Number.POSITIVE_INFINITY, logsDepth),
    'the stored block',
    4,
  )
  return {
    block: decodeBlock(rlpBytes(block, 'block')),
    receipts: rlpList(receipts, 'receipts').map(receiptFrom),
    senders: rlpList(senders, 'senders').map((one) => rlpBytes(one, 'sender', 20)),
    transactionHashes: rlpList(hashes, 'hashes').map((one) => rlpBytes(one, 'hash', 32)),
  }
}

/**
 * The head of a block and the hashes of its transactions, from what `encodeExecutedBlock` gave; nothing else is read.
 *
 * @throws AppError `ledger/bad-rlp`
 */
export function decodeStoredHead(bytes: Uint8Array): BlockHead & {
  readonly transactionHashes: readonly Hash[]
} {
  const [blockAt = 0, , , hashesAt = 0] = rlpPlaces(bytes, 0)
  const block = rlpContent(bytes, blockAt)
  const [headerAt, headerEnd] = rlpPlaces(block, 0)
  const encoded = block.subarray(headerAt, headerEnd)
  const places = rlpPlaces(bytes, hashesAt).slice(0, -1)
  return {
    ...{ header: decodeHeader(encoded), hash: keccak256(encoded) },
    transactionHashes: places.map((at) => rlpBytes(rlpContent(bytes, at), 'hash', 32)),
  }
}

/**
 * What a search for logs needs of a block, from what `encodeExecutedBlock` gave; views of those bytes.
 *
 * @throws AppError `ledger/bad-rlp`
 */
export function decodeLoggedBlock(bytes: Uint8Array): LoggedBlock {
  const { header, hash, transactionHashes } = decodeStoredHead(bytes)
  const [, receiptsAt = 0] = rlpPlaces(bytes, 0)
  const receipts = rlpPlaces(bytes, receiptsAt).slice(0, -1)
  return {
    ...{ block: { header, hash }, transactionHashes },
    receipts: receipts.map((at) => {
      const places = rlpPlaces(bytes, at)
      return { logs: logsFrom(bytes.subarray(places[logsPlace], places[logsPlace + 1])) }
    }),
  }
}

/**
 * The bloom filter of a block whose hash is known, from the beginning of what `encodeExecutedBlock` gave.
 *
 * @returns `undefined` if the bytes are too few, or others
 */
export function storedBloom(beginning: Uint8Array, hash: Hash): Uint8Array | undefined {
  const block = rlpStart(beginning, 0)
  const start = rlpStart(beginning, rlpStart(beginning, block))
  const length = rlpLength(beginning.subarray(start)) ?? 0
  const header = beginning.subarray(start, start + length)
  if (!equalBytes(keccak256(header), hash)) return undefined
  return rlpContent(header, rlpPlaces(header, 0)[bloomPlace] ?? 0)
}

function headerValue(header: Header): RlpSource[] {
  const values: RlpSource[] = []
  for (const [name] of headerFields) {
    const value = header[name]
    if (value === undefined) break
    values.push(value)
  }
  return values
}

function headerFrom(value: RlpValue): Header {
  const items = rlpList(value, 'the header')
  if (!headerLengths.includes(items.length)) throw bad(`a header has ${items.length} fields`)
  const entries = headerFields.slice(0, items.length).map(([name, kind], at) => {
    if (kind === 'u64') return [name, rlpNumber(items[at], name, 64)] as const
    if (kind === 'u256') return [name, rlpNumber(items[at], name)] as const
    return [name, rlpBytes(items[at], name, kind === 'bytes' ? undefined : kind)] as const
  })
  return Object.fromEntries(entries) as unknown as Header
}

function blockFrom(value: RlpValue): Block {
  const [head, transactions, ommers, withdrawals, record] = rlpList(value, 'the block')
  if (head === undefined) throw bad('the block has no header')
  const header = headerFrom(head)
  const hasWithdrawals = header.withdrawalsRoot !== undefined
  rlpList(value, 'the block', hasWithdrawals ? (record === undefined ? 4 : 5) : 3)
  return {
    header,
    hash: headerHash(header),
    transactions: rlpList(transactions, 'transactions').map(transactionFrom),
    ommers: rlpList(ommers, 'ommers').map(headerFrom),
    withdrawals: hasWithdrawals
      ? rlpList(withdrawals, 'withdrawals').map(withdrawalFrom)
      : undefined,
    ...(record === undefined ? {} : { record: rlpBytes(record, 'the record') }),
  }
}

function transactionValue(transaction: Transaction): RlpSource {
  const bytes = encodeTransaction(transaction)
  return transaction.type === 0 ? new EncodedRlp(bytes) : bytes
}

/** A legacy transaction is a list in the block, a typed one a string; only so a block has one encoding. */
function transactionFrom(value: RlpValue): Transaction {
  if (!(value instanceof Uint8Array)) return decodeTransaction(encodeRlp(value))
  if ((value[0] ?? 0) >= 0xc0) throw bad('a legacy transaction stands in it as a string')
  return decodeTransaction(value)
}

function withdrawalValue({ index, validatorIndex, address, amountGwei }: Withdrawal): RlpSource {
  return [index, validatorIndex, address, amountGwei]
}

function withdrawalFrom(value: RlpValue): Withdrawal {
  const [index, validatorIndex, address, amount] = rlpList(value, 'a withdrawal', 4)
  return {
    index: rlpNumber(index, 'index', 64),
    validatorIndex: rlpNumber(validatorIndex, 'validatorIndex', 64),
    address: rlpBytes(address, 'address', 20),
    amountGwei: rlpNumber(amount, 'amount', 64),
  }
}

const nothing = new Uint8Array()

function storedReceipt(receipt: Receipt): RlpSource {
  const { type, succeeded, cumulativeGasUsed, gasUsed, effectiveGasPrice } = receipt
  const numbers = [type, succeeded ? 1 : 0, cumulativeGasUsed, gasUsed, effectiveGasPrice]
  return [
    ...numbers,
    receipt.logs.length === 0 ? nothing : receipt.logsBloom,
    receipt.logs,
    receipt.createdAddress ?? nothing,
    ...(receipt.stateRoot ? [receipt.stateRoot] : []),
  ]
}

function receiptFrom(value: RlpValue): Receipt {
  const items = rlpList(value, 'a receipt')
  const [type, succeeded, cumulative, gasUsed, price, logsBloom, logs, created, root] = items
  rlpList(value, 'a receipt', root === undefined ? 8 : 9)
  const address = rlpBytes(created, 'createdAddress')
  return {
    type: Number(rlpNumber(type, 'type', 8)) as Receipt['type'],
    succeeded: rlpNumber(succeeded, 'succeeded', 8) === 1n,
    cumulativeGasUsed: rlpNumber(cumulative, 'cumulativeGasUsed'),
    gasUsed: rlpNumber(gasUsed, 'gasUsed'),
    effectiveGasPrice: rlpNumber(price, 'effectiveGasPrice'),
    logsBloom:
      rlpBytes(logsBloom, 'logsBloom').length === 0
        ? noBloom
        : rlpBytes(logsBloom, 'logsBloom', 256),
    logs: logsFrom(rlpBytes(logs, 'logs')),
    createdAddress: address.length === 0 ? undefined : address,
    ...(root === undefined ? {} : { stateRoot: rlpBytes(root, 'stateRoot', 32) }),
  }
}

function logsFrom(bytes: Uint8Array): LogList {
  return bytes.length === 1 ? noLogs : new LogList(bytes)
}

function bad(reason: string): AppError {
  return new AppError({ code: 'ledger/bad-rlp', message: `bad block: ${reason}` })
}
