/** Makes the engine that a chain's manifest names. */

import type { ChainRules } from '../ledger/fork-rules.ts'
import type { Manifest } from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'
import { bftEngine } from './bft.ts'
import type { ConsensusEngine } from './consensus.ts'
import { devEngine } from './dev.ts'
import { dposEngine } from './dpos.ts'
import { ethereumEngine } from './ethereum.ts'
import { hybridEngine } from './hybrid.ts'
import { posEngine } from './pos.ts'
import { powEngine } from './pow.ts'
import type { RevealSource } from './randao.ts'
import { schemes as allSchemes } from './schemes.ts'
import type { SignatureSchemes } from './signatures.ts'

/** What an engine is made with beside the manifest. */
export interface EngineOptions {
  /** keccak-256 of the canonical manifest. */
  readonly chainKey: Hash
  /** What this node reveals when it proposes, where proposers do. */
  readonly reveals?: RevealSource | undefined
  /** What checks signatures; the schemes that there are unless given. */
  readonly schemes?: SignatureSchemes
}

/**
 * The engine of a chain; what it remembers is its own affair.
 */
export function createEngine(
  {
    consensus,
    forks,
    genesis,
    parent,
  }: Pick<Manifest, 'consensus' | 'forks' | 'genesis' | 'parent'>,
  rules: ChainRules,
  { chainKey, reveals, schemes = allSchemes }: EngineOptions,
): ConsensusEngine<unknown> {
  if (consensus.engine === 'dev') return devEngine(consensus, rules)
  if (consensus.engine === 'pow') {
    return powEngine({
      ...{ parameters: consensus, chainKey, rules, birthTime: genesis.timestamp },
    })
  }
  if (consensus.engine === 'hybrid') {
    const birthTime = genesis.timestamp
    return hybridEngine({ parameters: consensus, chainKey, rules, birthTime, schemes })
  }
  if (consensus.engine === 'bft') {
    const isForked = parent !== undefined
    return bftEngine({ parameters: consensus, chainKey, rules, schemes, isForked })
  }
  if (consensus.engine === 'pos') {
    return posEngine({ parameters: consensus, chainKey, rules, schemes, reveals })
  }
  if (consensus.engine === 'dpos') {
    return dposEngine({ parameters: consensus, chainKey, rules, schemes })
  }
  const merge = forks.find(({ totalDifficulty }) => totalDifficulty !== undefined)
  return ethereumEngine(rules, merge?.totalDifficulty)
}
