/** Makes the contracts of validators as they stand in the first state of a chain. */

import { committeeRuntimeCode } from '../../abi/committee.gen.ts'
import { delegatesRuntimeCode } from '../../abi/delegates.gen.ts'
import { stakingRuntimeCode } from '../../abi/staking.gen.ts'
import { validatorRegistryRuntimeCode } from '../../abi/validator-registry.gen.ts'
import { AppError } from '../../base/app-error.ts'
import { fromHex, toBigInt } from '../../base/bytes.ts'
import { keyAddress, type PublicKey, schemeFacts } from '../../crypto/signatures.ts'
import type { GenesisAccount } from '../ledger/manifest.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import {
  type ContractKind,
  candidateFields,
  candidatePlaces,
  contractAddresses,
  delegateFields,
  delegatesFields,
  governedFields,
  holdingFields,
  memberFields,
  memberSlots,
  poolFields,
  stakedFields,
  stakeFields,
  stakingFields,
} from './contract-layout.ts'
import { limits } from './limits.ts'
import { contentSlot, mappingSlot, packBytes, packFields, type Slot } from './solidity-storage.ts'

/** A validator of the first set. */
export interface Founder extends PublicKey {
  /** Whose account has the rights of the validator. */
  readonly owner: Address
  readonly payTo: Address
}

/** Of a registry or committee. */
export interface FoundingMember extends Founder {
  /** 1 to 2^60 − 1. */
  readonly weight: bigint
}

/** Of a staking contract. */
export interface FoundingStaker extends Founder {
  /** From `minStakeWei` to (2^56 − 1) gwei. */
  readonly stakeWei: bigint
  /** Last hash of a chain of hashes. */
  readonly commitment: Hash
  /** In 1/10,000. */
  readonly commissionBps: number
}

/** Of a delegates contract. */
export interface FoundingDelegate extends Founder {
  /** 1 to 32 bytes, for people. */
  readonly name: Uint8Array
  /** Its own votes, at least a gwei. */
  readonly ownVotesWei: bigint
  /** In 1/10,000. */
  readonly commissionBps: number
}

/** What a governed set is born with. */
export interface GovernedParameters {
  /** Who governs: an account or contract, or the members by more than two thirds of their weight. */
  readonly owner: Address | 'members'
  /** At most 128. */
  readonly maxMembers: number
}

/** What a staking contract is born with. */
export interface StakingParameters {
  /** At most 1,024. */
  readonly maxCandidates: number
  /** At least a gwei. */
  readonly minStakeWei: bigint
  readonly unbondingSeconds: number
  /** How long evidence counts, in blocks, and a few epochs more: weight leaves a set some time after its stake. */
  readonly unbondingBlocks: number
  readonly doubleSignBps: number
  readonly correlation: number
}

/** What a delegates contract is born with. */
export interface DelegatesParameters {
  /** At most 1,024. */
  readonly maxCandidates: number
  readonly registrationFeeWei: bigint
  readonly unlockSeconds: number
  readonly ownUnlockSeconds: number
  /** At least as long as evidence counts. */
  readonly ownUnlockBlocks: number
  readonly banSeconds: number
  readonly slashBps: number
}

/** What each kind of contract is made from. */
export interface ContractBirths {
  readonly registry: { parameters: GovernedParameters; founder: FoundingMember }
  readonly committee: { parameters: GovernedParameters; founder: FoundingMember }
  readonly staking: { parameters: StakingParameters; founder: FoundingStaker }
  readonly delegates: { parameters: DelegatesParameters; founder: FoundingDelegate }
}

type Birth = Pick<GenesisAccount, 'balance' | 'storage'>

const makers: {
  readonly [K in ContractKind]: (
    parameters: ContractBirths[K]['parameters'],
    founders: readonly ContractBirths[K]['founder'][],
  ) => Birth
} = {
  registry: (parameters, founders) => governed('registry', parameters, founders),
  committee: (parameters, founders) => governed('committee', parameters, founders),
  staking,
  delegates,
}

const runtimeCodes: Readonly<Record<ContractKind, `0x${string}`>> = {
  registry: validatorRegistryRuntimeCode,
  committee: committeeRuntimeCode,
  staking: stakingRuntimeCode,
  delegates: delegatesRuntimeCode,
}

const gwei = 10n ** 9n
/** So that sums of gwei stay below 2^63 in a set of 128. */
const maxStakeWei = (2n ** 56n - 1n) * gwei
const maxWeight = 2n ** 60n - 1n
/** A century in seconds. */
const longest = 100 * 366 * 86_400

/**
 * A contract with code and storage, and with the ether that its founders have staked, which comes from nowhere else.
 *
 * @throws AppError `consensus/bad-founders` or `consensus/bad-parameters`, naming what is wrong
 */
export function genesisContract<K extends ContractKind>(
  kind: K,
  parameters: ContractBirths[K]['parameters'],
  founders: readonly ContractBirths[K]['founder'][],
): GenesisAccount {
  checkFounders(founders)
  const { balance, storage } = makers[kind](parameters, founders)
  // An owner of several delegates has one count of votes.
  const slots = [...new Map(storage)].filter(([, value]) => value !== 0n)
  slots.sort(([a], [b]) => (a < b ? -1 : 1))
  const code = fromHex(runtimeCodes[kind])
  return { address: contractAddresses[kind], balance, nonce: 1n, code, storage: slots }
}

function governed(
  kind: 'registry' | 'committee',
  { owner, maxMembers }: GovernedParameters,
  founders: readonly FoundingMember[],
): Birth {
  checkCount('maxMembers', maxMembers, limits.maxValidators)
  if (founders.length > maxMembers) throw badFounders(`more than ${maxMembers}`)
  for (const { weight } of founders) checkRange('a weight', weight, [1n, maxWeight])
  const count = BigInt(founders.length)
  const totalWeight = founders.reduce((sum, { weight }) => sum + weight, 0n)
  if (totalWeight >= 2n ** 63n) throw badFounders('their weights are 2^63 or more together')
  const members = contentSlot(governedFields._members[0])
  const storage = founders.flatMap((founder, at) => {
    const validator = keyAddress(founder)
    const id = BigInt(at + 1)
    return [
      ...packFields(members + BigInt(at) * memberSlots, memberFields, {
        ...{ validator: toBigInt(validator), weight: founder.weight, id },
        ...termsOf(founder),
        operator: toBigInt(founder.owner),
      }),
      ...keySlots(governedFields._keys[0], founder),
      slot(mappingSlot(governedFields._idOfKey[0], validator), id),
      slot(mappingSlot(governedFields._placeAfter[0], id), id),
    ]
  })
  const variables = packFields(0n, governedFields, {
    _owner: toBigInt(owner === 'members' ? contractAddresses[kind] : owner),
    ...{ _members: count, _lastId: count, maxMembers: BigInt(maxMembers), totalWeight },
  })
  return { balance: 0n, storage: [...variables, ...storage] }
}

function staking(parameters: StakingParameters, founders: readonly FoundingStaker[]): Birth {
  const { minStakeWei, doubleSignBps, correlation } = parameters
  const { unbondingSeconds, unbondingBlocks } = parameters
  checkRange('minStakeWei', minStakeWei, [gwei, maxStakeWei])
  checkCount('doubleSignBps', doubleSignBps, 10_000)
  checkCount('correlation', correlation, 2 ** 16 - 1)
  checkCount('unbondingSeconds', unbondingSeconds, longest)
  checkCount('unbondingBlocks', unbondingBlocks, 2 ** 32 - 1)
  for (const { stakeWei } of founders) checkRange('a stake', stakeWei, [minStakeWei, maxStakeWei])
  const { held, setWeight, slots } = candidates(
    parameters.maxCandidates,
    founders.map((founder) => ({ founder, wei: founder.stakeWei })),
  )
  const entries = founders.flatMap((founder) => {
    const { commissionBps, commitment, stakeWei, owner } = founder
    checkCount('a commission', commissionBps, 10_000)
    const validator = keyAddress(founder)
    const entry = mappingSlot(stakingFields._entries[0], validator)
    const holdings = mappingSlot(stakingFields._holdings[0], validator)
    return [
      ...packFields(entry, stakeFields, {
        ...{ ...termsOf(founder), status: 1n, commitment: toBigInt(commitment) },
        owner: toBigInt(owner),
        commissionBps: BigInt(commissionBps),
        stake: pool(stakeWei),
      }),
      ...packFields(mappingSlot(holdings, owner), holdingFields, { shares: stakeWei }),
    ]
  })
  const variables = packFields(0n, stakingFields, {
    ...{ _candidates: BigInt(founders.length), held, setWeight, minStake: minStakeWei },
    maxCandidates: BigInt(parameters.maxCandidates),
    ...{ unbondingSeconds: BigInt(unbondingSeconds), unbondingBlocks: BigInt(unbondingBlocks) },
    ...{ doubleSignBps: BigInt(doubleSignBps), correlation: BigInt(correlation) },
  })
  return { balance: held, storage: [...variables, ...slots, ...entries] }
}

function delegates(parameters: DelegatesParameters, founders: readonly FoundingDelegate[]): Birth {
  const { registrationFeeWei, unlockSeconds, ownUnlockSeconds, ownUnlockBlocks } = parameters
  checkRange('registrationFeeWei', registrationFeeWei, [0n, 2n ** 96n - 1n])
  checkCount('unlockSeconds', unlockSeconds, longest)
  checkCount('ownUnlockSeconds', ownUnlockSeconds, longest)
  checkCount('ownUnlockBlocks', ownUnlockBlocks, 2 ** 32 - 1)
  checkCount('banSeconds', parameters.banSeconds, longest)
  checkCount('slashBps', parameters.slashBps, 10_000)
  for (const { ownVotesWei } of founders) checkRange('own votes', ownVotesWei, [gwei, maxStakeWei])
  const names = founders.map(({ name }) => name.toHex())
  if (new Set(names).size < names.length) throw badFounders('two have one name')
  const { held, slots } = candidates(
    parameters.maxCandidates,
    founders.map((founder) => ({ founder, wei: founder.ownVotesWei })),
  )
  const entries = founders.flatMap((founder) => {
    const { commissionBps, ownVotesWei, owner } = founder
    checkCount('a commission', commissionBps, 10_000)
    const name = nameWord(founder.name)
    const entry = mappingSlot(delegatesFields._entries[0], keyAddress(founder))
    return [
      ...packFields(entry, delegateFields, {
        ...{ ...termsOf(founder), name, own: ownVotesWei },
        owner: toBigInt(owner),
        commissionBps: BigInt(commissionBps),
      }),
      slot(mappingSlot(delegatesFields.isNameTaken[0], name), 1n),
      slot(mappingSlot(delegatesFields.voteCount[0], owner), votesOf(owner, founders)),
    ]
  })
  const variables = packFields(0n, delegatesFields, {
    ...{ _candidates: BigInt(founders.length), held, setWeight: BigInt(founders.length) },
    maxCandidates: BigInt(parameters.maxCandidates),
    registrationFee: registrationFeeWei,
    ...{ unlockSeconds: BigInt(unlockSeconds), ownUnlockSeconds: BigInt(ownUnlockSeconds) },
    ...{ ownUnlockBlocks: BigInt(ownUnlockBlocks), banSeconds: BigInt(parameters.banSeconds) },
    slashBps: BigInt(parameters.slashBps),
  })
  return { balance: held, storage: [...variables, ...slots, ...entries] }
}

/** The list of candidates that staking and delegates have in common, and their keys. */
function candidates(
  most: number,
  founders: readonly { readonly founder: Founder; readonly wei: bigint }[],
): { readonly held: bigint; readonly setWeight: bigint; readonly slots: readonly Slot[] } {
  checkCount('maxCandidates', most, limits.maxCandidates)
  if (founders.length > most) throw badFounders(`more than ${most}`)
  const items = contentSlot(stakedFields._candidates[0])
  const slots = founders.flatMap(({ founder, wei }, at) => {
    const validator = keyAddress(founder)
    return [
      ...packFields(items + BigInt(at), candidateFields, {
        ...{ validator: toBigInt(validator), weight: wei / gwei },
      }),
      slot(mappingSlot(candidatePlaces, validator), BigInt(at + 1)),
      ...keySlots(stakedFields._keys[0], founder),
    ]
  })
  const held = founders.reduce((sum, { wei }) => sum + wei, 0n)
  return { held, setWeight: founders.reduce((sum, { wei }) => sum + wei / gwei, 0n), slots }
}

/** Fields that every entry has. */
function termsOf({ payTo, scheme }: Founder) {
  return { payTo: toBigInt(payTo), scheme: BigInt(schemeFacts[scheme].byte) }
}

function keySlots(mapping: number, founder: Founder): Slot[] {
  return packBytes(mappingSlot(mapping, keyAddress(founder)), founder.publicKey)
}

function slot(at: bigint, value: bigint): Slot {
  return [at, value]
}

/** Wei of one owner, a share each. */
function pool(wei: bigint): bigint {
  const [[, value]] = packFields(0n, poolFields, { amount: wei, shares: wei }) as [Slot]
  return value
}

function nameWord(name: Uint8Array): bigint {
  if (name.length < 1 || name.length > 32) throw badFounders('a name has not 1 to 32 bytes')
  return toBigInt(name) << BigInt(8 * (32 - name.length))
}

/** For how many delegates an account votes: those of its own. */
function votesOf(owner: Address, founders: readonly FoundingDelegate[]): bigint {
  const hex = owner.toHex()
  return BigInt(founders.filter((other) => other.owner.toHex() === hex).length)
}

function checkFounders(founders: readonly Founder[]): void {
  if (founders.length === 0) throw badFounders('there are none')
  for (const { scheme, publicKey, owner, payTo } of founders) {
    const { publicKeyBytes } = schemeFacts[scheme]
    if (publicKey.length !== publicKeyBytes) {
      throw badFounders(`a key of ${scheme} has ${publicKey.length} bytes, not ${publicKeyBytes}`)
    }
    for (const address of [owner, payTo]) {
      const isAddress = address.length === 20 && address.some((byte) => byte !== 0)
      if (!isAddress) throw badFounders('an owner or an address to pay to is none')
    }
  }
  const validators = founders.map((founder) => keyAddress(founder).toHex())
  if (new Set(validators).size < validators.length) throw badFounders('two have one key')
}

function checkCount(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return
  throw badParameter(`${name} is ${value}, and must be a natural number of at most ${most}`)
}

function checkRange(name: string, value: bigint, [least, most]: readonly [bigint, bigint]): void {
  if (value >= least && value <= most) return
  throw badParameter(`${name} is ${value}, and must be ${least} to ${most}`)
}

function badFounders(reason: string): AppError {
  const message = `the first validators cannot be: ${reason}; change them in the manifest`
  return new AppError({ code: 'consensus/bad-founders', message })
}

function badParameter(reason: string): AppError {
  const message = `no contract of validators can be made: ${reason}; change it in the manifest`
  return new AppError({ code: 'consensus/bad-parameters', message })
}
