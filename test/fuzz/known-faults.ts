/** Lists what the second opinion is known to do wrong, so that it is not taken for a fault of ours. */

import type { Watcher } from './oracle.ts'

/** What a scenario did that a known fault may depend on. */
export interface Trace {
  /** The first two bytes of all creation code. */
  readonly creations: Set<string>
  /** The names of the faults that messages ended with, behind REVERT where that was their last opcode. */
  readonly faults: Set<string>
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
  {
    reason:
      '@ethereumjs/evm 10.1 takes a transaction for failed, and its logs away, when it creates a contract in Frontier and cannot pay for the code; before Homestead (EIP-2) it succeeds, with no code',
    explains: ({ faults }) => faults.has('code store out of gas'),
  },
  {
    reason:
      '@ethereumjs/evm 10.1 takes all gas of a creation that reverts with output that begins with ef; EIP-3541 is about code that would be kept',
    explains: ({ faults }) => faults.has('REVERT: invalid bytecode deployed'),
  },
]

/** Collects what the faults depend on. */
export function tracing(): { watcher: Watcher; trace: Trace } {
  const trace: Trace = { creations: new Set(), faults: new Set() }
  let last = ''
  const watcher: Watcher = {
    step({ opcode, stack, memory }) {
      last = opcode.name
      if (!opcode.name.startsWith('CREATE')) return
      const offset = Number(stack.at(-2) ?? 0n)
      trace.creations.add(memory.subarray(offset, offset + 2).toHex())
    },
    fault: (name) => trace.faults.add(last === 'REVERT' ? `REVERT: ${name}` : name),
  }
  return { watcher, trace }
}

/** Why a difference is no fault of ours, if it is none. */
export function knownReason(trace: Trace): string | undefined {
  return knownFaults.find(({ explains }) => explains(trace))?.reason
}
