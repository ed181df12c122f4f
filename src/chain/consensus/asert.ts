/** Computes the target of proof-of-work blocks by the ASERT rule: a function of an anchor and of the block before. */

/** The block that a schedule starts from. */
export interface AsertAnchor {
  /** Highest digest that its seal may have, as a 256-bit integer. */
  readonly target: bigint
  readonly number: bigint
  /** Of the block before the anchor, in seconds; one block time before a genesis, which has none. */
  readonly parentTime: bigint
}

/** How fast blocks come, and how the target follows when they do not; times in seconds. */
export interface AsertPace {
  readonly blockTime: bigint
  /** A chain that is so far behind its schedule has its target doubled. */
  readonly halfLife: bigint
  readonly easiestTarget: bigint
}

/** From these shifts on the target is at its bound, and is not computed. */
const [mostUp, mostDown] = [256n, -300n]
/** One as a fixed-point number of 16 bits, and the coefficients of the cubic that stands for 2^x. */
const one = 65_536n
const [linear, square, cube] = [195_766_423_245_049n, 971_821_376n, 5_127n]

/**
 * The target of the block after `parent`; division truncates toward zero, shifts round down.
 *
 * @param parent - its timestamp in seconds, which may be before the anchor's
 * @returns a 256-bit integer from 1 to the easiest target
 * @see ASERT specification (aserti3-2d), "Target computation"
 */
export function nextTarget(
  anchor: AsertAnchor,
  parent: { readonly number: bigint; readonly timestamp: bigint },
  { blockTime, halfLife, easiestTarget }: AsertPace,
): bigint {
  const scheduled = blockTime * (parent.number - anchor.number + 1n)
  const late = parent.timestamp - anchor.parentTime - scheduled
  const exponent = (late * one) / halfLife
  const shift = exponent >> 16n
  if (shift > mostUp) return easiestTarget
  if (shift < mostDown) return 1n
  const part = exponent - shift * one
  const cubic = linear * part + square * part ** 2n + cube * part ** 3n + 2n ** 47n
  const scaled = anchor.target * (one + (cubic >> 48n))
  const target = (shift < 0n ? scaled >> -shift : scaled << shift) >> 16n
  if (target < 1n) return 1n
  return target < easiestTarget ? target : easiestTarget
}

/** Hashes that a block of this target takes on average: its difficulty, and its work. */
export function difficultyOf(target: bigint): bigint {
  return 2n ** 256n / (target + 1n)
}
