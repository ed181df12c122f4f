/** Shows nodes that are linked. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { LinkedPeer } from '../../chain/chain-network.ts'

/** A peer; with the address of the validator that it proved to be. */
export function peerJson({ id, validator }: LinkedPeer): Json {
  return { id, ...(validator && { validator: toHex(validator) }) }
}
