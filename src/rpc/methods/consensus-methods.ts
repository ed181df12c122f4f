/** Tells how the chain is agreed on: where the votes stand, and who is linked: a part of the group qs. */

import type { Json } from '../../base/json-rpc.ts'
import type { Chain } from '../../chain/chain.ts'
import { isDegraded } from '../../chain/chain-status.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { heldEvidenceJson, punishedJson } from '../format/evidence-json.ts'
import { peerJson } from '../format/peer-json.ts'
import { toQuantity } from '../format/quantity.ts'
import { roundJson } from '../format/round-json.ts'
import { validatorsJson } from '../format/validators-json.ts'
import { optional } from '../params/parser.ts'
import { flag, looseQuantity } from '../params/values.ts'
import type { CallContext } from '../view/context.ts'
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
  qs_evidence: method(
    [optional(looseQuantity), optional(looseQuantity)],
    (context, [before, limit]) => evidencePage(context, { before, limit }),
  ),
  qs_peers: method([], ({ chain }) => chain.network()?.peers().map(peerJson) ?? []),
}

/** Blocks that the furthest peer says it has more. */
function behind(chain: Chain, head: bigint): bigint {
  const heights = chain.network()?.peers() ?? []
  const furthest = heights.reduce((most, { height = 0n }) => (height > most ? height : most), head)
  return furthest - head
}

/**
 * What waits for a block stands on the first page; then who was punished, the newest first. A block punishes several at once,
 * and a page has all of them: it may be longer by these.
 */
function evidencePage(
  { chain, limits }: CallContext,
  { before, limit = BigInt(limits.pageItems) }: Record<'before' | 'limit', bigint | undefined>,
): Json {
  if (limit < 1n || limit > limits.pageItems) {
    throw invalidParams(`params[1]: expected a number from 1 to ${limits.pageItems}`)
  }
  const held = before === undefined ? (chain.round()?.evidence ?? []) : []
  const seen = (chain.derived()?.evidenceSeen ?? [])
    .filter(({ height }) => before === undefined || height < before)
    .toReversed()
  const last = seen[Number(limit) - 1]?.height
  const shown = last === undefined ? seen : seen.filter(({ height }) => height >= last)
  return {
    held: held.slice(0, limits.pageItems).map(heldEvidenceJson),
    punished: shown.map((one) => punishedJson(chain, one)),
    next: last === undefined || shown.length === seen.length ? null : toQuantity(last),
  }
}
