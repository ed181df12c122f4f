/** Proves what factories made in a span of blocks, by the headers and receipts of these. */

import type { EventDecoder } from '../event-decoder.ts'
import {
  type BlockSpan,
  type Discovery,
  type FoundDiscoveries,
  inconsistent,
  numbersOf,
  type SourceBlock,
} from '../source.ts'
import { bloomOf, type EvmBlock } from './evm-answers.ts'
import { type Difference, differenceOf, ofDiscoveries } from './given-in-block.ts'
import type { HeaderForm } from './header-form.ts'

/** What a proof needs of an endpoint. */
interface Proving {
  readonly decoder: EventDecoder
  readonly form: HeaderForm
  /** Whether every block of the span is looked at, so that nothing can be hidden; else those of which something was told. */
  readonly isWhole: boolean
  blocksAt(numbers: readonly number[]): Promise<readonly EvmBlock[]>
  /** What the receipts of blocks name, as their headers prove these. */
  namedBy(blocks: readonly EvmBlock[]): Promise<readonly (readonly Discovery[])[]>
}

/** What an endpoint told of a span. */
interface Told {
  readonly span: BlockSpan
  readonly given: readonly Discovery[]
}

/** Headers that are held at once. */
const maxHeaders = 500

/**
 * What the receipts of the blocks name, where their bloom filters let anything be named at all; and in what the endpoint
 * told otherwise.
 *
 * @throws AppError `stream/dishonest` for headers that are not those of their hashes, and receipts of theirs; and
 * `stream/inconsistent` for blocks that do not follow each other
 */
export async function proveDiscoveries(
  proving: Proving,
  { span, given }: Told,
): Promise<FoundDiscoveries & { readonly difference: Difference }> {
  const { isWhole } = proving
  const told = Map.groupBy(given, ({ blockNumber }) => blockNumber)
  const numbers = isWhole ? numbersOf(span) : [...told.keys()].sort((a, b) => a - b)
  const discovered: Discovery[] = []
  const blocks: SourceBlock[] = []
  for (let at = 0; at < numbers.length; at += maxHeaders) {
    const headed = await proving.blocksAt(numbers.slice(at, at + maxHeaders))
    discovered.push(...(await namedIn(proving, headed, told)))
    blocks.push(...headed.map(withoutHeader))
  }
  const last = isWhole ? mustFollow(blocks) : blocks
  return { discovered, blocks: last, difference: differenceOf(given, discovered, ofDiscoveries) }
}

async function namedIn(
  { decoder, form, namedBy }: Proving,
  blocks: readonly EvmBlock[],
  told: ReadonlyMap<number, readonly Discovery[]>,
): Promise<readonly Discovery[]> {
  const [first] = blocks
  if (first) await form.learn(first)
  const [bound, free] = [true, false].map((wanted) =>
    blocks.filter((block) => form.mustBind(block) === wanted),
  ) as [EvmBlock[], EvmBlock[]]
  const doubted = bound.filter((block) => decoder.mayDiscover(bloomOf(block)))
  const proven = (await namedBy(doubted)).flat()
  // Of a header with a form of its own nothing is proven.
  return [...proven, ...free.flatMap(({ number }) => told.get(number) ?? [])]
}

/** The last block, whose hash binds all before it. @throws AppError `stream/inconsistent` */
function mustFollow(blocks: readonly SourceBlock[]): readonly SourceBlock[] {
  for (const [at, { number, parentHash }] of blocks.entries()) {
    if (at === 0 || blocks[at - 1]?.hash === parentHash) continue
    throw inconsistent(`block ${number} has another parent`)
  }
  return blocks.slice(-1)
}

function withoutHeader({ number, hash, parentHash, timeMs }: EvmBlock): SourceBlock {
  return { number, hash, parentHash, timeMs }
}
