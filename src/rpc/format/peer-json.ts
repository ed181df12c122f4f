/** Shows nodes that are linked. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { LinkedPeer } from '../../chain/chain-network.ts'
import { toQuantity } from './quantity.ts'

/** A peer by name; with the address of the validator that it proved to be. */
export function namedPeerJson({ id, validator }: LinkedPeer): Json {
  return { id, ...(validator && { validator: toHex(validator) }) }
}

/** A peer with its link. */
export function peerJson({ id, validator, height, link }: LinkedPeer): Json {
  return {
    ...{ id, validator: validator ? toHex(validator) : null },
    height: height === undefined ? null : toQuantity(height),
    link: link
      ? {
          ...{ agent: link.agent, host: link.endpoint.host, port: link.endpoint.port },
          ...{ isDialled: link.isDialled, isNamed: link.isNamed, sinceMs: link.since },
          ...{ score: Math.round(link.score * 10) / 10, roundTripMs: link.roundTripMs ?? null },
          ...{ received: { ...link.received }, sent: { ...link.sent } },
          ...{ waiting: { ...link.waiting }, dropped: link.dropped },
        }
      : null,
  }
}
