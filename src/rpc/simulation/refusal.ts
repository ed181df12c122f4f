/** Names the reason why an imagined transaction cannot be run, by the codes of eth_simulateV1. */

import type { AppError } from '../../base/app-error.ts'
import type { InvalidTransaction } from '../../chain/evm/evm.ts'
import type { Address, Transaction } from '../../chain/ledger/transaction.ts'
import { errorCodes, rpcError } from '../envelope/rpc-error.ts'
import { checksumAddress } from '../format/checksum-address.ts'

/** Code and geth's words for a rule; a rule that is not here is an internal error, as geth has it. */
const refusals: Partial<
  Record<InvalidTransaction['rule'], readonly [code: number, words: string]>
> = {
  'nonce-too-low': [errorCodes.nonceTooLow, 'nonce too low'],
  'nonce-too-high': [errorCodes.nonceTooHigh, 'nonce too high'],
  'fee-cap-below-base-fee': [errorCodes.feeCapTooLow, 'max fee per gas less than block base fee'],
  'tip-above-fee-cap': [
    errorCodes.invalidParams,
    'max priority fee per gas higher than max fee per gas',
  ],
  'insufficient-funds': [
    errorCodes.insufficientFunds,
    'insufficient funds for gas * price + value',
  ],
  'intrinsic-gas': [errorCodes.intrinsicGas, 'intrinsic gas too low'],
  'block-gas-limit': [errorCodes.blockGasLimit, 'gas limit reached'],
  'sender-has-code': [errorCodes.senderHasCode, 'sender not an eoa'],
  'init-code-size': [errorCodes.initCodeSize, 'max initcode size exceeded'],
  'too-long': [errorCodes.server, 'execution aborted (timeout)'],
}

/** Highest nonce, which has no next one (EIP-2681). */
const lastNonce = 2n ** 64n - 1n

/** The error that ends a simulation. */
export function refusal(
  { rule, detail }: InvalidTransaction,
  { nonce, gasLimit }: Transaction,
  from: Address,
): AppError {
  const isLast = rule === 'nonce-too-high' && nonce === lastNonce
  const [code, words] = (!isLast && refusals[rule]) || [
    errorCodes.internal,
    isLast ? 'nonce has max value' : rule,
  ]
  const told = `err: ${words}: address ${checksumAddress(from)}, ${detail}`
  return rpcError(code, `${told} (supplied gas ${gasLimit})`)
}
