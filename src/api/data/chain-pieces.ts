/** Reads a chain from block to block, and sees when a reorganisation would make the next one not fit. */

import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { ApiChain } from '../api-dependencies.ts'
import { ask } from '../routes/failures.ts'
import type { Quantity } from './data-shapes.ts'

/** Blocks that are wanted, by number. */
export interface BlockRange {
  readonly from: number
  /** The head unless said. */
  readonly to: number | undefined
}

interface BlockPage {
  readonly blocks: readonly Json[]
  readonly parentHash: Quantity | null
  readonly lastHash: Quantity | null
  readonly next: Quantity | null
}

/** One page of blocks as JSON, oldest first. */
export async function jsonPage(
  chain: ApiChain,
  { from, to }: BlockRange,
  limit: number,
): Promise<{ readonly items: readonly Json[]; readonly next: string | null }> {
  const page = await ask<BlockPage>(chain, 'qs_blocks', [from, to ?? null, limit])
  return { items: page.blocks, next: page.next && String(Number(page.next)) }
}

/** Blocks as lines of JSON. */
export async function* jsonLines(chain: ApiChain, range: BlockRange): AsyncGenerator<Uint8Array> {
  for await (const blocks of pagesOf(chain, 'qs_blocks', range)) {
    const lines = blocks.map((block) => `${JSON.stringify(block)}\n`)
    yield Buffer.from(lines.join(''))
  }
}

/** Blocks in RLP, one after the other. */
export async function* rawBlocks(chain: ApiChain, range: BlockRange): AsyncGenerator<Uint8Array> {
  for await (const blocks of pagesOf(chain, 'qs_rawBlocks', range)) {
    yield Buffer.concat(blocks.map((block) => Buffer.from(String(block).slice(2), 'hex')))
  }
}

/**
 * Page after page, up to what is the head now.
 *
 * @throws AppError `api/chain-moved` when a block does not stand on the one before
 */
async function* pagesOf(
  chain: ApiChain,
  method: string,
  { from, to }: BlockRange,
): AsyncGenerator<readonly Json[]> {
  const end = to ?? Number(await ask<Quantity>(chain, 'eth_blockNumber'))
  let next: number | undefined = from
  let last: Quantity | null = null
  while (next !== undefined) {
    const page: BlockPage = await ask(chain, method, [next, end])
    if (last !== null && page.parentHash !== last) {
      const message = `block ${next} does not stand on the one before it any more: the chain "${chain.name}" was reorganised`
      throw new AppError({ code: 'api/chain-moved', message, retry: 'now' })
    }
    if (page.blocks.length > 0) yield page.blocks
    last = page.lastHash
    next = page.next === null ? undefined : Number(page.next)
  }
}
