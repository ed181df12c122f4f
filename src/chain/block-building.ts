/** Builds a block from the pool, and runs a block that is given, comparing all it commits to. */

import { equalBytes } from '../base/bytes.ts'
import type { Closing } from './block-closing.ts'
import { bodyFault, firstDifference } from './body-rules.ts'
import type { HeaderDraft, Verdict } from './consensus/consensus.ts'
import type { Derived } from './consensus/derived.ts'
import { type BlockResult, contextOf, type Evm, type TransactionResult } from './evm/evm.ts'
import { nextBaseFee } from './ledger/base-fee.ts'
import { blobGasOf, gasPerBlob, nextExcessBlobGas } from './ledger/blobs.ts'
import type { Block, ExecutedBlock, Header, Withdrawal } from './ledger/block.ts'
import {
  emptyOmmersHash,
  encodeReceipt,
  encodeWithdrawal,
  headerHash,
} from './ledger/block-codec.ts'
import { joinBlooms } from './ledger/bloom.ts'
import type { ChainRules, Rules } from './ledger/fork-rules.ts'
import type { Address, Hash, Transaction } from './ledger/transaction.ts'
import { encodeTransaction, transactionHash } from './ledger/transaction-codec.ts'
import { orderedRoot } from './state/ordered-root.ts'
import type { EncodedDifference, State } from './state/state.ts'
import type { TxPool } from './txpool/txpool.ts'

/** A block with its receipts, what it did, and the state after it. */
export interface BuiltBlock {
  readonly executed: ExecutedBlock
  readonly difference: EncodedDifference
  readonly state: State
  /** What follows from the chain up to it; only where blocks have records. */
  readonly derived?: Derived | undefined
}

/** What building starts from. */
export interface BuildingSite {
  readonly evm: Evm
  readonly rules: ChainRules
  readonly parent: Header
  readonly state: State
  readonly blockHash: (number: bigint) => Hash | undefined
  /** What the protocol does at the end of the next block; absent where that is nothing of an engine's. */
  readonly close?: Closing | undefined
  /** Nothing comes after this block: what keeps the chain's own blocks quick is left to them. */
  readonly isAside?: boolean
}

/** What is to be built. */
interface BuildingOrder {
  readonly draft: HeaderDraft
  readonly pool: TxPool
  /** Whether it is time to end. */
  readonly isLate: () => boolean
  /** Of the transactions together. */
  readonly mostBytes?: number | undefined
}

/** Least gas of any transaction: with less left, a block is full. */
const leastGas = 21_000n
/** Most bytes of a block's transactions: the 8 MiB of EIP-7934, less what header and lists may take. */
const maxBodyBytes = 8 * 1024 * 1024 - 16 * 1024

/**
 * Fills a block with the best paying transactions that fit, until `isLate`. A transaction that turns out not to be
 * executable is dropped from the pool, and so is one that makes the machine throw: no block could be built any more.
 */
export async function buildBlock(
  site: BuildingSite,
  { draft, pool, isLate, mostBytes = maxBodyBytes }: BuildingOrder,
): Promise<BuiltBlock> {
  const { evm, parent, state, blockHash, isAside = false } = site
  const baseFeePerGas = draft.baseFeePerGas ?? nextBaseFee(parent)
  const number = parent.number + 1n
  const rules = site.rules.rulesAt({ number, timestamp: draft.timestamp })
  const open = openHeader(parent, { ...draft, number, baseFeePerGas }, rules)
  const maxBlobGas = BigInt(rules.blobs?.max ?? 0) * gasPerBlob
  const run = await evm.openBlock(state, contextOf(open, blockHash), { isAside })
  const transactions: Transaction[] = []
  const senders: Address[] = []
  let [bodyBytes, blobGas] = [0, 0n]
  const best = pool.best(baseFeePerGas)
  for (const { transaction, sender, hash, raw } of best) {
    const left = open.gasLimit - run.gasUsed
    // However slow the machine, a block takes one, or the chain would not get on.
    if (left < leastGas || (transactions.length > 0 && isLate())) break
    const fits =
      transaction.gasLimit <= left &&
      bodyBytes + raw.length <= mostBytes &&
      blobGas + blobGasOf(transaction) <= maxBlobGas
    if (!fits) {
      best.leaveSender(sender)
      continue
    }
    const result = await run.add(transaction, sender).catch((error: unknown) => {
      pool.drop(hash)
      throw error
    })
    if (result.kind === 'executed') {
      transactions.push(transaction)
      senders.push(sender)
      bodyBytes += raw.length
      blobGas += blobGasOf(transaction)
    } else {
      best.leaveSender(sender)
      if (isHopeless(result)) pool.drop(hash)
    }
  }
  const { record } = draft
  const { storage, gasUsed } = run
  const end = site.close?.({ header: open, gasUsed, storage, record })
  const withdrawals = end?.withdrawals ?? []
  const result = await run.finish(withdrawals, [], end?.calls)
  if (result.kind === 'invalid') throw new Error(`${result.rule}: ${result.detail}`)
  const next = result.state
  const header = sealedHeader(open, { transactions, withdrawals, result, stateRoot: next.root })
  const hash = headerHash(header)
  const body = { transactions, ommers: [], withdrawals, ...(record && { record }) }
  return {
    executed: executedOf({ header, hash, ...body }, result, senders),
    ...{ difference: result.difference, state: next, derived: end?.derived },
  }
}

/**
 * Runs a block that came from elsewhere. Its header's own rules are the engine's to check.
 *
 * @param given - the block, and who signed its transactions; `undefined` where nobody can have
 */
export async function runBlock(
  site: BuildingSite,
  given: { readonly block: Block; readonly senders: readonly (Address | undefined)[] },
): Promise<BuiltBlock | Extract<Verdict, { kind: 'invalid' }>> {
  const invalid = (rule: string, detail: string) => ({ kind: 'invalid', rule, detail }) as const
  const { block } = given
  const { header, transactions, withdrawals, ommers } = block
  const body = bodyFault(block, site.rules.rulesAt(header))
  if (body) return body
  const run = await site.evm.openBlock(site.state, contextOf(header, site.blockHash))
  const senders: Address[] = []
  for (const [place, transaction] of transactions.entries()) {
    const sender = given.senders[place]
    if (sender === undefined) {
      run.drop()
      return invalid('signature', `transaction ${place} has no sender`)
    }
    const result = await run.add(transaction, sender)
    if (result.kind === 'invalid') {
      run.drop()
      return invalid('transaction', `transaction ${place}: ${result.rule}, ${result.detail}`)
    }
    senders.push(sender)
  }
  const { storage, gasUsed } = run
  const end = site.close?.({ header, gasUsed, storage, record: block.record })
  if (end && !equalBytes(rootOf(end.withdrawals), header.withdrawalsRoot ?? noBytes)) {
    run.drop()
    return invalid('withdrawalsRoot', 'the payments are not those that the protocol makes')
  }
  const result = await run.finish(withdrawals ?? [], ommers, end?.calls)
  if (result.kind === 'invalid') return result
  const { state } = result
  const name = firstDifference(header, resultFields(header, result, state.root))
  if (name) return invalid(name, `${name} is not what running the block gives`)
  return {
    executed: executedOf(block, result, senders),
    ...{ difference: result.difference, state, derived: end?.derived },
  }
}

/** Reasons that may be gone in a later block. */
const mayPass: readonly string[] = ['nonce-too-high', 'block-gas-limit', 'fee-cap-below-base-fee']

function isHopeless(result: Exclude<TransactionResult, { kind: 'executed' }>): boolean {
  return !mayPass.includes(result.rule)
}

function openHeader(
  parent: Header,
  {
    record: _,
    ...draft
  }: HeaderDraft & { readonly number: bigint; readonly baseFeePerGas: bigint },
  rules: Rules,
): Header {
  return {
    ...parent,
    ...draft,
    parentHash: headerHash(parent),
    ommersHash: emptyOmmersHash,
    blobGasUsed: 0n,
    excessBlobGas: nextExcessBlobGas(parent, rules),
  }
}

function sealedHeader(
  header: Header,
  run: {
    transactions: readonly Transaction[]
    withdrawals: readonly Withdrawal[]
    result: BlockResult
    stateRoot: Hash
  },
): Header {
  const { transactions, withdrawals, result, stateRoot } = run
  return {
    ...header,
    ...resultFields(header, result, stateRoot),
    transactionsRoot: orderedRoot(transactions.map(encodeTransaction)),
    withdrawalsRoot: rootOf(withdrawals),
    blobGasUsed:
      header.blobGasUsed === undefined
        ? undefined
        : transactions.reduce((sum, one) => sum + blobGasOf(one), 0n),
  }
}

const noBytes = new Uint8Array()

function rootOf(withdrawals: readonly Withdrawal[]): Hash {
  return orderedRoot(withdrawals.map(encodeWithdrawal))
}

/** Fields of a header that running the block decides. */
function resultFields(
  header: Header,
  { receipts, gasUsed, requestsHash }: BlockResult,
  stateRoot: Hash,
) {
  return {
    stateRoot,
    receiptsRoot: orderedRoot(receipts.map(encodeReceipt)),
    logsBloom: joinBlooms(receipts.map(({ logsBloom }) => logsBloom)),
    gasUsed,
    requestsHash: header.requestsHash && requestsHash,
  }
}

function executedOf(block: Block, result: BlockResult, senders: readonly Address[]): ExecutedBlock {
  const transactionHashes = block.transactions.map(transactionHash)
  return { block, receipts: result.receipts, senders, transactionHashes }
}
