/** Makes the engine that a chain's manifest names. */

import { AppError } from '../../base/app-error.ts'
import type { ChainRules } from '../ledger/fork-rules.ts'
import type { Manifest } from '../ledger/manifest.ts'
import type { Hash } from '../ledger/transaction.ts'
import { bftEngine } from './bft.ts'
import type { ConsensusEngine } from './consensus.ts'
import { devEngine } from './dev.ts'
import { ethereumEngine } from './ethereum.ts'
import { powEngine } from './pow.ts'
import { schemes } from './schemes.ts'

/**
 * The engine of a chain; what it remembers is its own affair.
 *
 * @param chainKey - keccak-256 of the canonical manifest
 */
export function createEngine(
  { consensus, forks, genesis }: Pick<Manifest, 'consensus' | 'forks' | 'genesis'>,
  rules: ChainRules,
  chainKey: Hash,
): ConsensusEngine<unknown> {
  if (consensus.engine === 'dev') return devEngine(consensus, rules)
  if (consensus.engine === 'pow') {
    return powEngine({
      ...{ parameters: consensus, chainKey, rules, birthTime: genesis.timestamp },
    })
  }
  if (consensus.engine === 'bft') {
    return bftEngine({ parameters: consensus, chainKey, rules, schemes })
  }
  if (consensus.engine !== 'ethereum') {
    const message = `the engine ${consensus.engine} is not in this version; take another one`
    throw new AppError({ code: 'consensus/no-engine', message })
  }
  const merge = forks.find(({ totalDifficulty }) => totalDifficulty !== undefined)
  return ethereumEngine(rules, merge?.totalDifficulty)
}
