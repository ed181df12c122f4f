/** Makes what all nodes of a run begin with: the manifest of the plan's engine, its first block, and the machine that runs blocks. */

import { bftEngine } from '../../../src/chain/consensus/bft.ts'
import { engineBirth } from '../../../src/chain/consensus/birth.ts'
import type { ConsensusEngine } from '../../../src/chain/consensus/consensus.ts'
import type { Derived } from '../../../src/chain/consensus/derived.ts'
import type { ValidatorSet } from '../../../src/chain/consensus/messages.ts'
import {
  fakeSchemes,
  fakeValidators,
} from '../../../src/chain/consensus/test-validators/fake-signatures.ts'
import { createEvm } from '../../../src/chain/evm/create-evm.ts'
import type { Evm } from '../../../src/chain/evm/evm.ts'
import { genesisOf } from '../../../src/chain/genesis.ts'
import type { ChainRules } from '../../../src/chain/ledger/fork-rules.ts'
import { chainRules } from '../../../src/chain/ledger/fork-schedule.ts'
import type { BftParameters, Manifest } from '../../../src/chain/ledger/manifest.ts'
import { chainKey } from '../../../src/chain/ledger/manifest-codec.ts'
import type { Address, Hash } from '../../../src/chain/ledger/transaction.ts'
import { addressOfKey } from '../../../src/crypto/secp256k1.ts'
import { timeouts } from '../node.ts'
import type { ChainPlan } from './chain-plan.ts'

/** What a run stands on. */
export interface ChainGround {
  readonly manifest: Manifest
  readonly key: Hash
  readonly rules: ChainRules
  readonly genesis: ReturnType<typeof genesisOf>
  readonly evm: Evm
  readonly engine: ConsensusEngine<unknown>
  /** Who signs the first block, in the order of the plan. */
  readonly firstSet: ValidatorSet
  /** What follows from the first block. */
  readonly derived: Derived
}

const chainId = 7n
/** Who has ether: its private key, and the account. */
export const richKey = new Uint8Array(32).fill(1)
const rich: Address = addressOfKey(richKey)

/** When the first block was made, in seconds; a block time before the clocks begin. */
const birthTime = 999_999n

let evm: Promise<Evm> | undefined

/** The ground of a plan; the machine is the same for all, since it remembers nothing of a chain. */
export async function chainGround(plan: ChainPlan): Promise<ChainGround> {
  const firstSet = fakeValidators(plan.weights).validators
  const manifest = manifestOf(plan, firstSet)
  const rules = chainRules(manifest)
  evm ??= createEvm(rules)
  const key = chainKey(manifest)
  const birth = engineBirth(manifest.consensus)
  if (birth === undefined) throw new Error('blocks of simulated chains have records')
  return {
    ...{ manifest, key, rules, firstSet, derived: birth.derived },
    ...{ genesis: genesisOf(manifest), evm: await evm, engine: engineOf(manifest, rules, key) },
  }
}

function engineOf(
  { consensus }: Manifest,
  rules: ChainRules,
  chainKey: Hash,
): ConsensusEngine<unknown> {
  if (consensus.engine === 'bft') {
    return bftEngine({ parameters: consensus, chainKey, rules, schemes: fakeSchemes })
  }
  throw new Error(`chains of ${consensus.engine} are not simulated`)
}

function manifestOf(plan: ChainPlan, { list }: ValidatorSet): Manifest {
  return {
    ...{ version: 1, name: 'simulated', chainId, forks: [{ hardfork: 'osaka' }] },
    consensus: bftParameters(plan, list),
    genesis: {
      ...{ timestamp: birthTime, gasLimit: 30_000_000n, baseFeePerGas: 1_000_000_000n },
      extraData: new Uint8Array(),
      accounts: [
        { address: rich, balance: 10n ** 24n, nonce: 0n, code: new Uint8Array(), storage: [] },
      ],
    },
  }
}

function bftParameters(plan: ChainPlan, list: ValidatorSet['list']): BftParameters {
  const { base, delta, max } = timeouts
  const wait = (kind: 'propose' | 'prevote' | 'precommit') => ({
    ...{ baseMs: base[kind], deltaMs: delta[kind] },
  })
  return {
    ...{ engine: 'bft', blockTimeMs: 1_000, maxTimeoutMs: max, buildLeadMs: 200 },
    timeouts: { propose: wait('propose'), prevote: wait('prevote'), precommit: wait('precommit') },
    emptyBlocks: plan.isHeartbeat ? 'heartbeat' : 'always',
    ...{ absence: plan.hasAbsences, futureMs: plan.futureMs, evidenceHeights: 1_000 },
    validators: list.map(({ scheme, publicKey, weight, payTo }) => ({
      ...{ scheme, publicKey, weight, payTo, owner: payTo },
    })),
    ...{ owner: 'nobody', maxValidators: list.length },
  }
}
