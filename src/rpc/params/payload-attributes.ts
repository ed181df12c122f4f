/** Reads what a block to build shall have, as the engine API's payload attributes say it. */

import type { Withdrawal } from '../../chain/ledger/block.ts'
import type { Address, Hash } from '../../chain/ledger/transaction.ts'
import { listOf, optional, type Parser, record } from './parser.ts'
import { address, hash, quantity64 } from './values.ts'

/** Fields of a block that whoever asks for it decides; `timestamp` in seconds. */
export interface PayloadAttributes {
  readonly timestamp: bigint
  readonly mixHash: Hash
  readonly beneficiary: Address
  readonly withdrawals: readonly Withdrawal[] | undefined
  readonly parentBeaconBlockRoot: Hash | undefined
}

const mostWithdrawals = 1_000

/** A withdrawal as the execution API writes it. */
const withdrawal: Parser<Withdrawal> = (value, path) => {
  const fields = record(value, path)
  return {
    index: quantity64(fields.index, `${path}.index`),
    validatorIndex: quantity64(fields.validatorIndex, `${path}.validatorIndex`),
    address: address(fields.address, `${path}.address`),
    amountGwei: quantity64(fields.amount, `${path}.amount`),
  }
}

/** Withdrawals of a block. */
export const withdrawals: Parser<readonly Withdrawal[]> = listOf(withdrawal, mostWithdrawals)

/** The object of payload attributes. */
export const payloadAttributes: Parser<PayloadAttributes> = (value, path) => {
  const fields = record(value, path)
  return {
    timestamp: quantity64(fields.timestamp, `${path}.timestamp`),
    mixHash: hash(fields.prevRandao, `${path}.prevRandao`),
    beneficiary: address(fields.suggestedFeeRecipient, `${path}.suggestedFeeRecipient`),
    withdrawals: optional(withdrawals)(fields.withdrawals, `${path}.withdrawals`),
    parentBeaconBlockRoot: optional(hash)(
      fields.parentBeaconBlockRoot,
      `${path}.parentBeaconBlockRoot`,
    ),
  }
}
