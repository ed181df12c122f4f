/** Tells how the chain is agreed on: where the votes stand, and who is linked: a part of the group qs. */

import type { Chain } from '../../chain/chain.ts'
import { isDegraded } from '../../chain/chain-status.ts'
import { peerJson } from '../format/peer-json.ts'
import { toQuantity } from '../format/quantity.ts'
import { roundJson } from '../format/round-json.ts'
import { validatorsJson } from '../format/validators-json.ts'
import { optional } from '../params/parser.ts'
import { flag } from '../params/values.ts'
import { type MethodTable, method } from './method.ts'

/** Blocks before the head of which it is told who signed them. */
const lastBlocks = 20

export const consensusMethods: MethodTable = {
  qs_consensus: method([], ({ chain }) => {
    const [head, final] = [chain.head().header.number, chain.finalized().header.number]
    const round = chain.round()
    return {
      engine: chain.manifest.consensus.engine,
      ...{ head: toQuantity(head), finalized: toQuantity(final), lag: toQuantity(head - final) },
      ...{ behind: toQuantity(behind(chain, head)), degraded: isDegraded(chain) },
      mining: chain.mining.isMining()
        ? { hashesPerSecond: Math.round(chain.mining.hashesPerSecond()) }
        : null,
      voting: round ? roundJson(round) : null,
    }
  }),
  qs_validators: method([optional(flag, false)], ({ chain }, [withKeys]) => {
    const [derived, height] = [chain.derived(), chain.head().header.number]
    const last = Array.from({ length: lastBlocks }, (_, at) => height - BigInt(at))
    const signers = last.flatMap((number) => {
      const found = number > 0n ? chain.signersOf(number) : undefined
      return found ? [found] : []
    })
    return validatorsJson({
      ...{ engine: chain.manifest.consensus.engine, derived, height, withKeys, signers },
    })
  }),
  qs_peers: method([], ({ chain }) => chain.network()?.peers().map(peerJson) ?? []),
}

/** Blocks that the furthest peer says it has more. */
function behind(chain: Chain, head: bigint): bigint {
  const heights = chain.network()?.peers() ?? []
  const furthest = heights.reduce((most, { height = 0n }) => (height > most ? height : most), head)
  return furthest - head
}
