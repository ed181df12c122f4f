/** Builds a block on a given parent without adding it to the chain, and writes it as the engine API does. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import { type BlockRun, contextOf, type InvalidTransaction } from '../../chain/evm/evm.ts'
import { nextBaseFee } from '../../chain/ledger/base-fee.ts'
import { nextExcessBlobGas } from '../../chain/ledger/blobs.ts'
import type { Block, Header, Withdrawal } from '../../chain/ledger/block.ts'
import { headerHash } from '../../chain/ledger/block-codec.ts'
import type { Address, Hash, Transaction } from '../../chain/ledger/transaction.ts'
import { encodeTransaction, senderOf } from '../../chain/ledger/transaction-codec.ts'
import { invalidParams, serverError } from '../envelope/rpc-error.ts'
import { withdrawalJson } from '../format/block-json.ts'
import { checksumAddress } from '../format/checksum-address.ts'
import { toQuantity } from '../format/quantity.ts'
import type { PayloadAttributes } from '../params/payload-attributes.ts'
import { stateOf } from '../view/blocks.ts'
import type { ChainContext } from '../view/context.ts'
import { committedHeader } from './imagined-block.ts'
import { emptyHeader } from './imagined-headers.ts'

/** What to build. */
export interface PayloadWish extends PayloadAttributes {
  readonly parent: Hash
  /** In order; the pool's best ones if absent. */
  readonly transactions: readonly Transaction[] | undefined
  readonly extraData: Uint8Array | undefined
}

/** Gas limit towards which blocks go, as builders of the public network have it. */
const wantedGasLimit = 60_000_000n

/** @throws AppError `json-rpc/error` -32000 for a transaction that was given and cannot be in the block */
export async function builtPayload(context: ChainContext, wish: PayloadWish): Promise<Json> {
  const { chain } = context
  const { block: parent, state } = await stateOf(context, { kind: 'hash', hash: wish.parent })
  if (wish.timestamp <= parent.header.timestamp)
    throw invalidParams(`params[1].timestamp: must be after ${parent.header.timestamp}`)
  const open = openHeader(context, parent, wish)
  const run = await chain.evm.openBlock(
    state,
    contextOf(open, (number) => chain.blockHash(number)),
    { isAside: true },
  )
  const { transactions, end } = await fill(run, context, {
    ...wish,
    baseFeePerGas: open.baseFeePerGas,
  }).catch((error: unknown) => {
    run.drop()
    throw error
  })
  const { withdrawals = [] } = wish
  const stateRoot = end.state.root
  const header = committedHeader(open, { transactions, withdrawals, end, stateRoot })
  const tips = end.receipts.reduce(
    (sum, { gasUsed, effectiveGasPrice }) =>
      sum + gasUsed * (effectiveGasPrice - (header.baseFeePerGas ?? 0n)),
    0n,
  )
  return {
    executionPayload: payloadJson(header, transactions, withdrawals),
    blockValue: toQuantity(tips),
    blobsBundle: { commitments: [], proofs: [], blobs: [] },
    executionRequests: end.requests.map(toHex),
    shouldOverrideBuilder: false,
  }
}

async function fill(
  run: BlockRun,
  { chain }: ChainContext,
  wish: PayloadWish & Pick<Header, 'baseFeePerGas'>,
) {
  const transactions: Transaction[] = []
  const given = wish.transactions?.map((transaction) => ({
    transaction,
    sender: mustHaveSender(transaction),
  }))
  for (const { transaction, sender } of given ?? chain.pool.best(wish.baseFeePerGas ?? 0n)) {
    const result = await run.add(transaction, sender)
    if (result.kind === 'executed') transactions.push(transaction)
    else if (given) throw refused(result, sender)
  }
  const end = await run.finish(wish.withdrawals ?? [])
  if (end.kind === 'invalid') throw serverError(`${end.rule}: ${end.detail}`)
  return { transactions, end }
}

function openHeader(
  { chain }: ChainContext,
  { header: parent, hash }: Block,
  wish: PayloadWish,
): Header {
  const {
    timestamp,
    mixHash,
    beneficiary,
    parentBeaconBlockRoot,
    extraData = new Uint8Array(),
  } = wish
  const number = parent.number + 1n
  const none = { accounts: [], calls: [] }
  const wishes = {
    ...{ number, timestamp, mixHash, beneficiary, parentBeaconBlockRoot, withdrawals: [] },
    ...{ gasLimit: nextGasLimit(parent.gasLimit), baseFeePerGas: nextBaseFee(parent) },
    ...{ difficulty: undefined, blobBaseFee: undefined },
  }
  const header = emptyHeader(chain.rules, parent, { ...none, wishes, number, timestamp })
  const excess = nextExcessBlobGas(parent, chain.rules.rulesAt(header))
  return {
    ...{ ...header, parentHash: hash, extraData },
    excessBlobGas: header.excessBlobGas === undefined ? undefined : excess,
  }
}

/** A step towards the wanted limit, smaller than a 1,024th of the parent's (Yellow Paper, section 4.3.4). */
function nextGasLimit(parent: bigint): bigint {
  const step = parent / 1_024n - 1n
  if (parent < wantedGasLimit)
    return parent + step < wantedGasLimit ? parent + step : wantedGasLimit
  return parent - step > wantedGasLimit ? parent - step : wantedGasLimit
}

function mustHaveSender(transaction: Transaction): Address {
  const sender = senderOf(transaction)
  if (sender) return sender
  throw serverError('invalid sender: the signature of a transaction is of nobody')
}

function refused({ rule, detail }: InvalidTransaction, sender: Address): Error {
  return serverError(`${rule.replaceAll('-', ' ')}: address ${checksumAddress(sender)}, ${detail}`)
}

function payloadJson(
  header: Header,
  transactions: readonly Transaction[],
  withdrawals: readonly Withdrawal[],
): Json {
  return {
    parentHash: toHex(header.parentHash),
    feeRecipient: toHex(header.beneficiary),
    stateRoot: toHex(header.stateRoot),
    receiptsRoot: toHex(header.receiptsRoot),
    logsBloom: toHex(header.logsBloom),
    prevRandao: toHex(header.mixHash),
    blockNumber: toQuantity(header.number),
    gasLimit: toQuantity(header.gasLimit),
    gasUsed: toQuantity(header.gasUsed),
    timestamp: toQuantity(header.timestamp),
    extraData: toHex(header.extraData),
    baseFeePerGas: toQuantity(header.baseFeePerGas ?? 0n),
    blockHash: toHex(headerHash(header)),
    transactions: transactions.map((one) => toHex(encodeTransaction(one))),
    withdrawals: withdrawals.map(withdrawalJson),
    blobGasUsed: toQuantity(header.blobGasUsed ?? 0n),
    excessBlobGas: toQuantity(header.excessBlobGas ?? 0n),
  }
}
