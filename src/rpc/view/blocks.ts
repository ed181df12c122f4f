/** Finds the block, and the state, that a request speaks of. */

import { toHex } from '../../base/bytes.ts'
import type { Chain } from '../../chain/chain.ts'
import type { Block, ExecutedBlock } from '../../chain/ledger/block.ts'
import type { State } from '../../chain/state/state.ts'
import { serverError } from '../envelope/rpc-error.ts'
import type { BlockReference, BlockTag } from '../params/block-reference.ts'
import type { ChainContext } from './context.ts'

/** A chain, and the block that would come next. */
type View = Pick<ChainContext, 'chain' | 'pending'>

/** The block, or undefined if the chain of the head has none like it. */
export async function findBlock(
  { chain, pending }: View,
  reference: BlockReference,
): Promise<ExecutedBlock | undefined> {
  if (reference.kind === 'hash') return chain.byHash(reference.hash)
  if (reference.kind === 'number') {
    mustHave(chain, reference.number)
    return chain.byNumber(reference.number)
  }
  if (reference.tag === 'pending') return (await pending.block()).executed
  return reference.tag === 'earliest'
    ? chain.byNumber(0n)
    : chain.byHash(taggedBlock(chain, reference.tag).hash)
}

/**
 * A chain that joined by a snapshot has no blocks from before it, besides the first of all.
 *
 * @throws AppError `json-rpc/error` -32000
 */
export function mustHave(chain: Chain, number: bigint): void {
  const first = chain.firstBlock()
  if (number >= first || number === 0n) return
  throw serverError(
    `block ${number} is not here: this node joined the chain by a snapshot and has blocks from ${first} on; ask a node that has all`,
  )
}

/** The number of a tagged or numbered block, whether or not it exists; `pending` is the head's. */
export function numberOf(
  chain: Chain,
  reference: Exclude<BlockReference, { kind: 'hash' }>,
): bigint {
  if (reference.kind === 'number') return reference.number
  return reference.tag === 'earliest' ? 0n : taggedBlock(chain, reference.tag).header.number
}

/** A block and the state after it. */
interface StateView {
  readonly block: Block
  readonly state: State
}

/** @throws AppError `json-rpc/error` -32000 when the block is unknown or its state no longer kept */
export async function stateOf(view: View, reference: BlockReference): Promise<StateView> {
  const { chain, pending } = view
  if (reference.kind === 'tag' && reference.tag === 'pending') {
    const { executed, state } = await pending.block()
    return { block: executed.block, state }
  }
  const block = await bareBlock(view, reference)
  const state = chain.stateAt(block.hash)
  if (state) return { block, state }
  throw serverError(
    `state not available at block ${block.header.number}: only the states of the latest blocks are kept; ask for a newer block (the head is ${chain.head().header.number})`,
  )
}

/** A block without receipts; those with a role need no reading. */
async function bareBlock(view: View, reference: BlockReference): Promise<Block> {
  if (reference.kind === 'tag' && reference.tag !== 'earliest')
    return taggedBlock(view.chain, reference.tag)
  const executed = await findBlock(view, reference)
  if (executed) return executed.block
  throw reference.kind === 'hash'
    ? serverError(`header for hash not found: ${toHex(reference.hash)}`)
    : serverError('header not found')
}

function taggedBlock(chain: Chain, tag: Exclude<BlockTag, 'earliest'>): Block {
  if (tag === 'safe') return chain.safe()
  if (tag === 'finalized') return chain.finalized()
  return chain.head()
}
