/** Runs one simulation of validators in a process of its own, whose heap is so large that nothing is collected within a block. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { runValidators, type VirtualChain, type VirtualOutcome } from './virtual-validators.ts'

const flags = ['--expose-gc', '--min-semi-space-size=1024', '--max-semi-space-size=1024']

/** What comes of a chain. */
export async function virtualOutcome(chain: VirtualChain): Promise<VirtualOutcome> {
  const child = fork(fileURLToPath(import.meta.url), {
    ...{ execArgv: flags, serialization: 'advanced' },
  })
  child.send(chain)
  const [outcome] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('the simulation ended before it was done')
    }),
  ])
  return outcome as VirtualOutcome
}

if (process.send) {
  process.once('message', (chain) => {
    process.send?.(runValidators(chain as VirtualChain))
    process.disconnect?.()
  })
}
