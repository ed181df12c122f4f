/** Runs code without leaving anything behind: calls, gas estimates, access lists. */

import { toHex } from '../../base/bytes.ts'
import { isOutOfGas } from '../../chain/evm/halt.ts'
import { serverError } from '../envelope/rpc-error.ts'
import { haltText } from '../format/halt-text.ts'
import { toQuantity } from '../format/quantity.ts'
import { accessListJson } from '../format/transaction-json.ts'
import { blockReference, latest } from '../params/block-reference.ts'
import { type CallRequest, callRequest } from '../params/call-request.ts'
import { blockOverride, stateOverrides } from '../params/overrides.ts'
import { optional } from '../params/parser.ts'
import {
  type CallPlace,
  callGas,
  checkFunds,
  haltError,
  type PreparedCall,
  prepareCall,
} from '../view/calls.ts'
import type { ChainContext } from '../view/context.ts'
import { type MethodTable, method } from './method.ts'

const at = optional(blockReference, latest)
const blockWords = optional(blockOverride)
/** Gas that a delegation costs beyond the call it travels with (EIP-7702). */
const delegationGas = 25_000n
const least = 21_000n

/** The methods; how much a call may override is a limit. */
export function callMethods(overrideEntries: number): MethodTable {
  const accountWords = optional(stateOverrides(overrideEntries))
  const placed = [callRequest, at, accountWords, blockWords] as const
  return {
    eth_call: method(placed, async (context, [request, block, accounts, pretended]) => {
      const place = { at: block, accounts, block: pretended }
      const call = await prepareCall(context, request, { ...place, ...callGas(context) })
      checkFunds(call)
      const result = await context.calls.call(call.state, call.block, call.message)
      if (result.halt !== undefined) throw haltError(result, result.output)
      return toHex(result.output)
    }),
    eth_estimateGas: method(placed, async (context, [request, block, accounts, pretended]) =>
      toQuantity(await estimateGas(context, request, { at: block, accounts, block: pretended })),
    ),
    eth_createAccessList: method(
      [callRequest, at, accountWords],
      async (context, [request, block, accounts]) => {
        const place = { at: block, accounts, ...callGas(context) }
        const call = await prepareCall(context, request, place)
        checkFunds(call)
        const { evm } = context.chain
        const traced = await evm.createAccessList(call.state, call.block, call.message)
        const { accessList, result } = traced
        return {
          accessList: accessListJson(accessList),
          gasUsed: toQuantity(result.gasUsed),
          ...(result.halt !== undefined && { error: haltText(result) }),
        }
      },
    ),
  }
}

/**
 * The least gas limit with which a transaction succeeds.
 *
 * @throws AppError `json-rpc/error` 3 when it reverts, -32000 when it fails otherwise
 */
export async function estimateGas(
  context: ChainContext,
  request: CallRequest,
  place: CallPlace,
): Promise<bigint> {
  const { chain, limits } = context
  const { gas } = request
  const whole = { ...request, gas: gas !== undefined && gas < least ? undefined : gas }
  const { txGasCap } = chain.rules.rulesAt(chain.head().header).numbers
  const cap = smaller(limits.callGasCap, txGasCap === 0 ? undefined : BigInt(txGasCap))
  const call = await prepareCall(context, whole, { ...place, gas: (block) => block.gasLimit, cap })
  const delegations = delegationGas * BigInt(request.authorizations?.length ?? 0)
  const affordable = smaller(call.message.gasLimit, affordableGas(call))
  if (affordable < delegations) throw notEnough(affordable)
  const message = { ...call.message, gasLimit: affordable - delegations }
  const estimate = await chain.evm.estimateGas(call.state, call.block, message)
  if (typeof estimate === 'bigint') return estimate + delegations
  if (isOutOfGas(estimate.halt)) throw notEnough(affordable)
  throw haltError(estimate, estimate.output)
}

function notEnough(gas: bigint): Error {
  return serverError(`gas required exceeds allowance (${gas})`)
}

/** Gas that the sender can pay for; undefined when gas costs nothing. */
function affordableGas({ state, message, feeCap }: PreparedCall): bigint | undefined {
  const balance = state.account(message.from)?.balance ?? 0n
  if (balance < message.value) throw serverError('insufficient funds for transfer')
  return feeCap === 0n ? undefined : (balance - message.value) / feeCap
}

function smaller(a: bigint, b: bigint | undefined): bigint {
  return b !== undefined && b < a ? b : a
}
