/** Runs a simulation: block after block, each on the state that the one before it left. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { ExecutedTransaction } from '../../chain/evm/evm.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import type { Hash } from '../../chain/ledger/transaction.ts'
import { errorCodes, errorObject } from '../envelope/rpc-error.ts'
import { blockJson } from '../format/block-json.ts'
import { toQuantity } from '../format/quantity.ts'
import { logJson } from '../format/receipt-json.ts'
import type { BlockReference } from '../params/block-reference.ts'
import type { Simulation } from '../params/simulation.ts'
import { stateOf } from '../view/blocks.ts'
import { haltError } from '../view/calls.ts'
import type { ChainContext } from '../view/context.ts'
import { type ImaginedResult, imagineBlock, type SimulationSite } from './imagined-block.ts'
import { emptyHeader, placeBlocks } from './imagined-headers.ts'

/** The answer of eth_simulateV1: the blocks as they would be, each with the results of its calls. */
export async function simulate(
  context: ChainContext,
  options: Simulation,
  at: BlockReference,
): Promise<Json> {
  const { chain, clock, limits } = context
  const base = await stateOf(context, at)
  const endMs = clock.nowMs() + limits.callMs
  const hashes = new Map<bigint, Hash>()
  const site: SimulationSite = {
    ...{ context, options, gas: { left: limits.callGas } },
    isLate: () => context.isStopping() || clock.nowMs() > endMs,
    blockHash: (number) =>
      number <= base.block.header.number ? chain.blockHash(number) : hashes.get(number),
  }
  let before = base.block.header
  let parent: Pick<ExecutedBlock['block'], 'header' | 'hash'> = base.block
  let { state } = base
  const blocks: Json[] = []
  for (const block of placeBlocks(before, options.blocks)) {
    before = emptyHeader(chain.rules, before, block)
    const result = await imagineBlock(site, block, { parent, header: before, state })
    parent = result.executed.block
    state = result.state
    hashes.set(block.number, parent.hash)
    blocks.push(resultJson(result, options))
  }
  return blocks
}

function resultJson({ executed, results }: ImaginedResult, options: Simulation): Json {
  let logIndex = 0
  const calls = results.map((result, position) => {
    const logs = Array.from(options.traceTransfers ? result.told : result.receipt.logs, (log) => {
      const shown = logJson(executed, { log, position, logIndex })
      logIndex += 1
      return shown
    })
    // Logs that were taken back have their places, too, as geth counts.
    logIndex += result.everTold - logs.length
    return { ...callJson(result), logs }
  })
  return { ...blockJson(executed, options.returnFullTransactions), calls }
}

function callJson(executed: ExecutedTransaction) {
  const { receipt, halt, output, gasNeeded } = executed
  const shown = {
    // Why it failed is told by the error.
    returnData: halt === undefined ? toHex(output) : '0x',
    gasUsed: toQuantity(receipt.gasUsed),
    maxUsedGas: toQuantity(gasNeeded),
    status: receipt.succeeded ? '0x1' : '0x0',
  }
  if (halt === undefined) return shown
  const { code, message, data } = errorObject(haltError(executed, output)) ?? {
    ...{ code: errorCodes.server, message: 'execution failed', data: undefined },
  }
  const isRevert = code === errorCodes.reverted
  const error = isRevert
    ? { code, message, ...(data !== undefined && { data }) }
    : { code: errorCodes.execution, message }
  return { ...shown, error }
}
