/** Holds the options of a listener, with what they are where nothing is said. */

import { AppError } from '../base/app-error.ts'

/** Which chain, and how it is followed. */
export interface ListenerOptions {
  /** Name of the chain in this process. */
  readonly chain: string
  readonly chainId: number
  /** First block that is read when there is no checkpoint yet; `latest` is what comes after the head. */
  readonly startBlock: number | 'latest'
  /** Last block that is read; without it there is no end. */
  readonly endBlock?: number
  /** Blocks on top of an event's block before it is confirmed; default 1, 0 is at once. */
  readonly confirmations?: number
  /** Blocks on top before it is safe and finalized, where the endpoint has no such tag; default 64. */
  readonly finalityDepth?: number
  readonly pollMs: number
  /** Most blocks asked for at once; default 2,000. */
  readonly maxRange?: number
  /** The deepest reorganisation that is followed, in blocks; default 128. */
  readonly window?: number
  /** With more blocks than this before the head, they are read beside the following; default 1,000. */
  readonly shortHistory?: number
}

/** Options in which nothing is left out but the end. */
export type CompleteOptions = Required<Omit<ListenerOptions, 'endBlock'>> &
  Pick<ListenerOptions, 'endBlock'>

/** The options with their defaults. @throws AppError `stream/bad-setting` */
export function completeOptions(options: ListenerOptions): CompleteOptions {
  const { startBlock, endBlock = 0, confirmations = 1, finalityDepth = 64 } = options
  const { maxRange = 2_000, window = 128, shortHistory = 1_000 } = options
  const first = startBlock === 'latest' ? 0 : startBlock
  const whole = { startBlock: first, endBlock, confirmations, finalityDepth, shortHistory }
  for (const [name, value] of Object.entries({ ...whole, maxRange, window })) {
    const least = name in whole ? 0 : 1
    if (Number.isSafeInteger(value) && value >= least) continue
    const message = `${name} of the listener of "${options.chain}" is ${value}, not a whole number from ${least}`
    throw new AppError({ code: 'stream/bad-setting', message })
  }
  return { ...options, confirmations, finalityDepth, maxRange, window, shortHistory }
}
