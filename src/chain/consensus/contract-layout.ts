/** Says where the contracts of validators lie, and where in their storage engines find what. */

import { fromHex } from '../../base/bytes.ts'
import type { Address } from '../ledger/transaction.ts'
import type { Fields } from './solidity-storage.ts'

/** The contracts that can say who the validators of a chain are: of BFT, PoS, DPoS and hybrid chains. */
export type ContractKind = 'registry' | 'staking' | 'delegates' | 'committee'

/** Where each of them lies, on every chain that has it. */
export const contractAddresses: Readonly<Record<ContractKind, Address>> = {
  registry: fromHex('0x5153000000000000000000000000000000000001'),
  staking: fromHex('0x5153000000000000000000000000000000000002'),
  delegates: fromHex('0x5153000000000000000000000000000000000003'),
  committee: fromHex('0x5153000000000000000000000000000000000004'),
}

// Names are those of the contracts; a test of theirs compares all of it with what the compiler says.

/** Variables of registry and committee. */
export const governedFields = {
  _owner: [0, 0, 20],
  _pendingOwner: [1, 0, 20],
  _members: [2, 0, 32],
  _keys: [3, 0, 32],
  _idOfKey: [4, 0, 32],
  _placeAfter: [5, 0, 32],
  maxMembers: [6, 0, 4],
  _lastId: [6, 4, 4],
  totalWeight: [6, 8, 8],
  changes: [6, 16, 8],
  _hasApproved: [7, 0, 32],
} as const satisfies Fields

/** One of `_members`. */
export const memberFields = {
  validator: [0, 0, 20],
  weight: [0, 20, 8],
  operator: [1, 0, 20],
  scheme: [1, 20, 1],
  id: [1, 21, 4],
  payTo: [2, 0, 20],
} as const satisfies Fields

/** Slots of one of `_members`. */
export const memberSlots = 3n

/** Variables that staking and delegates have in common; `_candidates` are followed by the mapping of their places. */
export const stakedFields = {
  _candidates: [0, 0, 32],
  _waiting: [2, 0, 32],
  _keys: [3, 0, 32],
  claimable: [4, 0, 32],
  held: [5, 0, 32],
  maxCandidates: [6, 0, 4],
  epoch: [6, 4, 8],
  setWeight: [6, 12, 8],
  _entries: [7, 0, 32],
} as const satisfies Fields

/** Where the places of candidates are, behind `_candidates`. */
export const candidatePlaces = 1n

/** One of `_candidates`, in one slot. */
export const candidateFields = {
  validator: [0, 0, 20],
  weight: [0, 20, 8],
  since: [0, 28, 4],
} as const satisfies Fields

/** One of `_waiting`. */
export const requestFields = {
  owner: [0, 0, 20],
  scheme: [0, 20, 1],
  commissionBps: [0, 21, 2],
  payTo: [1, 0, 20],
  amount: [1, 20, 12],
  validator: [2, 0, 20],
  note: [3, 0, 32],
  proof: [4, 0, 32],
} as const satisfies Fields

/** Slots of one of `_waiting`. */
export const requestSlots = 5n

/** Variables of staking. */
export const stakingFields = {
  ...stakedFields,
  _holdings: [8, 0, 32],
  _faultWeight: [9, 0, 32],
  minStake: [10, 0, 16],
  unbondingSeconds: [10, 16, 6],
  unbondingBlocks: [10, 22, 6],
  doubleSignBps: [10, 28, 2],
  correlation: [10, 30, 2],
} as const satisfies Fields

/** One of the `_entries` of staking; the pools lie within it. */
export const stakeFields = {
  owner: [0, 0, 20],
  scheme: [0, 20, 1],
  status: [0, 21, 1],
  commissionBps: [0, 22, 2],
  exitBlock: [0, 24, 4],
  committedAt: [0, 28, 4],
  payTo: [1, 0, 20],
  clockBlock: [1, 20, 6],
  clockTime: [1, 26, 6],
  commitment: [2, 0, 32],
  stake: [3, 0, 32],
  unbonding: [4, 0, 32],
} as const satisfies Fields

/** Shares that an account has with a validator. */
export const holdingFields = {
  shares: [0, 0, 16],
  unbonding: [0, 16, 16],
  clockBlock: [1, 0, 6],
  clockTime: [1, 6, 6],
} as const satisfies Fields

/** Ether that is owned by shares. */
export const poolFields = { amount: [0, 0, 16], shares: [0, 16, 16] } as const satisfies Fields

/** Variables of delegates. */
export const delegatesFields = {
  ...stakedFields,
  _votes: [8, 0, 32],
  isNameTaken: [9, 0, 32],
  voteCount: [10, 0, 32],
  registrationFee: [11, 0, 12],
  unlockSeconds: [11, 12, 6],
  ownUnlockSeconds: [11, 18, 6],
  ownUnlockBlocks: [11, 24, 6],
  banSeconds: [12, 0, 6],
  slashBps: [12, 6, 2],
} as const satisfies Fields

/** One of the `_entries` of delegates; the pool lies within it. */
export const delegateFields = {
  owner: [0, 0, 20],
  scheme: [0, 20, 1],
  faults: [0, 21, 1],
  commissionBps: [0, 22, 2],
  isSuspended: [0, 24, 1],
  faultBlock: [0, 25, 4],
  payTo: [1, 0, 20],
  bannedUntil: [1, 20, 6],
  heldUntil: [1, 26, 6],
  name: [2, 0, 32],
  own: [3, 0, 16],
  ownUnlocking: [3, 16, 16],
  votes: [4, 0, 32],
  ownClockBlock: [5, 0, 6],
  ownClockTime: [5, 6, 6],
} as const satisfies Fields
