/** Makes the blocks of a simulated chain: true hashes, roots and bloom filters around given transactions. */

import { keccak256, parseTransaction, type TransactionSerializableEIP1559, toHex } from 'viem'
import { fromHex, type Hex } from '../../src/base/bytes.ts'
import { headerHash } from '../../src/chain/ledger/block-codec.ts'
import { encodeRlp } from '../../src/chain/ledger/rlp.ts'
import { orderedRoot } from '../../src/chain/state/ordered-root.ts'
import { senderAddress } from './sender-key.ts'

/** A transaction with the one log that it writes; `sent` where it is the sender's. */
export interface SimulatedTransaction {
  readonly hash: Hex
  readonly log: { readonly topic: Hex; readonly data: Hex }
  readonly sent?: { readonly nonce: number; readonly maxFeePerGas: bigint; readonly raw: Hex }
}

/** A block with all that can be asked of it. */
export interface SimulatedBlock {
  readonly number: number
  readonly hash: Hex
  /** As JSON-RPC gives it. */
  readonly header: Readonly<Record<string, string | readonly string[]>>
  readonly transactions: readonly SimulatedTransaction[]
  /** Transactions of the sender up to this block. */
  readonly sentCount: number
}

/** The contract that writes all logs. */
export const contract: Hex = '0xc0ffee0000000000000000000000000000000001'

const quantity = (value: bigint | number): Hex => `0x${value.toString(16)}`
const zeros = (bytes: number): Hex => `0x${'00'.repeat(bytes)}`
const gasOfEach = 50_000

/** A block on top of another one; `salt` makes its hash its own. */
export function blockOn(
  parent: SimulatedBlock | undefined,
  transactions: readonly SimulatedTransaction[],
  salt: number,
): SimulatedBlock {
  const number = parent === undefined ? 0 : parent.number + 1
  const gasUsed = transactions.length * gasOfEach
  const fields = {
    parentHash: parent?.hash ?? zeros(32),
    ommersHash: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347' as Hex,
    beneficiary: zeros(20),
    stateRoot: keccak256(toHex(`state ${number} ${salt}`)),
    transactionsRoot: keccak256(toHex(transactions.map(({ hash }) => hash).join())),
    receiptsRoot: `0x${orderedRoot(transactions.map(encodedReceipt)).toHex()}` as Hex,
    logsBloom: bloomOf(transactions),
    extraData: toHex(`salt ${salt}`),
    mixHash: zeros(32),
    nonce: zeros(8),
  }
  const numbers = {
    ...{ difficulty: 0n, number: BigInt(number), gasLimit: 30_000_000n, gasUsed: BigInt(gasUsed) },
    ...{ timestamp: BigInt(1_700_000_000 + number), baseFeePerGas: 1_000_000_000n },
  }
  const bytes = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, fromHex(value)]),
  ) as Record<keyof typeof fields, Uint8Array>
  const hash = `0x${headerHash({ ...bytes, ...numbers }).toHex()}` as Hex
  const { ommersHash, beneficiary, ...same } = fields
  const shownNumbers = Object.entries(numbers).map(([name, value]) => [name, quantity(value)])
  const header = {
    ...{ ...same, hash, sha3Uncles: ommersHash, miner: beneficiary },
    ...Object.fromEntries(shownNumbers),
    transactions: transactions.map((one) => one.hash),
    ...{ size: '0x400', uncles: [] },
  }
  const sentHere = transactions.filter(({ sent }) => sent !== undefined).length
  return { number, hash, header, transactions, sentCount: (parent?.sentCount ?? 0) + sentHere }
}

/** The log of a block's transaction, as JSON-RPC gives it. */
export function logAt({ number, hash, transactions }: SimulatedBlock, place: number) {
  const { log, hash: transactionHash } = transactions[place] as SimulatedTransaction
  return {
    ...{ address: contract, topics: [log.topic], data: log.data, removed: false },
    ...{ blockNumber: quantity(number), blockHash: hash, transactionHash },
    ...{ transactionIndex: quantity(place), logIndex: quantity(place) },
  }
}

/** The receipt of a block's transaction, as JSON-RPC gives it. */
export function receiptAt(block: SimulatedBlock, place: number) {
  const { hash } = block.transactions[place] as SimulatedTransaction
  return {
    ...{ transactionHash: hash, transactionIndex: quantity(place), status: '0x1', type: '0x2' },
    ...{ blockNumber: quantity(block.number), blockHash: block.hash, contractAddress: null },
    ...{ gasUsed: quantity(gasOfEach), cumulativeGasUsed: quantity((place + 1) * gasOfEach) },
    ...{ effectiveGasPrice: '0x3b9aca00', logsBloom: bloomOf([block.transactions[place]]) },
    ...{ from: zeros(20), to: contract, logs: [logAt(block, place)] },
  }
}

/** A block as JSON-RPC gives it with its transactions: of those that are not the sender's, no more than their hash. */
export function fullBlock({ header, transactions }: SimulatedBlock) {
  const bodies = transactions.map(({ hash, sent }) =>
    sent ? { hash, ...bodyOf(sent.raw) } : { hash, from: zeros(20) },
  )
  return { ...header, transactions: bodies }
}

function bodyOf(raw: Hex) {
  const sent = parseTransaction(raw) as TransactionSerializableEIP1559
  const { chainId, nonce = 0, value = 0n, gas = 0n, data: input = '0x' } = sent
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = sent
  const numbers = { chainId, nonce, value, gas, maxFeePerGas, maxPriorityFeePerGas }
  const shown = Object.entries(numbers).map(([name, value]) => [name, quantity(value)])
  const { to, r = '0x', s = '0x', yParity = 0 } = sent
  const signature = { r: quantity(BigInt(r)), s: quantity(BigInt(s)), yParity: quantity(yParity) }
  const rest = { type: '0x2', from: senderAddress, to, input, accessList: [] }
  return { ...Object.fromEntries(shown), ...signature, ...rest }
}

/** @see EIP-658, EIP-2718 */
function encodedReceipt(transaction: SimulatedTransaction, place: number): Uint8Array {
  const { topic, data } = transaction.log
  const log = [fromHex(contract), [fromHex(topic)], fromHex(data)]
  const bloom = fromHex(bloomOf([transaction]))
  return encodeRlp([1, (place + 1) * gasOfEach, bloom, [log]], 2)
}

/** @see Yellow Paper 4.4.3 */
function bloomOf(transactions: readonly (SimulatedTransaction | undefined)[]): Hex {
  const bloom = new Uint8Array(256)
  for (const item of transactions.flatMap((one) => (one ? [contract, one.log.topic] : []))) {
    const digest = fromHex(keccak256(item))
    for (const at of [0, 2, 4]) {
      const bit = (((digest[at] as number) << 8) | (digest[at + 1] as number)) & 2_047
      const place = 255 - (bit >> 3)
      bloom[place] = (bloom[place] as number) | (1 << (bit & 7))
    }
  }
  return `0x${bloom.toHex()}`
}
