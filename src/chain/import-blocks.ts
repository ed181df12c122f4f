/** Adds blocks of elsewhere to a chain, one after the other. */

import { equalBytes } from '../base/bytes.ts'
import type { DrivenChain } from './chain-parts.ts'
import type { Block } from './ledger/block.ts'

/** What came of the blocks. */
export interface ImportResult {
  /** Blocks that are new in the chain, that it had already, and that are of a branch that it does not follow. */
  readonly added: number
  readonly known: number
  readonly aside: number
  /** Why the blocks after these were not taken; absent when all were, or the import was ended early. */
  readonly refused?: { readonly number: bigint; readonly rule: string; readonly detail: string }
}

/** How blocks are added. */
export interface ImportOptions {
  /** Ends the import after a block; asked for again with the same blocks, it goes on there. */
  readonly signal?: AbortSignal
  /** Hears of each block that was looked at. */
  readonly tell?: (number: bigint) => void
}

/**
 * Gives blocks to a chain in order. Those that it has are passed over, those of a branch that it does not follow are kept
 * beside it; the first that is refused ends the import.
 */
export async function importBlocks(
  chain: Pick<DrivenChain, 'blockHash' | 'importBlock'>,
  blocks: AsyncIterable<Block>,
  { signal, tell }: ImportOptions = {},
): Promise<ImportResult> {
  const counts = { added: 0, known: 0, aside: 0 }
  for await (const block of blocks) {
    if (signal?.aborted) break
    const { number } = block.header
    const has = () => equalBytes(chain.blockHash(number) ?? nothing, block.hash)
    if (has()) counts.known += 1
    else {
      const reason = await refusal(chain, block)
      if (reason) return { ...counts, refused: { number, ...reason } }
      counts[has() ? 'added' : 'aside'] += 1
    }
    tell?.(number)
  }
  return counts
}

const nothing = new Uint8Array()

async function refusal(
  chain: Pick<DrivenChain, 'importBlock'>,
  block: Block,
): Promise<{ rule: string; detail: string } | undefined> {
  if (block.header.number === 0n) {
    return { rule: 'other-chain', detail: 'the blocks are of a chain of another birth' }
  }
  const verdict = await chain.importBlock(block)
  if (verdict.kind === 'valid') return undefined
  if (verdict.kind === 'invalid') return { rule: verdict.rule, detail: verdict.detail }
  return { rule: 'too-early', detail: 'its time has not come yet' }
}
