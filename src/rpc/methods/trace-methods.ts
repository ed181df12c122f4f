/** Traces transactions, blocks and calls. */

import { toHex } from '../../base/bytes.ts'
import { decodeBlock } from '../../chain/ledger/block-codec.ts'
import { invalidParams, serverError } from '../envelope/rpc-error.ts'
import {
  type BlockReference,
  blockNumber,
  blockReference,
  latest,
} from '../params/block-reference.ts'
import { callRequest } from '../params/call-request.ts'
import { optional, type Parser } from '../params/parser.ts'
import { traceOptions } from '../params/trace-options.ts'
import { bytes, hash } from '../params/values.ts'
import { traceBlock, traceCall, traceTransaction } from '../trace/trace-run.ts'
import { findBlock } from '../view/blocks.ts'
import { blockHash } from './block-methods.ts'
import { type Method, type MethodTable, method } from './method.ts'

/** The methods; how much a call may override is a limit. */
export function traceMethods(overrideEntries: number): MethodTable {
  const options = traceOptions(overrideEntries)
  const ofBlock = (reference: Parser<BlockReference>): Method =>
    method([reference, options], async (context, [at, how]) => {
      const executed = await findBlock(context, at)
      if (executed) return traceBlock(context, executed, how)
      throw serverError(`block ${at.kind === 'hash' ? toHex(at.hash) : 'of this number'} not found`)
    })
  return {
    debug_traceTransaction: method([hash, options], (context, [wanted, how]) => {
      const place = context.chain.findTransaction(wanted)
      if (place) return traceTransaction(context, place, how)
      throw serverError('transaction not found')
    }),
    debug_traceBlockByNumber: ofBlock(blockNumber),
    debug_traceBlockByHash: ofBlock(blockHash),
    debug_traceBlock: ofBlock(encodedBlock),
    debug_traceCall: method(
      [callRequest, optional(blockReference, latest), options],
      (context, [request, at, how]) => traceCall(context, request, { at, options: how }),
    ),
  }
}

/** A block of the chain, by its encoding. */
const encodedBlock: Parser<BlockReference> = (value, path) => {
  const encoded = bytes(value, path)
  try {
    return { kind: 'hash', hash: decodeBlock(encoded).hash }
  } catch (error) {
    throw invalidParams(`${path}: ${error instanceof Error ? error.message : 'no block'}`)
  }
}
