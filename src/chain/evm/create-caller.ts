/** Builds what runs calls that leave nothing behind, by the rules of a chain. */

import type { ChainRules } from '../ledger/fork-rules.ts'
import type { Evm, EvmOptions } from './evm.ts'
import { Kernel } from './kernel/kernel.ts'
import { createKernelPool } from './kernel/kernel-pool.ts'
import { runMessage } from './message-run.ts'

/** Kernels of calls that may run at once. */
const callKernels = 8

/** Calls, however many and long, have kernels of their own, so that they keep no blocks waiting. */
export function createCaller(chain: ChainRules, options: EvmOptions = {}): Evm['call'] {
  const { pause = () => undefined, seed = 0n } = options
  const pool = createKernelPool(() => new Kernel(chain, seed), callKernels)
  return (state, block, message, watcher) =>
    pool.use(state, (kernel) => runMessage(kernel, message, { state, block, pause, watcher }))
}
