/** Checks the rules of a transaction that need neither a state nor a block. */

import { isAtLeast, type Rules } from './fork-rules.ts'
import type { Transaction } from './transaction.ts'

/** No account can count further (EIP-2681). */
const lastNonce = 2n ** 64n - 1n

/** A rule that a transaction's own fields break. */
export interface BrokenFieldRule {
  readonly rule:
    | 'type-unsupported'
    | 'signature'
    | 'chain-id'
    | 'nonce-too-high'
    | 'gas-limit-cap'
    | 'init-code-size'
    | 'tip-above-fee-cap'
    | 'blob-count'
    | 'blob-version'
  readonly detail: string
}

/** The first rule that the fields of a transaction break by the rules of its block, or nothing. */
export function brokenFieldRule(
  transaction: Transaction,
  rules: Rules,
  chainId: bigint,
): BrokenFieldRule | undefined {
  return (
    brokenTypeRule(transaction, rules) ??
    brokenBoundRule(transaction, rules, chainId) ??
    brokenBlobRule(transaction, rules)
  )
}

function brokenTypeRule(transaction: Transaction, rules: Rules): BrokenFieldRule | undefined {
  const { hardfork, numbers, blobs } = rules
  const { type, chainId } = transaction
  const isKnown =
    type === 0 ||
    (type === 1 && isAtLeast(hardfork, 'berlin')) ||
    (type === 2 && isAtLeast(hardfork, 'london')) ||
    (type === 3 && blobs !== undefined) ||
    (type === 4 && numbers.delegations !== 0)
  if (!isKnown) {
    return broken('type-unsupported', `transactions of type ${type} are not in ${hardfork}`)
  }
  if (type === 0 && chainId !== undefined && !isAtLeast(hardfork, 'spurious-dragon')) {
    return broken('signature', `signatures for one chain are not in ${hardfork} (EIP-155)`)
  }
  return undefined
}

function brokenBoundRule(
  transaction: Transaction,
  { numbers }: Rules,
  ownChainId: bigint,
): BrokenFieldRule | undefined {
  const { chainId, nonce, gasLimit, to, data } = transaction
  if (chainId !== undefined && chainId !== ownChainId) {
    return broken('chain-id', `the transaction is for chain ${chainId}, not ${ownChainId}`)
  }
  if (nonce >= lastNonce) {
    return broken('nonce-too-high', `nonce ${nonce} has no next one (EIP-2681)`)
  }
  const { txGasCap, initCodeLimit } = numbers
  if (txGasCap > 0 && gasLimit > txGasCap) {
    return broken('gas-limit-cap', `gas limit ${gasLimit} is over ${txGasCap} (EIP-7825)`)
  }
  if (to === undefined && initCodeLimit > 0 && data.length > initCodeLimit) {
    const detail = `${data.length} bytes of creation code are over ${initCodeLimit} (EIP-3860)`
    return broken('init-code-size', detail)
  }
  if ('maxFeePerGas' in transaction) {
    const { maxFeePerGas: cap, maxPriorityFeePerGas: tip } = transaction
    if (tip > cap) return broken('tip-above-fee-cap', `tip ${tip}, cap ${cap}`)
  }
  return undefined
}

function brokenBlobRule(
  transaction: Transaction,
  { blobs, numbers }: Rules,
): BrokenFieldRule | undefined {
  if (transaction.type !== 3) return undefined
  const hashes = transaction.blobVersionedHashes
  const ofBlock = blobs?.max ?? 0
  const most = numbers.txBlobs > 0 ? Math.min(numbers.txBlobs, ofBlock) : ofBlock
  if (hashes.length === 0) return broken('blob-count', 'a transaction of type 3 has no blobs')
  if (hashes.length > most) return broken('blob-count', `${hashes.length} blobs are over ${most}`)
  const at = hashes.findIndex((hash) => hash[0] !== 1)
  if (at < 0) return undefined
  return broken('blob-version', `blob hash ${at} has version ${hashes[at]?.[0]}, not 1`)
}

function broken(rule: BrokenFieldRule['rule'], detail: string): BrokenFieldRule {
  return { rule, detail }
}
