/** Makes the contract of validators that a chain has from its birth, as its manifest says. */

import type {
  BftParameters,
  Consensus,
  DposParameters,
  GenesisAccount,
  HybridParameters,
  PosParameters,
} from '../ledger/manifest.ts'
import { genesisContract } from './genesis-contract.ts'

/**
 * Epochs that stake waits longer than evidence is good for: weight leaves a set some epochs after its stake does, since no
 * more than a third changes at once.
 */
const epochsMore = 4

/** The account of the contract that says who the validators are; `undefined` for a chain that has none. */
export function validatorContract(consensus: Consensus): GenesisAccount | undefined {
  if (consensus.engine === 'bft') return registry(consensus)
  if (consensus.engine === 'pos') return staking(consensus)
  if (consensus.engine === 'dpos') return delegates(consensus)
  if (consensus.engine === 'hybrid') return committee(consensus)
  return undefined
}

function registry(consensus: BftParameters): GenesisAccount | undefined {
  const { owner, maxValidators: maxMembers, validators } = consensus
  return owner === 'nobody'
    ? undefined
    : genesisContract('registry', { owner, maxMembers }, validators)
}

function committee({ owner, maxValidators, validators }: HybridParameters): GenesisAccount {
  return genesisContract('committee', { owner, maxMembers: maxValidators }, validators)
}

function staking(consensus: PosParameters): GenesisAccount {
  const { maxCandidates, minStakeWei, unbondingSeconds, slash, validators } = consensus
  const unbondingBlocks = consensus.evidenceHeights + epochsMore * consensus.epochLength
  const parameters = { maxCandidates, minStakeWei, unbondingSeconds, unbondingBlocks, ...slash }
  return genesisContract('staking', parameters, validators)
}

function delegates(consensus: DposParameters): GenesisAccount {
  const { maxCandidates, registrationFeeWei, unlockSeconds, ownUnlockSeconds } = consensus
  const { active, standby, banSeconds, slashBps } = consensus
  const ownUnlockBlocks = consensus.evidenceHeights + epochsMore * (active + standby)
  const founders = consensus.validators.map((one) => ({
    ...{ ...one, name: new TextEncoder().encode(one.name) },
  }))
  return genesisContract(
    'delegates',
    {
      ...{ maxCandidates, registrationFeeWei, unlockSeconds, ownUnlockSeconds },
      ...{ ownUnlockBlocks, banSeconds, slashBps },
    },
    founders,
  )
}
