/** Turns the settings that bound a chain of this process into its options. */

import type { ChainOptions } from '../chain/chain-parts.ts'
import type { SettingValues } from './settings.ts'

/** Bounds of the pool and of the state. */
export function boundsOf({
  poolTransactions,
  poolPerSender,
  stateHistory,
  stateArchive,
  stateMemory,
  blockMemory,
}: SettingValues): Pick<
  ChainOptions,
  'pool' | 'history' | 'archive' | 'stateMemoryBytes' | 'blockMemoryBytes'
> {
  return {
    pool: { maxTransactions: poolTransactions, maxPerSender: poolPerSender },
    history: stateHistory,
    archive: stateArchive,
    stateMemoryBytes: stateMemory * 1024 * 1024,
    blockMemoryBytes: blockMemory * 1024 * 1024,
  }
}
