/** Runs one imagined block: its overrides, its calls as transactions, and what it would commit to. */

import {
  type BlockResult,
  type BlockRun,
  contextOf,
  type ExecutedTransaction,
} from '../../chain/evm/evm.ts'
import { nextBaseFee } from '../../chain/ledger/base-fee.ts'
import { blobGasOf, nextExcessBlobGas } from '../../chain/ledger/blobs.ts'
import type { ExecutedBlock, Header, Withdrawal } from '../../chain/ledger/block.ts'
import { encodeReceipt, encodeWithdrawal, headerHash } from '../../chain/ledger/block-codec.ts'
import { joinBlooms } from '../../chain/ledger/bloom.ts'
import type { Rules } from '../../chain/ledger/fork-rules.ts'
import type { Address, Hash, Transaction } from '../../chain/ledger/transaction.ts'
import { encodeTransaction, transactionHash } from '../../chain/ledger/transaction-codec.ts'
import { orderedRoot } from '../../chain/state/ordered-root.ts'
import type { State } from '../../chain/state/state.ts'
import { createOverlay } from '../../chain/state/state-overlay.ts'
import { errorCodes, rpcError, serverError } from '../envelope/rpc-error.ts'
import type { Simulation } from '../params/simulation.ts'
import { overrideAccounts } from '../view/account-overrides.ts'
import type { ChainContext } from '../view/context.ts'
import type { PlacedCalls } from './imagined-headers.ts'
import { imaginedTransaction } from './imagined-transaction.ts'
import { refusal } from './refusal.ts'

/** What all blocks of a simulation share. */
export interface SimulationSite {
  readonly context: ChainContext
  readonly options: Simulation
  /** Gas that all calls together may still use. */
  readonly gas: { left: bigint }
  readonly isLate: () => boolean
  blockHash(number: bigint): Hash | undefined
}

/** Where a block stands: the block before it, its own header as far as it is known, and its state. */
export interface BlockPlace {
  readonly parent: { readonly header: Header; readonly hash: Hash }
  readonly header: Header
  readonly state: State
}

/** A block that was imagined. */
export interface ImaginedResult {
  readonly executed: ExecutedBlock
  readonly results: readonly ExecutedTransaction[]
  readonly state: State
}

/** @throws AppError `json-rpc/error` with the codes of eth_simulateV1 for a call that cannot be run */
export async function imagineBlock(
  site: SimulationSite,
  block: PlacedCalls,
  place: BlockPlace,
): Promise<ImaginedResult> {
  const { chain } = site.context
  const rules = chain.rules.rulesAt(place.header)
  const open = openHeader(site, block, { ...place, rules })
  const overlay = createOverlay(place.state)
  const moved = overrideAccounts(overlay, block.accounts, rules)
  const before = place.state.apply(overlay.difference())
  const run = await chain.evm.openBlock(before, contextOf(open, site.blockHash), {
    imagined: {
      ...{ lenient: !site.options.validation, tellTransfers: site.options.traceTransfers, moved },
      ...{ blobBaseFee: block.wishes.blobBaseFee, isLate: site.isLate },
    },
  })
  const ran = await runCalls(site, block, { run, open }).catch((error: unknown) => {
    run.drop()
    throw error
  })
  const { end, transactions, senders, results } = ran
  const { receipts } = end
  const { withdrawals } = block.wishes
  const header = committedHeader(open, {
    transactions,
    withdrawals,
    end,
    stateRoot: end.state.root,
  })
  const hash = headerHash(header)
  const shown = open.withdrawalsRoot ? withdrawals : undefined
  return {
    executed: {
      block: { header, hash, transactions, ommers: [], withdrawals: shown },
      ...{ receipts, senders, transactionHashes: transactions.map(transactionHash) },
    },
    results,
    state: end.state,
  }
}

/** Runs the calls of a block as transactions, one after the other. */
async function runCalls(
  site: SimulationSite,
  block: PlacedCalls,
  { run, open }: { readonly run: BlockRun; readonly open: Header },
) {
  const { chain } = site.context
  const transactions: Transaction[] = []
  const senders: Address[] = []
  const results: ExecutedTransaction[] = []
  for (const call of block.calls) {
    const { from = nobody } = call
    const left = open.gasLimit - run.gasUsed
    if ((call.gas ?? 0n) > left) {
      const message = `block gas limit reached: ${run.gasUsed} >= ${open.gasLimit}`
      throw rpcError(errorCodes.blockGasLimit, message)
    }
    const transaction = imaginedTransaction(call, {
      ...{ chainId: chain.rules.chainId, nonce: run.nonceOf(from), gas: left },
      ...{ gasCap: site.gas.left, baseFeePerGas: open.baseFeePerGas },
    })
    const result = await run.add(transaction, from)
    if (result.kind === 'invalid') throw refusal(result, transaction, from)
    site.gas.left -= result.receipt.gasUsed
    transactions.push(transaction)
    senders.push(from)
    results.push(result)
  }
  const end = await run.finish(block.wishes.withdrawals)
  if (end.kind === 'invalid') throw serverError(`${end.rule}: ${end.detail}`)
  return { end, transactions, senders, results }
}

/** What running a block gave, for its header. */
interface Committed {
  readonly transactions: readonly Transaction[]
  readonly withdrawals: readonly Withdrawal[]
  readonly end: BlockResult
  readonly stateRoot: Hash
}

/** A header with the roots of what the block holds and did. */
export function committedHeader(
  open: Header,
  { transactions, withdrawals, end, stateRoot }: Committed,
): Header {
  const { receipts, gasUsed, requestsHash } = end
  return {
    ...{ ...open, stateRoot, gasUsed },
    transactionsRoot: orderedRoot(transactions.map(encodeTransaction)),
    receiptsRoot: orderedRoot(receipts.map(encodeReceipt)),
    logsBloom: joinBlooms(receipts.map(({ logsBloom }) => logsBloom)),
    withdrawalsRoot: open.withdrawalsRoot && orderedRoot(withdrawals.map(encodeWithdrawal)),
    blobGasUsed: open.blobGasUsed === undefined ? undefined : blobGasOf(...transactions),
    requestsHash: open.requestsHash && requestsHash,
  }
}

const nobody: Address = new Uint8Array(20)

/** Fills in what follows from the parent; without validation nothing costs a base fee that nobody asked for. */
function openHeader(
  { options }: SimulationSite,
  { wishes }: PlacedCalls,
  { parent, header, rules }: BlockPlace & { readonly rules: Rules },
): Header {
  const isOwn = header.baseFeePerGas === undefined || wishes.baseFeePerGas !== undefined
  return {
    ...header,
    parentHash: parent.hash,
    baseFeePerGas: isOwn || !options.validation ? header.baseFeePerGas : nextBaseFee(parent.header),
    excessBlobGas:
      header.excessBlobGas === undefined ? undefined : nextExcessBlobGas(parent.header, rules),
  }
}
