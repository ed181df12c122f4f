/** Reads transactions and checks what needs neither the state nor the sender. */

import { AppError } from '../../../base/app-error.ts'
import { decodeNetworkTransaction, type NetworkTransaction } from '../../ledger/blob-sidecar.ts'
import { blobGasOf } from '../../ledger/blobs.ts'
import { type BrokenFieldRule, brokenFieldRule } from '../../ledger/field-rules.ts'
import type { Rules } from '../../ledger/fork-rules.ts'
import { knownGas } from '../../ledger/intrinsic-gas.ts'
import type { Transaction } from '../../ledger/transaction.ts'
import { refusal } from './refusal.ts'

/** Longest encoding of a transaction, in bytes, as geth has it; blobs with their proofs have room beside it. */
const maxTransactionBytes = 128 * 1024
const maxBlobTransactionBytes = 1024 * 1024

/** What the fields are held against. */
export interface FieldRules {
  readonly rules: Rules
  readonly chainId: bigint
  /** Wei per gas. */
  readonly minTip: bigint
  /** Of a block. */
  readonly gasLimit: bigint
}

/** The price caps of a transaction, in wei per gas. */
export function capsOf(transaction: Transaction): { fee: bigint; tip: bigint } {
  return transaction.type === 0 || transaction.type === 1
    ? { fee: transaction.gasPrice, tip: transaction.gasPrice }
    : { fee: transaction.maxFeePerGas, tip: transaction.maxPriorityFeePerGas }
}

/** The most that a transaction may take from its sender, in wei. */
export function costOf(transaction: Transaction): bigint {
  const cost = transaction.gasLimit * capsOf(transaction).fee + transaction.value
  if (transaction.type !== 3) return cost
  return cost + blobGasOf(transaction) * transaction.maxFeePerBlobGas
}

/** A transaction from the bytes that travel; @throws AppError `txpool/…` */
export function readTransaction(raw: Uint8Array): NetworkTransaction {
  const most = raw[0] === 3 ? maxBlobTransactionBytes : maxTransactionBytes
  if (raw.length > most) {
    throw refusal('oversized', `oversized data: transaction size ${raw.length}, limit ${most}`)
  }
  try {
    return decodeNetworkTransaction(raw)
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause
    if (cause.code === 'ledger/type-unsupported') {
      throw refusal('type-unsupported', `transaction type not supported: ${cause.message}`)
    }
    throw refusal('bad-encoding', cause.message)
  }
}

/** Holds the fields of a transaction against the rules; @throws AppError `txpool/…` */
export function checkFields(transaction: Transaction, against: FieldRules): void {
  const { rules, chainId, minTip } = against
  const broken = brokenFieldRule(transaction, rules, chainId)
  if (broken) {
    const [code, text] = refusals[broken.rule](transaction, against)
    throw refusal(code, text ?? `${code.replaceAll('-', ' ')}: ${broken.detail}`)
  }
  const { tip } = capsOf(transaction)
  if (tip < minTip) {
    throw refusal('underpriced', `transaction underpriced: tip ${tip}, least ${minTip}`)
  }
  checkGas(transaction, against)
}

type Refusal = (transaction: Transaction, against: FieldRules) => readonly [string, string?]

/** Code and text of geth for each broken rule; without a text the rule's own words stand. */
const refusals: Readonly<Record<BrokenFieldRule['rule'], Refusal>> = {
  'type-unsupported': ({ type }, { rules }) => [
    'type-unsupported',
    `transaction type not supported: type ${type} rejected, the chain follows ${rules.hardfork}`,
  ],
  signature: () => ['invalid-sender'],
  'chain-id': (transaction, { chainId }) => [
    'chain-id',
    `invalid chain id for signer: have ${transaction.chainId} want ${chainId}`,
  ],
  'nonce-too-high': () => ['nonce-too-high', 'nonce has max value'],
  'gas-limit-cap': ({ gasLimit }, { rules }) => [
    'gas-limit',
    `transaction gas limit too high (cap: ${rules.numbers.txGasCap}, tx: ${gasLimit})`,
  ],
  'init-code-size': ({ data }, { rules }) => [
    'oversized',
    `max initcode size exceeded: code size ${data.length}, limit ${rules.numbers.initCodeLimit}`,
  ],
  'tip-above-fee-cap': (transaction) => {
    const { fee, tip } = capsOf(transaction)
    return ['underpriced', `max priority fee per gas higher than max fee per gas (${tip} > ${fee})`]
  },
  'blob-count': () => ['blobs'],
  'blob-version': () => ['blobs'],
}

function checkGas(transaction: Transaction, against: FieldRules): void {
  const { gasLimit } = transaction
  if (gasLimit > against.gasLimit) throw refusal('gas-limit', 'exceeds block gas limit')
  const { intrinsic, floor } = knownGas(transaction, against.rules)
  if (gasLimit < intrinsic) {
    throw refusal(
      'intrinsic-gas',
      `intrinsic gas too low: gas ${gasLimit}, minimum needed ${intrinsic}`,
    )
  }
  if (gasLimit < floor) {
    const message = `insufficient gas for floor data gas cost: gas ${gasLimit}, minimum needed ${floor}`
    throw refusal('intrinsic-gas', message)
  }
}
