/** Reads what eth_simulateV1 is asked to imagine: blocks, each with overrides and calls. */

import type { Withdrawal } from '../../chain/ledger/block.ts'
import type { Address, Hash } from '../../chain/ledger/transaction.ts'
import { type CallRequest, callRequest } from './call-request.ts'
import { type AccountOverride, stateOverrides } from './overrides.ts'
import { listOf, optional, type Parser, record } from './parser.ts'
import { withdrawals } from './payload-attributes.ts'
import { address, flag, hash, quantity, quantity64 } from './values.ts'

/** What a block is imagined to be; what is absent follows from the block before it. */
export interface BlockWishes {
  readonly number: bigint | undefined
  readonly timestamp: bigint | undefined
  readonly gasLimit: bigint | undefined
  readonly beneficiary: Address | undefined
  readonly difficulty: bigint | undefined
  readonly mixHash: Hash | undefined
  readonly baseFeePerGas: bigint | undefined
  readonly blobBaseFee: bigint | undefined
  readonly parentBeaconBlockRoot: Hash | undefined
  readonly withdrawals: readonly Withdrawal[]
}

/** One block to imagine. */
export interface ImaginedCalls {
  readonly wishes: BlockWishes
  readonly accounts: readonly AccountOverride[]
  readonly calls: readonly CallRequest[]
}

/** What to imagine, and how to tell of it. */
export interface Simulation {
  readonly blocks: readonly ImaginedCalls[]
  /** Nonces, fees and funds are checked as for real transactions. */
  readonly validation: boolean
  readonly traceTransfers: boolean
  readonly returnFullTransactions: boolean
}

/** Bounds of one request. */
export interface SimulationBounds {
  readonly blocks: number
  /** Calls of one block. */
  readonly calls: number
  readonly overrideEntries: number
}

/** Reads the object; more blocks than are allowed are left for the method to refuse. */
export function simulation(bounds: SimulationBounds): Parser<Simulation> {
  const no = optional(flag, false)
  const blocks = listOf(imaginedCalls(bounds), Number.POSITIVE_INFINITY)
  return (value, path) => {
    const fields = record(value, path)
    const { blockStateCalls = [] } = fields
    const few = Array.isArray(blockStateCalls)
      ? blockStateCalls.slice(0, bounds.blocks + 1)
      : blockStateCalls
    return {
      blocks: blocks(few, `${path}.blockStateCalls`),
      validation: no(fields.validation, `${path}.validation`),
      traceTransfers: no(fields.traceTransfers, `${path}.traceTransfers`),
      returnFullTransactions: no(fields.returnFullTransactions, `${path}.returnFullTransactions`),
    }
  }
}

function imaginedCalls({ calls, overrideEntries }: SimulationBounds): Parser<ImaginedCalls> {
  const accounts = optional(stateOverrides(overrideEntries), [])
  const requests = optional(listOf(callRequest, calls), [])
  return (value, path) => {
    const fields = record(value, path)
    return {
      wishes: blockWishes(fields.blockOverrides ?? {}, `${path}.blockOverrides`),
      accounts: accounts(fields.stateOverrides, `${path}.stateOverrides`),
      calls: requests(fields.calls, `${path}.calls`),
    }
  }
}

const blockWishes: Parser<BlockWishes> = (value, path) => {
  const fields = record(value, path)
  const read = <T>(name: string, parse: Parser<T>) =>
    optional(parse)(fields[name], `${path}.${name}`)
  return {
    number: read('number', quantity64),
    timestamp: read('time', quantity64),
    gasLimit: read('gasLimit', quantity64),
    beneficiary: read('feeRecipient', address),
    difficulty: read('difficulty', quantity),
    mixHash: read('prevRandao', hash),
    baseFeePerGas: read('baseFeePerGas', quantity),
    blobBaseFee: read('blobBaseFee', quantity),
    parentBeaconBlockRoot: read('beaconRoot', hash),
    withdrawals: read('withdrawals', withdrawals) ?? [],
  }
}
