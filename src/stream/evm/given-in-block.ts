/** Tells what an endpoint gave of each block, and holds it against what the block's receipts name. */

import type { Discovery, FoundEvents, SourceEvent } from '../source.ts'
import { dishonest } from './block-checks.ts'

/** What was found, by the number of its block. */
export function givenByBlock({ events, discovered }: FoundEvents): (number: number) => FoundEvents {
  const eventsIn = Map.groupBy(events, ({ blockNumber }) => blockNumber)
  const discoveredIn = Map.groupBy(discovered, ({ blockNumber }) => blockNumber)
  return (number) => ({
    events: eventsIn.get(number) ?? [],
    discovered: discoveredIn.get(number) ?? [],
  })
}

/** In what the events that were given are others than the proven ones. */
export interface Difference {
  readonly hidden: number
  /** What is told of the endpoint. */
  readonly lies: readonly string[]
}

/** Holds events against those that receipts prove. */
export function differenceOf(
  given: readonly SourceEvent[],
  proven: readonly SourceEvent[],
): Difference {
  const [hidden, madeUp] = [without(proven, given), without(given, proven)]
  const of = ([first]: readonly SourceEvent[]) => `that the receipts of block ${first?.blockNumber}`
  return {
    hidden: hidden.length,
    lies: [
      ...(hidden.length > 0 ? [`it did not give ${hidden.length} logs ${of(hidden)} prove`] : []),
      ...(madeUp.length > 0 ? [`it gave ${madeUp.length} logs ${of(madeUp)} do not hold`] : []),
    ],
  }
}

function without(events: readonly SourceEvent[], others: readonly SourceEvent[]) {
  const known = new Set(others.map(({ key }) => key))
  return events.filter(({ key }) => !known.has(key))
}

/**
 * The contracts that a block names must be those that its receipts prove: one that is made up would be listened to from
 * then on, and its events are real; of one that is hidden the events of the same range were not asked for.
 *
 * @throws AppError `stream/dishonest`
 */
export function mustNameTheSame(
  number: number,
  given: readonly Discovery[],
  proven: readonly Discovery[],
): void {
  const [told, real] = [given, proven].map(
    (all) => new Set(all.map(({ factory, address }) => `${factory} ${address}`)),
  ) as [Set<string>, Set<string>]
  if (told.symmetricDifference(real).size === 0) return
  throw dishonest(`the receipts of block ${number} name other contracts than it does`)
}
