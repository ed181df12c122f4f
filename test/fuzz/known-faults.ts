/** Lists what the second opinion is known to do wrong, so that it is not taken for a fault of ours. */

import type { Watcher } from './oracle.ts'

/** What a scenario did that a known fault may depend on. */
export interface Trace {
  /** The first two bytes of all creation code. */
  readonly creations: Set<string>
}

interface KnownFault {
  readonly reason: string
  explains(trace: Trace): boolean
}

const knownFaults: readonly KnownFault[] = [
  {
    reason:
      '@ethereumjs/evm 10.1 gives the gas back when creation code begins with ef00; EIP-3541 and the Yellow Paper know no such code, so its first opcode is unknown and takes all gas',
    explains: ({ creations }) => creations.has('ef00'),
  },
]

/** Collects what the faults depend on. */
export function tracing(): { watcher: Watcher; trace: Trace } {
  const creations = new Set<string>()
  const watcher: Watcher = ({ opcode, stack, memory }) => {
    if (!opcode.name.startsWith('CREATE')) return
    const offset = Number(stack.at(-2) ?? 0n)
    creations.add(memory.subarray(offset, offset + 2).toHex())
  }
  return { watcher, trace: { creations } }
}

/** Why a difference is no fault of ours, if it is none. */
export function knownReason(trace: Trace): string | undefined {
  return knownFaults.find(({ explains }) => explains(trace))?.reason
}
