/** Decides whether a transaction can be run at all, and what its gas costs. */

import { equalBytes, fromHex } from '../../base/bytes.ts'
import { blobBaseFee, blobGasOf } from '../ledger/blobs.ts'
import { brokenFieldRule } from '../ledger/field-rules.ts'
import type { Rules } from '../ledger/fork-rules.ts'
import { impersonatedSender } from '../ledger/impersonation.ts'
import type { KnownGas } from '../ledger/intrinsic-gas.ts'
import type { Address, Transaction } from '../ledger/transaction.ts'
import type { Account, StateReader } from '../state/state.ts'
import { emptyCodeHash } from '../state/trie-state.ts'
import type { BlockContext, ImaginedBlock, InvalidTransaction } from './evm.ts'

/** What code begins with that only points to other code (EIP-7702). */
const delegationMark = fromHex('0xef0100')

/** Rules and place of a check. */
export interface RuleContext {
  readonly rules: Rules
  readonly chainId: bigint
  readonly block: BlockContext
  /** Gas that the block has left. */
  readonly gasLeft: bigint
  readonly state: StateReader
  /** Absent when all rules hold. */
  readonly imagined?: ImaginedBlock | undefined
}

/** Wei per gas: the price, or base fee and tip within the cap (EIP-1559). */
export function effectiveGasPrice(transaction: Transaction, baseFeePerGas: bigint): bigint {
  if (transaction.type === 0 || transaction.type === 1) return transaction.gasPrice
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction
  const tip = maxFeePerGas - baseFeePerGas
  return baseFeePerGas + (tip < maxPriorityFeePerGas ? tip : maxPriorityFeePerGas)
}

/** The most that a unit of gas may cost this transaction. */
function feeCap(transaction: Transaction): bigint {
  return transaction.type === 0 || transaction.type === 1
    ? transaction.gasPrice
    : transaction.maxFeePerGas
}

/** Wei per blob gas in a block (EIP-4844). */
export function blobFeeAt({
  rules,
  block,
  imagined,
}: Pick<RuleContext, 'rules' | 'block' | 'imagined'>): bigint {
  if (!rules.blobs) return 0n
  return imagined?.blobBaseFee ?? blobBaseFee(block.excessBlobGas, rules.blobs)
}

/** The address that code delegates to, if it does. */
function delegateOf(code: Uint8Array): Address | undefined {
  if (code.length !== 23 || delegationMark.some((byte, at) => code[at] !== byte)) return undefined
  return code.subarray(3)
}

/** Who pays for a transaction, and for how much gas at least. */
export interface Payer {
  readonly account: Account | undefined
  readonly gas: KnownGas
}

/** Code that delegates to an address. */
export function delegationCode(address: Address): Uint8Array {
  const code = new Uint8Array(23)
  code.set(delegationMark)
  code.set(address, 3)
  return code
}

/** The rule that a transaction breaks, or nothing; the order is that of geth. */
export function brokenRule(
  transaction: Transaction,
  payer: Payer,
  context: RuleContext,
): InvalidTransaction | undefined {
  const field = brokenFieldRule(transaction, context.rules, context.chainId)
  if (field && !isLeftOut(field.rule, context)) return invalid(field.rule, field.detail)
  return brokenSenderRule(transaction, payer, context) ?? brokenGasRule(transaction, payer, context)
}

/** Bounds of one transaction, and nonces that are not looked at, bind no block that is only imagined. */
function isLeftOut(rule: InvalidTransaction['rule'], { imagined }: RuleContext): boolean {
  if (rule === 'gas-limit-cap') return imagined !== undefined
  return rule === 'nonce-too-high' && imagined?.lenient === true
}

function brokenSenderRule(
  transaction: Transaction,
  { account }: Payer,
  { state, imagined }: RuleContext,
): InvalidTransaction | undefined {
  if (imagined?.lenient) return undefined
  const nonce = account?.nonce ?? 0n
  if (transaction.nonce !== nonce) {
    const rule = transaction.nonce < nonce ? 'nonce-too-low' : 'nonce-too-high'
    return invalid(rule, `transaction ${transaction.nonce}, account ${nonce}`)
  }
  if (imagined || impersonatedSender(transaction)) return undefined
  const codeHash = account?.codeHash ?? emptyCodeHash
  if (!equalBytes(codeHash, emptyCodeHash)) {
    if (delegateOf(state.code(codeHash)) === undefined) {
      return invalid('sender-has-code', 'the sender is a contract (EIP-3607)')
    }
  }
  return undefined
}

function brokenGasRule(
  transaction: Transaction,
  { account, gas }: Payer,
  context: RuleContext,
): InvalidTransaction | undefined {
  const { block, gasLeft, imagined } = context
  const cap = feeCap(transaction)
  const isFree = imagined?.lenient && cap === 0n
  if (cap < block.baseFeePerGas && !isFree) {
    return invalid('fee-cap-below-base-fee', `cap ${cap}, base fee ${block.baseFeePerGas}`)
  }
  const blobCap = transaction.type === 3 ? transaction.maxFeePerBlobGas : 0n
  if (transaction.type === 3 && blobCap < blobFeeAt(context)) {
    return invalid('blob-fee-cap', `cap ${blobCap}, blob base fee ${blobFeeAt(context)}`)
  }
  const { gasLimit, value } = transaction
  if (gasLimit > gasLeft) {
    return invalid('block-gas-limit', `gas limit ${gasLimit}, left in the block ${gasLeft}`)
  }
  const balance = account?.balance ?? 0n
  const needed = gasLimit * cap + value + blobGasOf(transaction) * blobCap
  if (balance < needed) {
    return invalid('insufficient-funds', `balance ${balance}, needed ${needed}`)
  }
  const least = gas.intrinsic > gas.floor ? gas.intrinsic : gas.floor
  if (gasLimit < least) return invalid('intrinsic-gas', `gas limit ${gasLimit}, least ${least}`)
  return undefined
}

function invalid(rule: InvalidTransaction['rule'], detail: string): InvalidTransaction {
  return { kind: 'invalid', rule, detail }
}
