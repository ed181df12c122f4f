/** Prepares calls that leave nothing behind, and says how they ended. */

import { toHex } from '../../base/bytes.ts'
import {
  type BlockContext,
  type CallMessage,
  contextOf,
  type MovedPrecompile,
} from '../../chain/evm/evm.ts'
import type { Ending } from '../../chain/evm/halt.ts'
import { delegationCode } from '../../chain/evm/transaction-rules.ts'
import type { Rules } from '../../chain/ledger/fork-rules.ts'
import type { Address } from '../../chain/ledger/transaction.ts'
import { authorityOf } from '../../chain/ledger/transaction-codec.ts'
import type { StateOverlay, StateReader } from '../../chain/state/state.ts'
import { createOverlay } from '../../chain/state/state-overlay.ts'
import { emptyAccount } from '../../chain/state/trie-state.ts'
import { errorCodes, rpcError, serverError } from '../envelope/rpc-error.ts'
import { checksumAddress } from '../format/checksum-address.ts'
import { haltText } from '../format/halt-text.ts'
import { revertReason } from '../format/revert-reason.ts'
import type { BlockReference } from '../params/block-reference.ts'
import type { CallRequest } from '../params/call-request.ts'
import type { AccountOverride, BlockOverride } from '../params/overrides.ts'
import { overrideAccounts } from './account-overrides.ts'
import { stateOf } from './blocks.ts'
import type { ChainContext } from './context.ts'

/** What a call is made on. */
export interface CallPlace {
  readonly at: BlockReference
  readonly accounts?: readonly AccountOverride[] | undefined
  readonly block?: BlockOverride | undefined
}

/** A call that can be run. */
export interface PreparedCall {
  /** With what the call pretends. */
  readonly state: StateReader
  readonly block: BlockContext
  /** Its gas limit is what was asked for, or `gas`, but not more than `gasCap`. */
  readonly message: CallMessage
  /** Wei per gas that the sender must be able to pay; 0 if no fee was named. */
  readonly feeCap: bigint
}

/** Gas of a call that names none, and the most that a call gets. */
export interface CallGas {
  readonly gas: (block: BlockContext) => bigint
  readonly cap: bigint
}

const nobody: Address = new Uint8Array(20)

/** Puts a call on a state. @throws AppError `json-rpc/error` -32000 when block or fees do not allow it */
export async function prepareCall(
  context: Pick<ChainContext, 'chain' | 'pending' | 'clock' | 'limits' | 'isStopping'>,
  request: CallRequest,
  { at, accounts = [], block: pretended, gas, cap }: CallPlace & CallGas,
): Promise<PreparedCall> {
  const { block: base, state } = await stateOf(context, at)
  const block = {
    ...contextOf(base.header, (number) => context.chain.blockHash(number)),
    ...pretended,
  }
  const { pretended: seen, moved } = pretend(state, request, {
    ...{ accounts, rules: context.chain.rules.rulesAt(block) },
  })
  const asked = request.gas ?? gas(block)
  const { clock, limits } = context
  const endMs = clock.nowMs() + limits.callMs
  const message: CallMessage = {
    from: request.from ?? nobody,
    to: request.to,
    value: request.value,
    data: request.data,
    gasLimit: asked < cap ? asked : cap,
    gasPrice: priceOf(request, block),
    accessList: request.accessList ?? [],
    moved,
    isLate: () => context.isStopping() || clock.nowMs() > endMs,
  }
  const feeCap = request.maxFeePerGas ?? request.gasPrice ?? message.gasPrice
  return { state: seen, block, message, feeCap }
}

/** Without a word a call gets what a transaction could. */
export function callGas({ limits }: Pick<ChainContext, 'limits'>): CallGas {
  const gas = ({ gasLimit }: BlockContext) =>
    gasLimit > limits.callGas ? gasLimit : limits.callGas
  return { gas, cap: limits.callGasCap }
}

/** @throws AppError `json-rpc/error` -32000 when the sender cannot pay value and gas */
export function checkFunds({ state, message, feeCap }: PreparedCall): void {
  const { from, value, gasLimit } = message
  const have = state.account(from)?.balance ?? 0n
  const want = value + feeCap * gasLimit
  if (have >= want) return
  throw serverError(
    `insufficient funds for gas * price + value: address ${checksumAddress(from)} have ${have} want ${want} (supplied gas ${gasLimit})`,
  )
}

/** The error of a call that did not end well: a revert is code 3 with its data. */
export function haltError(ending: Ending, output: Uint8Array): Error {
  const text = haltText(ending)
  if (ending.halt !== 'revert') return serverError(text)
  const reason = revertReason(output)
  const message = reason === undefined ? text : `${text}: ${reason}`
  return rpcError(errorCodes.reverted, message, toHex(output))
}

/** Wei per gas; without any fee a call is free. */
function priceOf(request: CallRequest, { baseFeePerGas }: BlockContext): bigint {
  const { gasPrice, maxFeePerGas, maxPriorityFeePerGas, from = nobody } = request
  const feeCap = gasPrice ?? maxFeePerGas
  if (feeCap === undefined && maxPriorityFeePerGas === undefined) return 0n
  const tip = maxPriorityFeePerGas ?? gasPrice ?? 0n
  const most = feeCap ?? baseFeePerGas + tip
  if (most === 0n) return 0n
  if (most < baseFeePerGas) {
    throw serverError(
      `max fee per gas less than block base fee: address ${checksumAddress(from)}, maxFeePerGas: ${most}, baseFee: ${baseFeePerGas}`,
    )
  }
  return most < baseFeePerGas + tip ? most : baseFeePerGas + tip
}

/** The state as the call sees it: the very state where nothing is pretended, which is quicker to run on. */
function pretend(
  state: StateReader,
  request: CallRequest,
  { accounts, rules }: { readonly accounts: readonly AccountOverride[]; readonly rules: Rules },
): { readonly pretended: StateReader; readonly moved: readonly MovedPrecompile[] } {
  if (accounts.length === 0 && !request.authorizations) return { pretended: state, moved: [] }
  const pretended = createOverlay(state)
  const moved = overrideAccounts(pretended, accounts, rules)
  delegate(pretended, request)
  return { pretended, moved }
}

/** Lets the delegations of a request hold, whatever their nonces: a wallet estimates before it signs. */
function delegate(overlay: StateOverlay, { authorizations = [] }: CallRequest): void {
  for (const authorization of authorizations) {
    const authority = authorityOf(authorization)
    if (!authority) continue
    const account = overlay.account(authority) ?? emptyAccount
    const codeHash = overlay.addCode(delegationCode(authorization.address))
    overlay.setAccount(authority, { ...account, codeHash })
  }
}
