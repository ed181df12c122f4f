/** Writes what the protocol asks of the contracts of validators at the end of a block (Solidity's ABI specification). */

import { concatBytes, toBigInt } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import { type ContractKind, contractAddresses } from './contract-layout.ts'
import { word } from './solidity-storage.ts'
import type { StakedKind } from './staked-reader.ts'

/** A call from the system address; it succeeds whatever it says, so one that fails makes the block invalid. */
export interface SystemCall {
  readonly to: Address
  readonly data: Uint8Array
}

/** Two votes, or two proposals, of one validator for one round. */
export interface Fault {
  /** Who signed, under the key of that time. */
  readonly validator: Address
  readonly kind: 'double-vote' | 'double-proposal'
  readonly height: bigint
  /** Gets a part of what is taken, where something is. */
  readonly reporter: Address
}

/** An epoch or round that ends, and the set that was elected. */
export interface ClosedEpoch {
  readonly epoch: bigint
  readonly setHash: Hash
  readonly totalWeight: bigint
  readonly members: readonly Address[]
}

const faultKinds = { 'double-vote': 1n, 'double-proposal': 2n } as const

/** Punishes. */
export function slashCall(contract: ContractKind, fault: Fault): SystemCall {
  const { validator, kind, height, reporter } = fault
  const args = [toBigInt(validator), faultKinds[kind], height]
  if (contract === 'registry' || contract === 'committee') {
    return call(contract, 'slash(address,uint8,uint64)', args)
  }
  return call(contract, 'slash(address,uint8,uint64,address)', [...args, toBigInt(reporter)])
}

/** Tells which requests of the block have good proofs: bit i for request i. Needed if there are any. */
export function admitCall(contract: StakedKind, good: bigint): SystemCall {
  return call(contract, 'admit(uint256)', [good])
}

/** Puts out a validator, or suspends a delegate, that was silent for too long. */
export function expelCall(contract: StakedKind, validator: Address): SystemCall {
  return call(contract, 'expel(address)', [toBigInt(validator)])
}

/** Books rewards in wei that the contract was credited with. */
export function rewardCall(
  contract: StakedKind,
  rewards: readonly { readonly validator: Address; readonly wei: bigint }[],
): SystemCall {
  return call(contract, 'reward(address[],uint256[])', [
    rewards.map(({ validator }) => toBigInt(validator)),
    rewards.map(({ wei }) => wei),
  ])
}

/** Closes an epoch or round. */
export function closeEpochCall(contract: StakedKind, closed: ClosedEpoch): SystemCall {
  const { epoch, setHash, totalWeight, members } = closed
  const args = [epoch, toBigInt(setHash), totalWeight, members.map(toBigInt)]
  return call(contract, 'closeEpoch(uint64,bytes32,uint64,address[])', args)
}

/** Numbers stand in the head; of a list the head has its place behind, where its length and items are. */
function call(
  contract: ContractKind,
  signature: string,
  args: readonly (bigint | readonly bigint[])[],
): SystemCall {
  const head: bigint[] = []
  const tail: bigint[] = []
  for (const arg of args) {
    head.push(typeof arg === 'bigint' ? arg : BigInt(32 * (args.length + tail.length)))
    if (typeof arg !== 'bigint') tail.push(BigInt(arg.length), ...arg)
  }
  const selector = keccak256(new TextEncoder().encode(signature)).subarray(0, 4)
  const data = concatBytes(selector, ...[...head, ...tail].map(word))
  return { to: contractAddresses[contract], data }
}
