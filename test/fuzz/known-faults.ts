/** Lists what the second opinion is known to do wrong, so that it is not taken for a fault of ours. */

import type { Watcher } from './oracle.ts'
import type { Scenario } from './scenario.ts'

/** What a scenario did that a known fault may depend on. */
export interface Trace {
  readonly scenario: Scenario
  /** Creation code of every contract that was to be created. */
  readonly creations: readonly Uint8Array[]
}

interface KnownFault {
  readonly reason: string
  explains(trace: Trace): boolean
}

const beginsWith = (code: Uint8Array, ...bytes: readonly number[]) =>
  bytes.every((byte, at) => code[at] === byte)

const knownFaults: readonly KnownFault[] = [
  {
    reason:
      '@ethereumjs/evm 10.1 gives the gas back when creation code begins with ef00; EIP-3541 and the Yellow Paper know no such code, so its first opcode is unknown and takes all gas',
    explains: ({ creations }) => creations.some((code) => beginsWith(code, 0xef, 0x00)),
  },
]

/** Collects what the faults depend on. */
export function tracing(scenario: Scenario): { watcher: Watcher; trace: Trace } {
  const creations: Uint8Array[] = []
  return {
    watcher: { creation: (code) => creations.push(code) },
    trace: { scenario, creations },
  }
}

/** Why a difference is no fault of ours, if it is none. */
export function knownReason(trace: Trace): string | undefined {
  return knownFaults.find(({ explains }) => explains(trace))?.reason
}
