/** Follows an Ethereum-like chain: checks the blocks that it is given, and builds none. */

import { equalBytes } from '../../base/bytes.ts'
import type { Header } from '../ledger/block.ts'
import { emptyOmmersHash } from '../ledger/block-codec.ts'
import { nextDifficulty } from '../ledger/difficulty.ts'
import { type ChainRules, type Hardfork, isAtLeast, type Rules } from '../ledger/fork-rules.ts'
import type { ConsensusEngine, HeadSummary } from './consensus.ts'
import { checkCommonRules, gasFault, type Invalid, invalid } from './header-rules.ts'
import { checkOmmers } from './ommer-rules.ts'

/** What the engine remembers. */
export interface FollowerState {
  readonly head: HeadSummary
}

/** Fields that a header has from a fork on, and not before. */
const laterFields: readonly (readonly [keyof Header, Hardfork])[] = [
  ['baseFeePerGas', 'london'],
  ['withdrawalsRoot', 'shanghai'],
  ['blobGasUsed', 'cancun'],
  ['excessBlobGas', 'cancun'],
  ['parentBeaconBlockRoot', 'cancun'],
  ['requestsHash', 'prague'],
]

/** The engine for a chain with these rules. Seals are not checked; the last block is the head, and final. */
export function ethereumEngine(rules: ChainRules): ConsensusEngine<FollowerState> {
  const checkHeader = (parent: Header, header: Header) => {
    const own = rules.rulesAt(header)
    return (
      fieldFault(header, own) ??
      workFault(parent, header, own) ??
      gasFault(parent, header, own) ??
      checkCommonRules(parent, header, own)
    )
  }
  return {
    name: 'ethereum',
    start: ({ head }) => ({ state: { head }, effects: [final(head)] }),
    checkHeader,
    checkOmmers: (block, blockOf) => checkOmmers(block, { block: blockOf, checkHeader }),
    compare: (a, b) => Number(a.number - b.number),
    step(state, input) {
      if (input.kind !== 'block-imported') return { state, effects: [] }
      const { head } = input
      if (equalBytes(head.hash, state.head.hash)) return { state, effects: [] }
      return { state: { head }, effects: [final(head)] }
    },
  }
}

const final = ({ number }: HeadSummary) => ({ kind: 'set-final', number }) as const

function fieldFault(header: Header, { hardfork }: Rules): Invalid | undefined {
  for (const [name, since] of laterFields) {
    const wanted = isAtLeast(hardfork, since)
    if ((header[name] !== undefined) === wanted) continue
    return invalid('fields', `${name} ${wanted ? 'is missing' : `is not in ${hardfork}`}`)
  }
  return undefined
}

/** Difficulty of proof of work; nothing of it after the Merge (EIP-3675). */
function workFault(parent: Header, header: Header, rules: Rules): Invalid | undefined {
  if (isAtLeast(rules.hardfork, 'paris')) {
    const isPlain =
      header.difficulty === 0n &&
      header.nonce.every((byte) => byte === 0) &&
      equalBytes(header.ommersHash, emptyOmmersHash)
    return isPlain ? undefined : invalid('constants', 'difficulty, nonce or ommers after the Merge')
  }
  const hasOmmers = !equalBytes(parent.ommersHash, emptyOmmersHash)
  const difficulty = nextDifficulty(rules, { ...parent, hasOmmers }, header.timestamp)
  if (header.difficulty === difficulty) return undefined
  return invalid('difficulty', `difficulty ${header.difficulty}, by the rule ${difficulty}`)
}
