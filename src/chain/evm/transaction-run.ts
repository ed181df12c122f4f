/** Runs one transaction from the purchase of its gas to its receipt. */

import { keccak256 } from '../../crypto/keccak.ts'
import { blobGasOf } from '../ledger/blobs.ts'
import type { Receipt } from '../ledger/block.ts'
import { bloomOf } from '../ledger/bloom.ts'
import type { Rules } from '../ledger/fork-rules.ts'
import { knownGas } from '../ledger/intrinsic-gas.ts'
import { noLogs } from '../ledger/log-list.ts'
import { encodeRlp, rlpInteger } from '../ledger/rlp.ts'
import type { AccessListEntry, Address, Authorization, Transaction } from '../ledger/transaction.ts'
import { authorityOf } from '../ledger/transaction-codec.ts'
import type { Pause, TransactionResult } from './evm.ts'
import { execute, logsOf, type Message } from './kernel/execution.ts'
import type { Kernel } from './kernel/kernel.ts'
import type { KernelState } from './kernel/kernel-state.ts'
import { KernelWatch } from './kernel/kernel-watch.ts'
import { blobFeeAt, brokenRule, effectiveGasPrice, type RuleContext } from './transaction-rules.ts'
import type { TransferTracer } from './transfers.ts'
import type { Watcher } from './watcher.ts'

/** What a transaction runs with; `state` of the rules is what the kernel holds. */
export interface TransactionPlace extends RuleContext {
  readonly kernel: Kernel
  readonly state: KernelState
  /** Number of the account in the kernel that is paid. */
  readonly beneficiary: number
  readonly pause: Pause
  /** Told of ether that moves in an imagined block. */
  readonly transfers?: TransferTracer | undefined
  readonly watcher?: Watcher | undefined
  /** Gas of the transactions before it in the block. */
  readonly gasUsedBefore: bigint
}

/** Runs a transaction in the kernel, whose block is set; an invalid one changes nothing. */
export async function runTransaction(
  transaction: Transaction,
  sender: Address,
  place: TransactionPlace,
): Promise<TransactionResult> {
  const { block, kernel, rules, pause, state, imagined, transfers, watcher } = place
  const { gasLimit, to, value, data } = transaction
  const payer = kernel.account(sender)
  const gas = knownGas(transaction, rules)
  const account = state.accountIn(payer)
  const broken = brokenRule(transaction, { account, gas }, place)
  if (broken) return broken
  const nonce = account?.nonce ?? 0n
  const price = effectiveGasPrice(transaction, block.baseFeePerGas)
  const tracer = watcher ? new KernelWatch(kernel, watcher) : transfers
  const blobHashes = blobHashesOf(transaction)
  kernel.beginTransaction({ origin: sender, gasPrice: price, blobHashes, tracer })
  transfers?.begin()
  const logsBefore = kernel.wasm.logsMade.value
  watcher?.begin?.(state)
  debit(kernel, payer, gasLimit * price + blobFeeOf(transaction, place))
  kernel.wasm.setNonce(payer, nonce + 1n)
  const delegated = delegate(transaction, place)
  const target = to && kernel.account(to)
  warmUp(kernel, { sender: payer, target, accessList: accessListOf(transaction) }, place)
  const message: Message = {
    ...{ sender: payer, target, nonce, value, data },
    gas: gasLimit - gas.intrinsic,
  }
  const execution = await execute(kernel, message, { pause, isLate: imagined?.isLate })
  const logs = execution.halt === undefined ? logsOf(kernel) : noLogs
  const spent = gasLimit - execution.gasLeft
  const { floor } = gas
  const refund = execution.refund + delegated
  const gasUsed = gasAfterRefund({ spent, refund, floor }, rules)
  credit(kernel, payer, (gasLimit - gasUsed) * price)
  // A call that is only imagined may pay less than the base fee.
  const tip = price > block.baseFeePerGas ? price - block.baseFeePerGas : 0n
  credit(kernel, place.beneficiary, gasUsed * tip)
  kernel.wasm.commit()
  watcher?.end?.(state)
  const receipt: Receipt = {
    type: transaction.type,
    succeeded: execution.halt === undefined,
    cumulativeGasUsed: place.gasUsedBefore + gasUsed,
    logsBloom: bloomOf(logs),
    logs,
    gasUsed,
    effectiveGasPrice: price,
    createdAddress: to === undefined ? creationAddress(sender, nonce) : undefined,
  }
  const { halt, haltDetail, output } = execution
  const told = transfers?.with([...logs]) ?? []
  const logsMade = (kernel.wasm.logsMade.value - logsBefore) >>> 0
  const everTold = logsMade + (transfers?.everTold ?? 0)
  const gasNeeded = spent > floor ? spent : floor
  const ending = { halt, haltDetail, output }
  return { kind: 'executed', receipt, ...ending, told, everTold, gasNeeded }
}

/** The gas that is paid for: less what is given back, but not less than the floor (EIP-3529, 7623). */
export function gasAfterRefund(
  gas: { readonly spent: bigint; readonly refund: bigint; readonly floor: bigint },
  { numbers }: Rules,
): bigint {
  const { spent, refund, floor } = gas
  const most = spent / BigInt(numbers.refundDivisor)
  const used = spent - (refund < most ? refund : most)
  return used > floor ? used : floor
}

/** Makes warm what is so before the first opcode (EIP-2929, 2930, 3651). */
export function warmUp(
  kernel: Kernel,
  message: {
    readonly sender: number
    readonly target: number | undefined
    readonly accessList: readonly AccessListEntry[]
  },
  { rules, beneficiary }: Pick<TransactionPlace, 'rules' | 'beneficiary'>,
): void {
  const { sender, target, accessList } = message
  kernel.wasm.warm(sender)
  if (target !== undefined) kernel.wasm.warm(target)
  if (rules.numbers.warmBeneficiary) kernel.wasm.warm(beneficiary)
  for (const { address, slots } of accessList) {
    const account = kernel.account(address)
    kernel.wasm.warm(account)
    for (const slot of slots) kernel.wasm.warmSlot(kernel.slot(account, slot))
  }
}

/** The address of a contract that a transaction creates, or would have created (Yellow Paper, section 7). */
function creationAddress(sender: Address, nonce: bigint): Address {
  return keccak256(encodeRlp([sender, rlpInteger(nonce)])).slice(12)
}

function accessListOf(transaction: Transaction): readonly AccessListEntry[] {
  return transaction.type === 0 ? [] : transaction.accessList
}

function blobHashesOf(transaction: Transaction) {
  return transaction.type === 3 ? transaction.blobVersionedHashes : []
}

/** Wei for the blobs, which are burned (EIP-4844). */
function blobFeeOf(transaction: Transaction, place: TransactionPlace): bigint {
  return transaction.type === 3 ? blobGasOf(transaction) * blobFeeAt(place) : 0n
}

function debit(kernel: Kernel, account: number, wei: bigint): void {
  kernel.setWord(kernel.scratch, wei)
  kernel.wasm.debit(account, kernel.scratch)
}

function credit(kernel: Kernel, account: number, wei: bigint): void {
  kernel.setWord(kernel.scratch, wei)
  kernel.wasm.credit(account, kernel.scratch)
}

/** Sets the delegations that are valid, and gives the gas to be paid back (EIP-7702, "Behavior"). */
function delegate(transaction: Transaction, place: TransactionPlace): bigint {
  if (transaction.type !== 4) return 0n
  let refund = 0n
  for (const authorization of transaction.authorizations) {
    refund += delegateOne(authorization, place)
  }
  return refund
}

/** One delegation; one that is not valid is passed over. */
function delegateOne(
  authorization: Authorization,
  { kernel, state, chainId, rules }: TransactionPlace,
): bigint {
  const { address, nonce } = authorization
  if (authorization.chainId !== 0n && authorization.chainId !== chainId) return 0n
  if (nonce >= 2n ** 64n - 1n) return 0n
  const authority = authorityOf(authorization)
  if (authority === undefined) return 0n
  const account = kernel.account(authority)
  const before = state.account(authority)
  kernel.wasm.warm(account)
  if (!kernel.wasm.mayDelegate(account) || (before?.nonce ?? 0n) !== nonce) return 0n
  const clears = address.every((byte) => byte === 0)
  kernel.wasm.delegate(account, clears ? 0 : kernel.exchange(address))
  kernel.wasm.setNonce(account, nonce + 1n)
  return before ? BigInt(rules.numbers.authorizationRefund) : 0n
}
