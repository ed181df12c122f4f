/** Imagines blocks of calls that leave nothing behind. */

import { invalidParams } from '../envelope/rpc-error.ts'
import type { RpcLimits } from '../limits.ts'
import { blockReference, latest } from '../params/block-reference.ts'
import { optional } from '../params/parser.ts'
import { simulation } from '../params/simulation.ts'
import { mostImaginedBlocks } from '../simulation/imagined-headers.ts'
import { simulate } from '../simulation/simulate.ts'
import { type MethodTable, method } from './method.ts'

/** The methods; how much may be imagined is a limit. */
export function simulationMethods({ overrideEntries, simulatedCalls }: RpcLimits): MethodTable {
  const asked = simulation({
    ...{ overrideEntries, calls: simulatedCalls, blocks: Number(mostImaginedBlocks) },
  })
  return {
    eth_simulateV1: method(
      [asked, optional(blockReference, latest)],
      async (context, [options, at]) => {
        if (options.blocks.length === 0) throw invalidParams('empty input')
        return simulate(context, options, at)
      },
    ),
  }
}
