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

/** In what was given otherwise than it is proven. */
export interface Difference {
  readonly hidden: number
  /** What is told of the endpoint. */
  readonly lies: readonly string[]
}

/** How one kind of what is given is compared, and what is told where it differs. */
export interface Comparing<One> {
  keyOf(one: One): string
  hid(count: number, block: number): string
  madeUp(count: number, block: number): string
}

/** How events are held against those that receipts prove. */
export const ofEvents: Comparing<SourceEvent> = {
  keyOf: ({ key }) => key,
  hid: (count, block) => `it did not give ${count} logs that the receipts of block ${block} prove`,
  madeUp: (count, block) => `it gave ${count} logs that the receipts of block ${block} do not hold`,
}

/** How contracts that factories made are held against those that receipts name. */
export const ofDiscoveries: Comparing<Discovery> = {
  keyOf: ({ blockNumber, factory, address }) => `${blockNumber} ${factory} ${address}`,
  hid: (count, block) => `it did not name ${count} contracts that block ${block} does`,
  madeUp: (count, block) => `it named ${count} contracts that block ${block} does not`,
}

/** Holds what was given against what is proven. */
export function differenceOf<One extends { readonly blockNumber: number }>(
  given: readonly One[],
  proven: readonly One[],
  { keyOf, hid, madeUp }: Comparing<One>,
): Difference {
  const without = (all: readonly One[], others: readonly One[]) => {
    const known = new Set(others.map(keyOf))
    return all.filter((one) => !known.has(keyOf(one)))
  }
  const [hidden, untrue] = [without(proven, given), without(given, proven)]
  const lies = [
    hidden[0] && hid(hidden.length, hidden[0].blockNumber),
    untrue[0] && madeUp(untrue.length, untrue[0].blockNumber),
  ]
  return { hidden: hidden.length, lies: lies.filter((one) => one !== undefined) }
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
  if (differenceOf(given, proven, ofDiscoveries).lies.length === 0) return
  throw dishonest(`the receipts of block ${number} name other contracts than it does`)
}
