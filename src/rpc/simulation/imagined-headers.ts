/** Lays out the blocks that are to be imagined: their numbers, times, and headers before anything has run. */

import type { Header } from '../../chain/ledger/block.ts'
import { emptyOmmersHash } from '../../chain/ledger/block-codec.ts'
import { type ChainRules, isAtLeast } from '../../chain/ledger/fork-rules.ts'
import { orderedRoot } from '../../chain/state/ordered-root.ts'
import { errorCodes, rpcError } from '../envelope/rpc-error.ts'
import type { BlockWishes, ImaginedCalls } from '../params/simulation.ts'

/** Most blocks after the base, those between included (execution-apis, eth_simulateV1). */
export const mostImaginedBlocks = 256n
/** Seconds between blocks whose times are not said. */
const secondsBetween = 12n

/** A block with its place. */
export interface PlacedCalls extends ImaginedCalls {
  readonly number: bigint
  readonly timestamp: bigint
}

const nothing: BlockWishes = {
  ...{ number: undefined, timestamp: undefined, gasLimit: undefined, beneficiary: undefined },
  ...{ difficulty: undefined, mixHash: undefined, baseFeePerGas: undefined },
  ...{ blobBaseFee: undefined, parentBeaconBlockRoot: undefined, withdrawals: [] },
}

/**
 * Gives each block its number and time, and fills gaps between numbers with empty blocks.
 *
 * @throws AppError `json-rpc/error` -38020 and -38021 for numbers and times out of order, -38026 for too many blocks
 */
export function placeBlocks(base: Header, blocks: readonly ImaginedCalls[]): PlacedCalls[] {
  const placed: PlacedCalls[] = []
  let { number, timestamp } = base
  const add = (block: ImaginedCalls, at: bigint, time = timestamp + secondsBetween) => {
    if (time <= timestamp) {
      throw rpcError(
        errorCodes.blockTimestamp,
        `block timestamps must be in order: ${time} <= ${timestamp}`,
      )
    }
    number = at
    timestamp = time
    placed.push({ ...block, number, timestamp })
  }
  for (const block of blocks) {
    const at = block.wishes.number ?? number + 1n
    if (at <= number) {
      throw rpcError(errorCodes.blockNumber, `block numbers must be in order: ${at} <= ${number}`)
    }
    if (at - base.number > mostImaginedBlocks) {
      throw rpcError(errorCodes.clientLimit, 'too many blocks')
    }
    while (number + 1n < at) add({ wishes: nothing, accounts: [], calls: [] }, number + 1n)
    add(block, at, block.wishes.timestamp)
  }
  return placed
}

const noRoot = new Uint8Array(32)

/** The header of a block before it is run; roots, gas, parent and fee are still those of nothing. */
export function emptyHeader(rules: ChainRules, before: Header, block: PlacedCalls): Header {
  const { number, timestamp, wishes } = block
  // Without an own word a block before the Merge is followed by others like it.
  const { difficulty: own = before.difficulty } = wishes
  const { hardfork } = rules.rulesAt({ number, timestamp, difficulty: own })
  const since = <T>(fork: Parameters<typeof isAtLeast>[1], value: T) =>
    isAtLeast(hardfork, fork) ? value : undefined
  return {
    parentHash: noRoot,
    ommersHash: emptyOmmersHash,
    beneficiary: wishes.beneficiary ?? before.beneficiary,
    stateRoot: noRoot,
    transactionsRoot: orderedRoot([]),
    receiptsRoot: orderedRoot([]),
    logsBloom: new Uint8Array(256),
    difficulty: isAtLeast(hardfork, 'paris') ? 0n : own,
    ...{ number, gasLimit: wishes.gasLimit ?? before.gasLimit, gasUsed: 0n, timestamp },
    extraData: new Uint8Array(),
    mixHash: wishes.mixHash ?? noRoot,
    nonce: new Uint8Array(8),
    baseFeePerGas: since('london', wishes.baseFeePerGas ?? 0n),
    withdrawalsRoot: since('shanghai', orderedRoot([])),
    ...{ blobGasUsed: since('cancun', 0n), excessBlobGas: since('cancun', 0n) },
    parentBeaconBlockRoot: since('cancun', wishes.parentBeaconBlockRoot ?? noRoot),
    requestsHash: since('prague', noRoot),
  }
}
