/** Makes what all nodes of a run begin with: the manifest of the plan's engine, its first block, and the machine that runs blocks. */

import { engineBirth } from '../../../src/chain/consensus/birth.ts'
import type { ConsensusEngine } from '../../../src/chain/consensus/consensus.ts'
import { createEngine } from '../../../src/chain/consensus/create-engine.ts'
import type { Derived } from '../../../src/chain/consensus/derived.ts'
import type { ValidatorSet } from '../../../src/chain/consensus/messages.ts'
import type { RevealSource } from '../../../src/chain/consensus/randao.ts'
import { createEvm } from '../../../src/chain/evm/create-evm.ts'
import type { Evm } from '../../../src/chain/evm/evm.ts'
import { genesisOf } from '../../../src/chain/genesis.ts'
import type { ChainRules } from '../../../src/chain/ledger/fork-rules.ts'
import { chainRules } from '../../../src/chain/ledger/fork-schedule.ts'
import type {
  DposParameters,
  HybridParameters,
  Manifest,
  PosParameters,
  PowParameters,
  StakedParameters,
  VotedParameters,
} from '../../../src/chain/ledger/manifest.ts'
import { chainKey } from '../../../src/chain/ledger/manifest-codec.ts'
import type { Address, Hash } from '../../../src/chain/ledger/transaction.ts'
import { keccak256 } from '../../../src/crypto/keccak.ts'
import { addressOfKey } from '../../../src/crypto/secp256k1.ts'
import { timeouts } from '../node.ts'
import type { ChainPlan } from './chain-plan.ts'
import { type MemberKeys, memberKeys } from './member-keys.ts'

/** What a run stands on. */
export interface ChainGround extends MemberKeys {
  readonly manifest: Manifest
  readonly key: Hash
  readonly rules: ChainRules
  readonly genesis: ReturnType<typeof genesisOf>
  readonly evm: Evm
  readonly engine: ConsensusEngine<unknown>
  /** The end of the hash chain of each, where blocks need one. */
  readonly commitments: readonly Hash[]
  /** What follows from the first block. */
  readonly derived: Derived
}

const chainId = 7n
export const ether = 10n ** 18n
/** What a weight of one is in stakes. */
export const stakeOfOne = 40n * ether
/** Who has ether: its private key, and the account. */
export const richKey = new Uint8Array(32).fill(1)
export const rich: Address = addressOfKey(richKey)
/** Who may change sets, and owns what validators have staked. */
export const governorKey = new Uint8Array(32).fill(2)
export const governor: Address = addressOfKey(governorKey)

/** When the first block was made, in seconds; a block time before the clocks begin. */
const birthTime = 999_999n
/** Blocks that are sealed by work: seconds between them, and what their difficulty is at first. */
export const [workSeconds, firstDifficulty] = [3, 16n]
/** Blocks that a validator can propose before its hash chain is used up. */
const revealsOfOne = 64
/** Where a committee makes blocks final: every so many, with so many on them. */
export const [checkpointEvery, buriedBy] = [3, 2]
/** How far back a chain of work may go. */
const maxReorg = 16

let evm: Promise<Evm> | undefined

/** The ground of a plan; the machine is the same for all, since it remembers nothing of a chain. */
export async function chainGround(plan: ChainPlan): Promise<ChainGround> {
  const keys = memberKeys(plan)
  const { members, schemes } = keys
  const { manifest, reveals, commitments } = manifestOf(plan, members)
  const rules = chainRules(manifest)
  evm ??= createEvm(rules)
  const key = chainKey(manifest)
  const birth = engineBirth(manifest.consensus)
  if (birth === undefined) throw new Error('blocks of simulated chains have records')
  return {
    ...{ ...keys, manifest, key, rules, commitments, derived: birth.derived },
    ...{ genesis: genesisOf(manifest), evm: await evm },
    engine: createEngine(manifest, rules, { chainKey: key, schemes, reveals }),
  }
}

function manifestOf(plan: ChainPlan, members: ValidatorSet['list']) {
  const chains = members.map(({ publicKey }) => revealChain(publicKey))
  const commitments = chains.map((chain) => Uint8Array.fromHex([...chain.keys()].at(-1) ?? ''))
  const reveals: RevealSource = {
    before: (_, commitment) =>
      chains.map((chain) => chain.get(commitment.toHex())).find((one) => one !== undefined),
  }
  const manifest: Manifest = {
    ...{ version: 1, name: 'simulated', chainId, forks: [{ hardfork: 'osaka' }] },
    consensus: consensusOf(plan, members, commitments),
    genesis: {
      ...{ timestamp: birthTime, gasLimit: 30_000_000n, baseFeePerGas: 1_000_000_000n },
      extraData: new Uint8Array(),
      accounts: [rich, governor].map((address) => ({
        ...{ address, balance: 10n ** 24n, nonce: 0n, code: new Uint8Array(), storage: [] },
      })),
    },
  }
  return { manifest, reveals, commitments }
}

/** By each hash of a short hash chain the one before it; the last that was added is the end. */
function revealChain(secret: Uint8Array): ReadonlyMap<string, Hash> {
  const chain = new Map<string, Hash>()
  let hash: Hash = keccak256(secret)
  for (let at = 0; at < revealsOfOne; at += 1) {
    const next = keccak256(hash)
    chain.set(next.toHex(), hash)
    hash = next
  }
  return chain
}

function consensusOf(
  plan: ChainPlan,
  members: ValidatorSet['list'],
  commitments: readonly Hash[],
): Manifest['consensus'] {
  const list = members.filter((_, at) => !plan.joiners.includes(at))
  const member = ({ scheme, publicKey, payTo }: ValidatorSet['list'][number]) => ({
    ...{ scheme, publicKey, payTo },
  })
  const staked = (one: ValidatorSet['list'][number]) => ({
    ...{ ...member(one), owner: governor, commissionBps: 1_000 },
  })
  switch (plan.engine) {
    case 'pow':
      return powParameters(plan)
    case 'hybrid':
      return hybridParameters(
        plan,
        list.map((one) => ({ ...member(one), weight: one.weight, owner: one.payTo })),
      )
    case 'bft': {
      const validators = list.map((one) => ({
        ...member(one),
        weight: one.weight,
        owner: one.payTo,
      }))
      return { engine: 'bft', ...voted(plan), validators, owner: governor, maxValidators: 16 }
    }
    case 'pos': {
      const validators = list.map((one) => ({
        ...{ ...staked(one), stakeWei: one.weight * stakeOfOne },
        commitment: commitments[members.indexOf(one)] ?? new Uint8Array(32),
      }))
      return posParameters(plan, validators)
    }
    case 'dpos': {
      const validators = list.map((one, at) => ({
        ...{ ...staked(one), name: `delegate-${at}`, ownVotesWei: BigInt(100 + at) * ether },
      }))
      return dposParameters(plan, validators)
    }
  }
}

function waits(): Pick<VotedParameters, 'timeouts' | 'maxTimeoutMs'> {
  const { base, delta, max } = timeouts
  const wait = (kind: 'propose' | 'prevote' | 'precommit') => ({
    ...{ baseMs: base[kind], deltaMs: delta[kind] },
  })
  return {
    maxTimeoutMs: max,
    timeouts: { propose: wait('propose'), prevote: wait('prevote'), precommit: wait('precommit') },
  }
}

function voted(plan: ChainPlan): VotedParameters {
  return {
    ...{ ...waits(), blockTimeMs: 1_000, buildLeadMs: 200, evidenceHeights: 1_000 },
    emptyBlocks: plan.isHeartbeat ? 'heartbeat' : 'always',
    ...{ absence: plan.hasAbsences, futureMs: plan.futureMs },
  }
}

function stakes(plan: ChainPlan): StakedParameters {
  return { ...voted(plan), maxCandidates: 64, issuanceWei: 2n * ether + 3n }
}

function posParameters(plan: ChainPlan, validators: PosParameters['validators']): PosParameters {
  return {
    ...{ engine: 'pos', ...stakes(plan), validators, maxValidators: 16, minStakeWei: ether },
    ...{ epochLength: plan.epochLength, unbondingSeconds: 100_000 },
    slash: { doubleSignBps: 500, correlation: 3 },
  }
}

function dposParameters(plan: ChainPlan, validators: DposParameters['validators']): DposParameters {
  const { epochLength, standby } = plan
  return {
    ...{ engine: 'dpos', ...stakes(plan), validators, active: epochLength - standby, standby },
    ...{ minStandbyWei: ether, registrationFeeWei: ether, unlockSeconds: 100_000 },
    ...{ ownUnlockSeconds: 100_000, slashBps: 1_000, banSeconds: 100_000 },
  }
}

/** Difficulty moves fast, so that branches of one length differ in work. */
function powParameters({ futureMs }: ChainPlan): PowParameters {
  return {
    ...{ engine: 'pow', blockTimeMs: workSeconds * 1_000, seal: 'keccak', halfLifeSeconds: 30 },
    ...{ startTarget: 2n ** 256n / firstDifficulty - 1n, easiestTarget: 2n ** 254n },
    ...{ issuanceWei: 2n * ether, halving: 4, safeDepth: 2, finalizedDepth: maxReorg, maxReorg },
    futureMs,
  }
}

function hybridParameters(
  plan: ChainPlan,
  validators: HybridParameters['validators'],
): HybridParameters {
  const { engine: _, safeDepth: __, finalizedDepth: ___, ...work } = powParameters(plan)
  return {
    ...{ ...work, ...waits(), engine: 'hybrid', checkpointEvery, buriedBy, maxValidators: 16 },
    ...{ validators, owner: governor },
    ...{ finalityRewardWei: ether / 10n, committeeRewardWei: ether / 3n },
  }
}
