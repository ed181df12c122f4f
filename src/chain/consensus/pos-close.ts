/** Ends blocks of a proof-of-stake chain: hash chains, rewards, and the election at the end of an epoch. */

import { equalBytes } from '../../base/bytes.ts'
import type { PosParameters } from '../ledger/manifest.ts'
import type { Address, Hash } from '../ledger/transaction.ts'
import type { ContractReader } from './contract-reader.ts'
import { ranked } from './election.ts'
import { countBlock, withoutTallies } from './epoch-count.ts'
import { type PosEpoch, posEpochs } from './epoch-state.ts'
import type { EpochTally } from './epoch-tally.ts'
import { type EpochPlace, epochPlace } from './epochs.ts'
import type { ValidatorSet } from './messages.ts'
import { admissions } from './possession.ts'
import { chainHashes, revealed } from './randao.ts'
import { limitedChange } from './set-change.ts'
import { type Settlement, settled } from './settlement.ts'
import type { SignatureSchemes } from './signatures.ts'
import { type Candidate, readCandidates, readStaker } from './staked-reader.ts'
import { isAmong, setWithout, weighedSet } from './staked-set.ts'
import { closeEpochCall } from './system-calls.ts'
import type { Ending, VoterClose } from './voted-engine.ts'

/** What the end of a block is reckoned with. */
export interface PosChain {
  readonly parameters: PosParameters
  readonly chainKey: Hash
  readonly schemes: SignatureSchemes
}

const weiPerGwei = 10n ** 9n
const noHash: Hash = new Uint8Array(32)
/** Who signs less than a twentieth of what it could takes no part. */
const leastPart = 20

/** Hash chains of a set, in its order. */
interface Committed {
  readonly commitments: readonly Hash[]
  readonly revealed: readonly number[]
}

/** The end of a block; who is punished in it leaves two blocks later. */
export function closePosBlock(chain: PosChain, ending: Ending): VoterClose {
  const { parent, block, read, validators, faults } = ending
  const { parameters } = chain
  const punished = faults.map(({ validator }) => validator)
  const before = posEpochs.read(parent.epoch?.pending)
  const place = epochPlace(block.header.number, parameters.epochLength)
  const { mix, ...chains } = revealChains(before, ending)
  const committed = chainsOfNext(chains, place, { ...ending, epochLength: parameters.epochLength })
  const counted = withoutTallies(countOf(parameters, before, ending), punished)
  const calls = admissions('staking', read, chain)
  const state = { ...before, ...counted, revealed: committed.revealed }
  const { commitments } = committed
  if (!place.isBoundary) {
    return {
      derived: {
        ...{ mix, commitments, nextValidators: setWithout(validators, punished) },
        epoch: { epoch: place.epoch, pending: posEpochs.write(state) },
      },
      calls,
    }
  }
  const settlement = settledEpoch(counted, validators, isAmong(punished))
  const nextValidators = electedSet(parameters, {
    ...{ current: setWithout(validators, punished), read },
    isGone: isAmong([...punished, ...settlement.expelled]),
  })
  const closed = {
    ...{ epoch: place.epoch, setHash: nextValidators.hash, totalWeight: nextValidators.total },
    members: nextValidators.list.map(({ address }) => address),
  }
  const next: PosEpoch = {
    ...{ ...state, tallies: [], silences: settlement.silences, mixes: [before.mixes[1], mix] },
  }
  return {
    derived: {
      ...{ mix, commitments, nextValidators },
      epoch: { epoch: place.epoch + 1n, pending: posEpochs.write(next) },
    },
    credits: settlement.credits,
    calls: [...calls, ...settlement.calls, closeEpochCall('staking', closed)],
  }
}

/** The mix after a block, and the hash chains of those who could propose it. */
function revealChains(
  { revealed: counts }: PosEpoch,
  { parent, block, proposerOf }: Ending,
): Committed & { readonly mix: Hash } {
  const { header, record } = block
  const proposer = proposerOf(record.round)
  const commitment = parent.commitments[proposer] ?? noHash
  const { reveal } = record
  const after = revealed({
    ...{ mix: parent.mix, commitment, reveal, beneficiary: header.beneficiary },
  })
  if (after === undefined || reveal.length === 0) {
    return { mix: after?.mix ?? parent.mix, commitments: parent.commitments, revealed: counts }
  }
  const count = (counts[proposer] ?? 0) + 1
  // Nobody knows what comes before the first hash: the chain is used up.
  const isUsedUp = count >= chainHashes
  return {
    mix: after.mix,
    commitments: parent.commitments.with(proposer, isUsedUp ? noHash : after.commitment),
    revealed: counts.with(proposer, isUsedUp ? 0 : count),
  }
}

/** Hash chains of the next height's set: in the first block of an epoch new members and new commitments come in. */
function chainsOfNext(
  { commitments, revealed: counts }: Committed,
  { slot }: EpochPlace,
  { parent, block, validators, read, epochLength }: Ending & { readonly epochLength: number },
): Committed {
  const isSame = equalBytes(parent.validators.hash, validators.hash)
  if (isSame && slot !== 0) return { commitments, revealed: counts }
  const epochBefore = block.header.number - BigInt(epochLength)
  const isNew = (at: bigint) => at > 0n && at > epochBefore
  const places = new Map(parent.validators.list.map((one, at) => [one.address.toHex(), at]))
  const chains = validators.list.map(({ address, publicKey }) => {
    const at = places.get(address.toHex()) ?? -1
    const own = { commitment: commitments[at] ?? noHash, count: counts[at] ?? 0 }
    if (at >= 0 && slot !== 0) return own
    const staker = readStaker(read, address, () => publicKey)
    if (staker === undefined || (at >= 0 && !isNew(staker.committedAt))) return own
    return { commitment: staker.commitment, count: 0 }
  })
  return {
    commitments: chains.map(({ commitment }) => commitment),
    revealed: chains.map(({ count }) => count),
  }
}

/** What a block pays counts until the epoch ends: an eighth for its proposer, the rest for who signed its parent. */
function countOf(
  { issuanceWei }: PosParameters,
  before: EpochTally,
  { parent, block, validators, proposerOf }: Ending,
): EpochTally {
  const { record } = block
  const ofProposer = issuanceWei / 8n
  return countBlock(before, {
    ...{ validators: parent.validators, nextValidators: validators },
    ...{ parentSigners: record.parentSigners, proposer: proposerOf(record.round) },
    rewards: {
      // Who has used up its hash chain adds nothing to the randomness of the chain.
      proposerWei: record.reveal.length === 0 ? ofProposer / 2n : ofProposer,
      signersWei: issuanceWei - ofProposer,
    },
  })
}

/** The end of an epoch: who signed half of what it could is paid. */
function settledEpoch(
  count: EpochTally,
  { list }: ValidatorSet,
  isPunished: (address: Address) => boolean,
): Settlement {
  const isMember = isAmong(list.map(({ address }) => address))
  return settled(count, {
    contract: 'staking',
    hasEarned: ({ due, signed }) => 2 * signed >= due,
    isSilent: ({ due, signed }) => leastPart * signed < due,
    isKept: (address) => isMember(address) && !isPunished(address),
  })
}

/** The set that stakes elect, as far as it may change at once. */
function electedSet(
  { minStakeWei, maxValidators }: PosParameters,
  {
    current,
    read,
    isGone,
  }: {
    readonly current: ValidatorSet
    readonly read: ContractReader
    readonly isGone: (address: Address) => boolean
  },
): ValidatorSet {
  const listed = readCandidates(read, 'staking')
  const candidates = listed.filter(
    ({ address, weight }) => weight * weiPerGwei >= minStakeWei && !isGone(address),
  )
  const target = ranked(candidates, maxValidators)
  const since = sinceOf(listed, read)
  const members = limitedChange({ current: current.list, target, since, most: maxValidators })
  return weighedSet(members, current, (address, known) => readStaker(read, address, known))
}

/** The block since which a validator has wanted what it wants: its stake changed, or it asked to leave. */
function sinceOf(candidates: readonly Candidate[], read: ContractReader) {
  const changed = new Map(candidates.map(({ address, since }) => [address.toHex(), since]))
  return (address: Address): bigint =>
    changed.get(address.toHex()) ?? readStaker(read, address)?.exitBlock ?? 0n
}
