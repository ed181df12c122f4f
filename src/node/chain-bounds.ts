/** Turns the settings that bound a chain of this process into its options. */

import type { ChainOptions } from '../chain/chain-parts.ts'
import type { SettingValues } from './settings.ts'

/** Bounds of the pool and of the state. */
export function boundsOf({
  poolTransactions,
  poolPerSender,
  stateHistory,
  stateMemory,
}: SettingValues): Pick<ChainOptions, 'pool' | 'history' | 'stateMemoryBytes'> {
  return {
    pool: { maxTransactions: poolTransactions, maxPerSender: poolPerSender },
    history: stateHistory,
    stateMemoryBytes: stateMemory * 1024 * 1024,
  }
}
