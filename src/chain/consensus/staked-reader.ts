/** Reads the contracts of staking and delegates: who could be elected, what is known of them, and who asks to be one. */

import { type SignatureScheme, schemeFacts, schemeOfByte } from '../../crypto/signatures.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import {
  candidateFields,
  delegateFields,
  delegatesFields,
  requestFields,
  requestSlots,
  stakedFields,
  stakeFields,
  stakingFields,
} from './contract-layout.ts'
import {
  addressOf,
  type ContractReader,
  type KnownKeys,
  readKey,
  slotsOf,
} from './contract-reader.ts'
import { limits } from './limits.ts'
import type { Validator } from './messages.ts'
import { contentSlot, mappingSlot, readBytes, readFields, word } from './solidity-storage.ts'

/** The contracts that stake elects from. */
export type StakedKind = 'staking' | 'delegates'

/** Somebody who could be elected. */
export interface Candidate {
  readonly address: Address
  /** Gwei, at least 1; of a delegate at most ten times its own votes. */
  readonly weight: bigint
  /** The block in which the weight changed last. */
  readonly since: bigint
}

/** A validator of a staking contract; its weight stands in the list of candidates. */
export interface Staker extends Omit<Validator, 'weight'> {
  readonly owner: Address
  readonly status: 'active' | 'exiting' | 'slashed'
  /** The block in which it asked to leave or was put out; 0 while it is active. */
  readonly exitBlock: bigint
  /** What its owner committed to last, and in which block. */
  readonly commitment: Hash
  readonly committedAt: bigint
}

/** A delegate; its weight stands in the list of candidates. */
export interface Delegate extends Omit<Validator, 'weight'> {
  readonly owner: Address
  /** 32 bytes, for people. */
  readonly name: Uint8Array
  readonly isSuspended: boolean
  /** How often it was punished, and in which block last; 0 if never. */
  readonly faults: number
  readonly faultBlock: bigint
}

/** A request to become a validator, which ends with its block. */
export interface ValidatorRequest {
  readonly owner: Address
  readonly scheme: SignatureScheme
  readonly publicKey: Uint8Array
  readonly proof: Uint8Array
}

const statuses = [undefined, 'active', 'exiting', 'slashed'] as const

/** Candidates in no order, one slot each; at most 1,024. */
export function readCandidates(reader: ContractReader, kind: StakedKind): readonly Candidate[] {
  const read = slotsOf(reader, kind)
  const [slot] = stakedFields._candidates
  const count = Math.min(Number(read(BigInt(slot))), limits.maxCandidates)
  return Array.from({ length: count }, (_, at) => {
    const place = contentSlot(slot) + BigInt(at)
    const { validator, weight, since } = readFields(read, place, candidateFields)
    return { address: addressOf(validator), weight, since }
  })
}

/** What a staking contract knows of a validator; `undefined` if its key was never admitted. */
export function readStaker(
  reader: ContractReader,
  address: Address,
  known?: KnownKeys,
): Staker | undefined {
  const read = slotsOf(reader, 'staking')
  const { stake: _, unbonding: __, ...fields } = stakeFields
  const entry = readFields(read, mappingSlot(stakingFields._entries[0], address), fields)
  const status = statuses[Number(entry.status)]
  if (status === undefined) return undefined
  const { scheme } = entry
  const key = readKey(read, { keysSlot: stakedFields._keys[0], validator: address, scheme }, known)
  if (key === undefined) return undefined
  return {
    ...{ address, ...key, status, owner: addressOf(entry.owner), payTo: addressOf(entry.payTo) },
    ...{ exitBlock: entry.exitBlock, committedAt: entry.committedAt },
    commitment: word(entry.commitment),
  }
}

/** What a delegates contract knows of a delegate; `undefined` if its key was never admitted. */
export function readDelegate(
  reader: ContractReader,
  address: Address,
  known?: KnownKeys,
): Delegate | undefined {
  const read = slotsOf(reader, 'delegates')
  const { owner, scheme, faults, isSuspended, faultBlock, payTo, name } = delegateFields
  const fields = { owner, scheme, faults, isSuspended, faultBlock, payTo, name }
  const entry = readFields(read, mappingSlot(delegatesFields._entries[0], address), fields)
  if (entry.owner === 0n) return undefined
  const keysSlot = stakedFields._keys[0]
  const key = readKey(read, { keysSlot, validator: address, scheme: entry.scheme }, known)
  if (key === undefined) return undefined
  return {
    ...{ address, ...key, owner: addressOf(entry.owner), payTo: addressOf(entry.payTo) },
    ...{ name: word(entry.name), isSuspended: entry.isSuspended === 1n },
    ...{ faults: Number(entry.faults), faultBlock: entry.faultBlock },
  }
}

/** Requests of this block, at most 8, in order; one without key or proof is `undefined` and keeps its place. */
export function readRequests(
  reader: ContractReader,
  kind: StakedKind,
): readonly (ValidatorRequest | undefined)[] {
  const read = slotsOf(reader, kind)
  const [slot] = stakedFields._waiting
  const count = Math.min(Number(read(BigInt(slot))), limits.maxWaiting)
  return Array.from({ length: count }, (_, at) => {
    const base = contentSlot(slot) + BigInt(at) * requestSlots
    const {
      owner,
      scheme: byte,
      validator,
    } = readFields(read, base, {
      ...{ owner: requestFields.owner, scheme: requestFields.scheme },
      validator: requestFields.validator,
    })
    const scheme = schemeOfByte(Number(byte))
    if (scheme === undefined) return undefined
    const proofSlot = base + BigInt(requestFields.proof[0])
    const proof = readBytes(read, proofSlot, schemeFacts[scheme].signatureBytes)
    const keysSlot = stakedFields._keys[0]
    const key = readKey(read, { keysSlot, validator: addressOf(validator), scheme: byte })
    return key && proof && { owner: addressOf(owner), ...key, proof }
  })
}
