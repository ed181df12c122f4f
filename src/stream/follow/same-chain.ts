/** Finds out whether an endpoint still serves the chain that was read before, and where the two part. */

import { AppError } from '../../base/app-error.ts'
import { inconsistent, type Source, type SourceBlock } from '../source.ts'
import type { Checkpoint, KeptBlocks } from './kept-blocks.ts'

/** What is compared. */
export interface Comparison {
  readonly source: Source
  readonly kept: KeptBlocks
  /** Name of the chain in this process, for messages. */
  readonly chain: string
  readonly chainId: number
  readonly window: number
}

/**
 * Checks the chain id.
 *
 * @throws AppError `stream/cannot-go-on`
 */
export async function mustHaveChainId(
  comparison: Comparison,
  stored: Checkpoint | undefined,
): Promise<void> {
  const { source, chainId } = comparison
  const found = await source.chainId()
  if (found !== chainId) throw cannot(comparison, `its chain id is ${found}, not ${chainId}`)
  if (stored && stored.chainId !== chainId) {
    throw cannot(
      comparison,
      `the stored events are those of chain id ${stored.chainId}, not ${chainId}; choose another folder by --data`,
    )
  }
}

/**
 * Compares block 0 with the one that was there before.
 *
 * @returns its hash, where the endpoint has it
 * @throws AppError `stream/cannot-go-on`
 */
export async function mustHaveGenesis(
  comparison: Comparison,
  stored: Checkpoint | undefined,
): Promise<string | undefined> {
  const found = await blockAt(comparison.source, 0).catch((error: unknown) => {
    // Endpoints may have dropped the far past.
    const dropped = ['json-rpc/error', 'stream/inconsistent']
    if (error instanceof AppError && dropped.includes(error.code)) return undefined
    throw error
  })
  if (found && stored?.genesis !== undefined && found.hash !== stored.genesis) {
    throw cannot(
      comparison,
      'its block 0 is not the one that was read before: it is another chain, or was begun anew; choose another folder by --data, or point it at the chain of before',
    )
  }
  return stored?.genesis ?? found?.hash
}

/**
 * Tells an endpoint that lags from one that lost its data, where its head is below all blocks that are kept.
 *
 * @throws AppError `stream/cannot-go-on`, or `stream/endpoint-behind` to try again
 */
export async function mustCatchUp(
  comparison: Comparison,
  checkpoint: Checkpoint,
  head: number,
): Promise<never> {
  await mustHaveGenesis(comparison, checkpoint)
  const anchor = await comparison.kept.eventAnchor(head)
  if (anchor && (await blockAt(comparison.source, anchor.number)).hash !== anchor.hash) {
    throw cannot(
      comparison,
      `its head is block ${head}, below block ${checkpoint.number} which was read before, and its block ${anchor.number} is another one: it lost its data or is another chain; choose another folder by --data`,
    )
  }
  const message = `the endpoint's head is block ${head}, far below block ${checkpoint.number} which was read before; waiting until it is there again (if its data were deleted, choose another folder by --data)`
  throw new AppError({ code: 'stream/endpoint-behind', message, retry: 'later' })
}

/**
 * The highest kept block below `from`, which left, that is on the endpoint's chain.
 *
 * @throws AppError `stream/cannot-go-on`, `stream/inconsistent`
 */
export async function commonAncestor(comparison: Comparison, from: number): Promise<number> {
  const { source, kept, window } = comparison
  let above = await blockAt(source, from)
  for (let number = from - 1; ; number -= 1) {
    const known = await kept.hashAt(number)
    if (known === undefined) {
      throw cannot(
        comparison,
        `it left the chain below block ${number + 1}, deeper than the ${window} blocks that are kept; a person must look at what happened there, and then begin anew in another folder by --data`,
      )
    }
    const block = await blockAt(source, number)
    if (above.parentHash !== block.hash) {
      throw inconsistent(`block ${number + 1} has another parent`)
    }
    if (block.hash === known) return number
    above = block
  }
}

/** One block of the endpoint's chain. @throws AppError `stream/inconsistent` if it has none of that number */
export async function blockAt(source: Source, number: number): Promise<SourceBlock> {
  const [block] = await source.blocksAt([number])
  if (block) return block
  throw inconsistent(`block ${number} is missing`)
}

function cannot({ chain }: Comparison, what: string): AppError {
  const message = `the listener of "${chain}" cannot follow its endpoint: ${what}`
  return new AppError({ code: 'stream/cannot-go-on', message })
}
