/** Checks the ommers of a proof-of-work block (Yellow Paper, section 11.1). */

import { equalBytes } from '../../base/bytes.ts'
import type { Block, Header } from '../ledger/block.ts'
import { headerHash } from '../ledger/block-codec.ts'
import type { Hash } from '../ledger/transaction.ts'
import type { Verdict } from './consensus.ts'
import { type Invalid, invalid } from './header-rules.ts'

/** Most ommers of a block, and generations that one may be behind it. */
const [maxOmmers, maxDepth] = [2, 6n]

/** What the rules ask of the chain that a block stands on. */
export interface OmmerPlace {
  /** A block by its hash; it need only know the last seven before the one that is checked. */
  block(hash: Hash): Pick<Block, 'header' | 'ommers'> | undefined
  /** Every rule of a header against its parent's. */
  checkHeader(parent: Header, header: Header): Verdict
}

/** The verdict on the ommers of a block; that its header commits to them is for the body's check to say. */
export function checkOmmers(
  { header, ommers }: Pick<Block, 'header' | 'ommers'>,
  place: OmmerPlace,
): Verdict {
  if (ommers.length === 0) return { kind: 'valid' }
  if (ommers.length > maxOmmers) return invalid('ommers', `${ommers.length} are over ${maxOmmers}`)
  const family = familyOf(header, place)
  const seen = new Set([...family.ancestors.keys(), ...family.ommers])
  for (const ommer of ommers) {
    const hash = headerHash(ommer).toHex()
    if (seen.has(hash)) return invalid('ommers', `0x${hash} is in the chain already`)
    seen.add(hash)
    const fault = ommerFault(ommer, { header, ancestors: family.ancestors, place })
    if (fault) return fault
  }
  return { kind: 'valid' }
}

function ommerFault(
  ommer: Header,
  at: { header: Header; ancestors: ReadonlyMap<string, Header>; place: OmmerPlace },
): Invalid | undefined {
  const { header, ancestors, place } = at
  const parent = ancestors.get(ommer.parentHash.toHex())
  if (parent === undefined || equalBytes(ommer.parentHash, header.parentHash)) {
    return invalid('ommers', `number ${ommer.number} has no parent among the last ${maxDepth + 1n}`)
  }
  const verdict = place.checkHeader(parent, ommer)
  if (verdict.kind === 'valid') return undefined
  return invalid('ommers', verdict.kind === 'invalid' ? verdict.detail : 'from the future')
}

/** The last seven blocks before a header, and their ommers, by hash. */
function familyOf(header: Header, place: OmmerPlace) {
  const ancestors = new Map<string, Header>()
  const ommers: string[] = []
  let hash = header.parentHash
  for (let depth = 0n; depth <= maxDepth; depth += 1n) {
    const block = place.block(hash)
    if (block === undefined) break
    ancestors.set(hash.toHex(), block.header)
    ommers.push(...block.ommers.map((one) => headerHash(one).toHex()))
    hash = block.header.parentHash
  }
  return { ancestors, ommers }
}
