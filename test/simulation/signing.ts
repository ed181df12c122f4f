/** Signs for one validator of a run, through the guard of its disk. */

import type {
  ProposalContent,
  SignedProposal,
  SignedVote,
  VoteContent,
} from '../../src/chain/consensus/messages.ts'
import { proposalSignBytes, voteSignBytes } from '../../src/chain/consensus/sign-bytes.ts'
import {
  signProposal,
  signVote,
} from '../../src/chain/consensus/test-validators/fake-signatures.ts'
import type { SimulatedDisk } from './disk.ts'
import type { World } from './world.ts'

/** A vote, unless the guard refuses it. */
export function guardedVote(
  world: World,
  disk: SimulatedDisk,
  vote: VoteContent & { readonly validatorIndex: number },
): SignedVote | undefined {
  const { height, round, type } = vote
  const bytes = voteSignBytes(vote, placeOf(world))
  const place = { height, round, step: type === 'prevote' ? 1 : 2 }
  return disk.signOnce(place, bytes, () => signVote(vote, world.check, world.salt()))
}

/** A proposal, unless the guard refuses it. */
export function guardedProposal(
  world: World,
  disk: SimulatedDisk,
  proposal: ProposalContent & { readonly validatorIndex: number },
): SignedProposal | undefined {
  const { height, round } = proposal
  const bytes = proposalSignBytes(proposal, placeOf(world))
  const sign = () => signProposal(proposal, world.check, world.salt())
  return disk.signOnce({ height, round, step: 0 }, bytes, sign)
}

function placeOf({ check }: World) {
  return { chainKey: check.chainKey, setHash: check.validators.hash }
}
