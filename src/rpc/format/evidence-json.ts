/** Shows double signing: what waits for a block, and what blocks have punished. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Chain } from '../../chain/chain.ts'
import type { NamedEvidence, Punished } from '../../chain/consensus/messages.ts'
import { decodeRecord } from '../../chain/consensus/record.ts'
import { toQuantity } from './quantity.ts'

/** What waits: nobody is punished for it yet. */
export function heldEvidenceJson(named: NamedEvidence): Json {
  return { validator: toHex(named.signer), ...faultJson(named), punishedIn: null }
}

/** Who was punished, and for what; that is not known where the block is not here. */
export function punishedJson(chain: Chain, { signer, height }: Punished): Json {
  const validator = toHex(signer)
  const record = chain.byNumber(height)?.block.record
  const evidence = record ? decodeRecord(record).evidence : []
  const named = evidence.find((one) => toHex(one.signer) === validator)
  return { validator, ...faultJson(named), punishedIn: toQuantity(height) }
}

/** A fault by its place; a proposal is no type of vote. */
function faultJson(named: NamedEvidence | undefined) {
  if (named === undefined) return { kind: null, vote: null, height: null, round: null }
  const { kind, a } = named.evidence
  const vote = 'type' in a ? a.type : null
  return { kind, vote, height: toQuantity(a.height), round: a.round }
}
