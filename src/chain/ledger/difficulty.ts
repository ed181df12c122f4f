/** Computes the difficulty of proof-of-work headers, from Frontier to Gray Glacier. */

/** How difficulty follows from the parent, and by how many blocks its exponential part is put off. */
export interface DifficultyRule {
  readonly adjustment: 'frontier' | 'homestead' | 'byzantium'
  readonly bombDelay: bigint
}

/** The rules by the fork that brought each: EIP-2, 100 and 649, 1234, 2384, 3554, 4345 and 5133. */
export const difficultyRules = {
  frontier: { adjustment: 'frontier', bombDelay: 0n },
  homestead: { adjustment: 'homestead', bombDelay: 0n },
  byzantium: { adjustment: 'byzantium', bombDelay: 3_000_000n },
  constantinople: { adjustment: 'byzantium', bombDelay: 5_000_000n },
  'muir-glacier': { adjustment: 'byzantium', bombDelay: 9_000_000n },
  london: { adjustment: 'byzantium', bombDelay: 9_700_000n },
  'arrow-glacier': { adjustment: 'byzantium', bombDelay: 10_700_000n },
  'gray-glacier': { adjustment: 'byzantium', bombDelay: 11_400_000n },
} as const satisfies Readonly<Record<string, DifficultyRule>>

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
 * The difficulty of a block after `parent`.
 *
 * @param timestamp - the block's own, in seconds
 * @see Yellow Paper, section 4.3.4 (equations for D(H)), and the EIPs of `difficultyRules`
 */
export function nextDifficulty(
  rule: DifficultyRule,
  parent: DifficultyParent,
  timestamp: bigint,
): bigint {
  const steps = stepsOf(rule, parent, timestamp - parent.timestamp)
  const smooth = parent.difficulty + (parent.difficulty / 2_048n) * steps
  const number = parent.number + 1n
  const period = (number > rule.bombDelay ? number - rule.bombDelay : 0n) / bombPeriod
  const difficulty = period > 1n ? smooth + 2n ** (period - 2n) : smooth
  return difficulty > minDifficulty ? difficulty : minDifficulty
}

function stepsOf(rule: DifficultyRule, parent: DifficultyParent, seconds: bigint): bigint {
  if (rule.adjustment === 'frontier') return seconds < 13n ? 1n : -1n
  const steps =
    rule.adjustment === 'homestead'
      ? 1n - seconds / 10n
      : (parent.hasOmmers ? 2n : 1n) - seconds / 9n
  return steps > mostDown ? steps : mostDown
}
