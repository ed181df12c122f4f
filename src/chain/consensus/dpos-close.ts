/** Ends blocks of a chain of delegates: rewards, lists of rounds, and who is left out of them. */

import { compareBytes } from '../../base/bytes.ts'
import type { DposParameters } from '../ledger/manifest.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type { ContractReader } from './contract-reader.ts'
import { electedDelegates, leastDelegates, ranked, roundSeed } from './election.ts'
import { countBlock, withoutTallies } from './epoch-count.ts'
import { type DposRound, dposRounds } from './epoch-state.ts'
import type { EpochTally } from './epoch-tally.ts'
import { epochPlace } from './epochs.ts'
import type { ValidatorSet } from './messages.ts'
import { admissions } from './possession.ts'
import { limitedChange } from './set-change.ts'
import { type Settlement, settled } from './settlement.ts'
import type { SignatureSchemes } from './signatures.ts'
import { type Candidate, readCandidates, readDelegate } from './staked-reader.ts'
import { isAmong, setWithout, weighedSet } from './staked-set.ts'
import { closeEpochCall } from './system-calls.ts'
import type { Ending, VoterClose } from './voted-engine.ts'

/** What the end of a block is reckoned with. */
export interface DposChain {
  readonly parameters: DposParameters
  readonly chainKey: Hash
  readonly schemes: SignatureSchemes
}

const noHash: Hash = new Uint8Array(32)
const weiPerGwei = 10n ** 9n

/** The end of a block; who is punished in it leaves two blocks later. */
export function closeDposBlock(chain: DposChain, ending: Ending): VoterClose {
  const { parent, block, read, validators, faults } = ending
  const { active, standby } = chain.parameters
  const length = active + standby
  const punished = faults.map(({ validator }) => validator)
  const place = epochPlace(block.header.number, length)
  const before = dposRounds.read(parent.epoch?.pending)
  const counted = withoutTallies(countOf(chain.parameters, before, ending), punished)
  let state: DposRound = { ...before, ...counted }
  if (place.slot === 0 && place.epoch > 0n) state = listed(chain, state, ending)
  const present = setWithout(validators, punished)
  const nextValidators =
    place.slot === length - 2
      ? nextSet(state.elected, { present, read, punished, most: length })
      : present
  const calls = admissions('delegates', read, chain)
  if (!place.isBoundary) {
    const pending = dposRounds.write(state)
    return { derived: { nextValidators, epoch: { epoch: place.epoch, pending } }, calls }
  }
  const settlement = settledRound(state, { read, punished })
  const closed = {
    ...{ epoch: place.epoch, setHash: nextValidators.hash, totalWeight: nextValidators.total },
    members: [],
  }
  const pending = dposRounds.write({
    ...{ ...state, anchors: [state.anchors[1], noHash], elected: [], tallies: [] },
    ...{ candidates: settlement.candidates, silences: settlement.silences },
  })
  return {
    derived: { nextValidators, epoch: { epoch: place.epoch + 1n, pending } },
    credits: settlement.credits,
    calls: [...calls, ...settlement.calls, closeEpochCall('delegates', closed)],
  }
}

/** Rewards are for who proposes, and paid at the end of the round. */
function countOf(
  { issuanceWei }: DposParameters,
  before: EpochTally,
  { parent, block, validators, proposerOf }: Ending,
): EpochTally {
  const { round, parentSigners } = block.record
  return countBlock(before, {
    ...{ validators: parent.validators, nextValidators: validators, parentSigners },
    ...{ proposer: proposerOf(round), rewards: { proposerWei: issuanceWei, signersWei: 0n } },
  })
}

/** Makes the list of the round after this one: of the votes as the round before ended, drawn from the hash of its last block. */
function listed(
  { parameters, chainKey }: DposChain,
  state: DposRound,
  { parent, block }: Ending,
): DposRound {
  const { active, standby, minStandbyWei } = parameters
  const { parentHash } = block.header
  const round = (parent.epoch?.epoch ?? 0n) + 1n
  const candidates = state.candidates.map((one) => ({ ...one, since: 0n }))
  const members = electedDelegates(candidates, {
    ...{ active, standby, minStandby: minStandbyWei / weiPerGwei },
    seed: roundSeed(chainKey, round, parentHash),
  })
  const isMember = isAmong(members ?? [])
  const order = ranked(candidates, candidates.length).filter(({ address }) => isMember(address))
  return {
    ...{ ...state, anchors: [state.anchors[0], parentHash], candidates: [] },
    elected: order.map(({ address }) => address),
  }
}

/**
 * The set of the next round, as far as it may change at once: the heaviest come in first. Who was left out since the list
 * was made does not come in; with fewer than four the set stays.
 */
function nextSet(
  elected: readonly Address[],
  {
    present,
    read,
    punished,
    most,
  }: {
    readonly present: ValidatorSet
    readonly read: ContractReader
    readonly punished: readonly Address[]
    readonly most: number
  },
): ValidatorSet {
  const isPunished = isAmong(punished)
  const keyOf = (address: Address) =>
    present.list.find((one) => compareBytes(one.address, address) === 0)?.publicKey
  const able = elected.filter((address) => {
    const delegate = readDelegate(read, address, keyOf)
    return delegate !== undefined && !delegate.isSuspended && !isPunished(address)
  })
  if (able.length < leastDelegates) return present
  const ranks = new Map(able.map((address, rank) => [address.toHex(), BigInt(rank)]))
  const members = limitedChange({
    ...{ current: present.list, target: able.map((address) => ({ address, weight: 1n })), most },
    since: (address) => ranks.get(address.toHex()) ?? 0n,
  })
  return weighedSet(members, present, (address, known) => readDelegate(read, address, known))
}

/** The end of a round: who is paid, who is left out from now on, and who could be elected. */
function settledRound(
  count: EpochTally,
  { read, punished }: { readonly read: ContractReader; readonly punished: readonly Address[] },
): Settlement & Pick<DposRound, 'candidates'> {
  const isPunished = isAmong(punished)
  const able = readCandidates(read, 'delegates').filter(({ address }) => !isPunished(address))
  const settlement = settled(count, {
    contract: 'delegates',
    hasEarned: () => true,
    isSilent: ({ signed }) => signed === 0,
    isKept: isAmong(able.map(({ address }) => address)),
  })
  const isExpelled = isAmong(settlement.expelled)
  return { ...settlement, candidates: sorted(able.filter(({ address }) => !isExpelled(address))) }
}

function sorted(candidates: readonly Candidate[]) {
  return candidates
    .map(({ address, weight }) => ({ address, weight }))
    .sort((a, b) => compareBytes(a.address, b.address))
}
