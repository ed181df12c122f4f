/** Computes the difficulty of proof-of-work headers, from Frontier to Gray Glacier. */

import { isAtLeast, type Rules } from './fork-rules.ts'

/** What difficulty follows from. */
export interface DifficultyParent {
  readonly number: bigint
  /** Seconds. */
  readonly timestamp: bigint
  readonly difficulty: bigint
  readonly hasOmmers: boolean
}

/** No block is easier. */
const minDifficulty = 131_072n
/** Largest step down, in parts of 1/2048. */
const mostDown = -99n
/** Blocks in which the exponential part doubles once. */
const bombPeriod = 100_000n

/**
 * The difficulty of a block after `parent`; the rules are those of the block.
 *
 * @param timestamp - the block's own, in seconds
 * @see Yellow Paper, section 4.3.4 (equations for D(H)), EIP-2, EIP-100, and for the delays EIP-649 and its successors
 */
export function nextDifficulty(
  rules: Pick<Rules, 'hardfork' | 'numbers'>,
  parent: DifficultyParent,
  timestamp: bigint,
): bigint {
  const steps = stepsOf(rules, parent, timestamp - parent.timestamp)
  const smooth = parent.difficulty + (parent.difficulty / 2_048n) * steps
  const number = parent.number + 1n
  const delay = BigInt(rules.numbers.bombDelay)
  const period = (number > delay ? number - delay : 0n) / bombPeriod
  const difficulty = period > 1n ? smooth + 2n ** (period - 2n) : smooth
  return difficulty > minDifficulty ? difficulty : minDifficulty
}

function stepsOf(
  { hardfork }: Pick<Rules, 'hardfork'>,
  parent: DifficultyParent,
  seconds: bigint,
): bigint {
  if (!isAtLeast(hardfork, 'homestead')) return seconds < 13n ? 1n : -1n
  const steps = isAtLeast(hardfork, 'byzantium')
    ? (parent.hasOmmers ? 2n : 1n) - seconds / 9n
    : 1n - seconds / 10n
  return steps > mostDown ? steps : mostDown
}
