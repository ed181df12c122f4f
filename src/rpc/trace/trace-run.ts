/** Runs transactions of the past again, and calls, while a tracer watches. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import { type BlockRun, contextOf, type ImaginedBlock } from '../../chain/evm/evm.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import type { Transaction } from '../../chain/ledger/transaction.ts'
import { authorityOf } from '../../chain/ledger/transaction-codec.ts'
import { serverError } from '../envelope/rpc-error.ts'
import type { BlockReference } from '../params/block-reference.ts'
import type { CallRequest } from '../params/call-request.ts'
import type { TraceOptions } from '../params/trace-options.ts'
import { callGas, checkFunds, prepareCall } from '../view/calls.ts'
import type { ChainContext } from '../view/context.ts'
import { CallTracer } from './call-tracer.ts'
import { PrestateTracer } from './prestate-tracer.ts'
import { GasProfiler, NoTracer, SelectorTracer } from './small-tracers.ts'
import { StructLogger } from './struct-logger.ts'
import { endOf, type Traced, type Tracer, tracedOf } from './tracer.ts'

/** The trace of one transaction of a block. */
export async function traceTransaction(
  context: ChainContext,
  { executed, position }: { readonly executed: ExecutedBlock; readonly position: number },
  options: TraceOptions,
): Promise<Json> {
  const traces = await replay(context, executed, { options, from: position, to: position })
  return traces[0]?.result ?? null
}

/** The traces of all transactions of a block. */
export function traceBlock(
  context: ChainContext,
  executed: ExecutedBlock,
  options: TraceOptions,
): Promise<Json> {
  const last = executed.block.transactions.length - 1
  return replay(context, executed, { options, from: 0, to: last })
}

/** The trace of a call on the state after a block. */
export async function traceCall(
  context: ChainContext,
  request: CallRequest,
  { at, options }: { readonly at: BlockReference; readonly options: TraceOptions },
): Promise<Json> {
  const { accounts, block } = options
  const call = await prepareCall(context, request, {
    ...{ at, accounts, block, ...callGas(context) },
  })
  checkFunds(call)
  const { from, to, gasLimit } = call.message
  const traced = { from, to, gasLimit, beneficiary: call.block.beneficiary, authorities: [] }
  const tracer = tracerOf(options, traced, context.limits.responseLength)
  const end = await context.chain.evm.call(call.state, call.block, call.message, tracer)
  if (end.halt === 'too-long') throw late()
  return tracer.result(end)
}

interface Stretch {
  readonly options: TraceOptions
  /** First and last transaction to trace. */
  readonly from: number
  readonly to: number
}

interface TransactionTrace {
  readonly txHash: string
  readonly result: Json
  readonly [name: string]: Json
}

async function replay(
  context: ChainContext,
  executed: ExecutedBlock,
  stretch: Stretch,
): Promise<readonly TransactionTrace[]> {
  const { chain, clock, limits } = context
  const { header } = executed.block
  if (header.number === 0n) throw serverError('genesis is not traceable')
  const state = chain.stateAt(header.parentHash)
  if (!state) {
    throw serverError(
      `state not available before block ${header.number}: only the states of the latest blocks are kept`,
    )
  }
  const endMs = clock.nowMs() + limits.callMs
  // No rule is left out but those that a transaction of a block has kept already.
  const imagined: ImaginedBlock = {
    ...{ lenient: false, moved: [], tellTransfers: false, blobBaseFee: undefined },
    isLate: () => context.isStopping() || clock.nowMs() > endMs,
  }
  const place = contextOf(header, (number) => chain.blockHash(number))
  const run = await chain.evm.openBlock(state, place, { imagined })
  try {
    return await traceRun(context, run, { ...stretch, executed })
  } finally {
    run.drop()
  }
}

async function traceRun(
  { limits }: ChainContext,
  run: BlockRun,
  { executed, options, from, to }: Stretch & { readonly executed: ExecutedBlock },
): Promise<readonly TransactionTrace[]> {
  const { block, senders, transactionHashes } = executed
  const { beneficiary } = block.header
  const traces: TransactionTrace[] = []
  let left = limits.responseLength
  for (const [at, transaction] of block.transactions.slice(0, to + 1).entries()) {
    const sender = senders[at]
    const hash = transactionHashes[at]
    if (!sender || !hash) throw serverError('transaction not found')
    const place = { beneficiary, authorities: authoritiesOf(transaction) }
    const tracer =
      at < from ? undefined : tracerOf(options, tracedOf(transaction, sender, place), left)
    const result = await run.add(transaction, sender, tracer)
    if (result.kind === 'invalid') {
      if (result.rule === 'too-long') throw late()
      throw serverError(`transaction ${toHex(hash)} cannot be run again: ${result.detail}`)
    }
    if (!tracer) continue
    const trace = { txHash: toHex(hash), result: tracer.result(endOf(result)) }
    if (to > from) left -= JSON.stringify(trace.result).length
    traces.push(trace)
  }
  return traces
}

function authoritiesOf(transaction: Transaction): readonly Uint8Array[] {
  if (transaction.type !== 4) return []
  return transaction.authorizations.map(authorityOf).filter((one) => one !== undefined)
}

function tracerOf(options: TraceOptions, traced: Traced, length: number): Tracer {
  const { tracer, isOn, limit } = options
  switch (tracer) {
    case 'callTracer':
      return new CallTracer({ onlyTop: isOn('onlyTopCall'), logs: isOn('withLog'), length }, traced)
    case 'prestateTracer': {
      const shown = { code: !isOn('disableCode'), storage: !isOn('disableStorage') }
      const scope = { diff: isOn('diffMode'), empty: isOn('includeEmpty') }
      return new PrestateTracer({ ...shown, ...scope }, traced)
    }
    case '4byteTracer':
      return new SelectorTracer()
    case 'gasProfiler':
      return new GasProfiler()
    case 'noopTracer':
      return new NoTracer()
    default:
      return new StructLogger({
        ...{ stack: !isOn('disableStack'), storage: !isOn('disableStorage'), limit, length },
        ...{ memory: isOn('enableMemory'), returnData: isOn('enableReturnData') },
      })
  }
}

function late(): Error {
  return serverError('execution aborted (timeout)')
}
