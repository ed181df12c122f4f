/** Follows an Ethereum-like chain: checks the blocks that it is given, and builds none. */

import { equalBytes } from '../../base/bytes.ts'
import type { Header } from '../ledger/block.ts'
import { emptyOmmersHash } from '../ledger/block-codec.ts'
import { nextDifficulty } from '../ledger/difficulty.ts'
import {
  type ChainRules,
  type DaoFork,
  type Hardfork,
  isAtLeast,
  type Rules,
} from '../ledger/fork-rules.ts'
import type { ConsensusEngine, HeadSummary, Verdict } from './consensus.ts'
import { checkCommonRules, gasFault, type Invalid, invalid, parentOf } from './header-rules.ts'
import { checkOmmers } from './ommer-rules.ts'

/** What the engine remembers. */
export interface FollowerState {
  readonly head: HeadSummary
}

/** A header that another one stands on, with the difficulties up to it, added up, where they count. */
interface WorkedHeader extends Header {
  readonly totalWork?: bigint | undefined
}

/** What blocks of the DAO's fork say, and how many of them (EIP-779). */
const daoExtraData = new TextEncoder().encode('dao-hard-fork')
const daoBlocks = 10n

/** Fields that a header has from a fork on, and not before. */
const laterFields: readonly (readonly [keyof Header, Hardfork])[] = [
  ['baseFeePerGas', 'london'],
  ['withdrawalsRoot', 'shanghai'],
  ['blobGasUsed', 'cancun'],
  ['excessBlobGas', 'cancun'],
  ['parentBeaconBlockRoot', 'cancun'],
  ['requestsHash', 'prague'],
]

/**
 * The engine for a chain with these rules. Seals are not checked; of branches the one with more work is followed, and
 * since the Merge the last that is given; its end is the head, and final.
 *
 * @param terminalWork - total difficulty at which the Merge comes, unless the rules tell it by the number of the block
 */
export function ethereumEngine(
  rules: ChainRules,
  terminalWork?: bigint,
): ConsensusEngine<FollowerState> {
  const check = (parent: WorkedHeader, header: Header): Verdict => {
    const own = rules.rulesAt(header)
    const fault =
      mergeFault(parent, header, terminalWork) ??
      fieldFault(header, own) ??
      daoFault(header, rules.daoFork)
    if (fault) return fault
    const common = checkCommonRules(parent, header, own)
    if (common.kind !== 'valid') return common
    return workFault(parent, header, own) ?? gasFault(parent, header, own) ?? common
  }
  return {
    name: 'ethereum',
    start: ({ head }) => ({ state: { head }, effects: [final(head)] }),
    checkHeader(chain, block) {
      const parent = parentOf(chain, block)
      if ('kind' in parent) return parent
      if (block.record !== undefined) return invalid('decode', 'blocks here have no record')
      return check({ ...parent.header, totalWork: chain.totalWork(parent.hash) }, block.header)
    },
    checkOmmers: (block, blockOf) => checkOmmers(block, { block: blockOf, checkHeader: check }),
    compare: ({ totalWork = 0n }, b) => {
      if (b.totalWork === undefined || b.totalWork > totalWork) return -1
      return b.totalWork < totalWork ? 1 : 0
    },
    step(state, input) {
      if (input.kind !== 'block-imported') return { state, effects: [] }
      const { head } = input
      if (equalBytes(head.hash, state.head.hash)) return { state, effects: [] }
      return { state: { head }, effects: [final(head)] }
    },
  }
}

const final = ({ number }: HeadSummary) => ({ kind: 'set-final', number }) as const

/** Where total difficulty decides about the Merge: no block comes before its time, or goes back (EIP-3675). */
function mergeFault(
  parent: WorkedHeader,
  { difficulty }: Header,
  terminalWork: bigint | undefined,
): Invalid | undefined {
  if (terminalWork === undefined) return undefined
  const { totalWork } = parent
  const isOver = parent.difficulty === 0n || (totalWork !== undefined && totalWork >= terminalWork)
  if (isOver === (difficulty === 0n)) return undefined
  return invalid('difficulty', isOver ? 'there is none after the Merge' : 'the Merge comes later')
}

function fieldFault(header: Header, { hardfork }: Rules): Invalid | undefined {
  for (const [name, since] of laterFields) {
    const wanted = isAtLeast(hardfork, since)
    if ((header[name] !== undefined) === wanted) continue
    return invalid('fields', `${name} ${wanted ? 'is missing' : `is not in ${hardfork}`}`)
  }
  return undefined
}

/** The side that a block takes around the DAO's fork is in its extra data (EIP-779). */
function daoFault({ number, extraData }: Header, fork: DaoFork | undefined): Invalid | undefined {
  if (fork === undefined || number < fork.block || number >= fork.block + daoBlocks)
    return undefined
  if (equalBytes(extraData, daoExtraData) === fork.isTaken) return undefined
  return invalid('extra-data', `is ${fork.isTaken ? 'not ' : ''}that of the DAO's fork`)
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
