/** Makes the engine that a chain's manifest names. */

import type { ChainRules } from '../ledger/fork-rules.ts'
import type { Manifest } from '../ledger/manifest.ts'
import type { ConsensusEngine } from './consensus.ts'
import { devEngine } from './dev.ts'
import { ethereumEngine } from './ethereum.ts'

/** The engine of a chain; what it remembers is its own affair. */
export function createEngine(
  { consensus, forks }: Pick<Manifest, 'consensus' | 'forks'>,
  rules: ChainRules,
): ConsensusEngine<unknown> {
  if (consensus.engine === 'dev') return devEngine(consensus, rules)
  const merge = forks.find(({ totalDifficulty }) => totalDifficulty !== undefined)
  return ethereumEngine(rules, merge?.totalDifficulty)
}
