/** Signs transactions and statements with a key of this process, or asks a signer elsewhere. */

import { parseTransaction, recoverTransactionAddress, type TransactionSerializable } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { AppError } from '../base/app-error.ts'
import { type Hex, toHex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { recoveredSigner } from './identity/account-signature.ts'
import type { Statement } from './statement.ts'

/** A transaction that is to be signed; `maxPriorityFeePerGas` is absent where the chain has no base fee. */
export interface Unsigned {
  readonly chainId: number
  readonly nonce: number
  /** Absent creates a contract. */
  readonly to: Hex | undefined
  readonly data: Hex
  readonly value: bigint
  readonly gas: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint | undefined
}

/** Signs for one address. */
export interface Signer {
  readonly address: Hex
  /** Gives the raw signed transaction. @throws AppError `workflow/not-signed`, `json-rpc/unreachable` (retry `later`) */
  sign(transaction: Unsigned): Promise<Hex>
  /** Gives the signature of what is no transaction: r ‖ s ‖ v, with 27 or 28. @throws as `sign` does */
  signStatement(statement: Statement): Promise<Hex>
}

/** Signs with a secp256k1 key of 32 bytes. */
export function keySigner(privateKey: Uint8Array): Signer {
  const account = privateKeyToAccount(toHex(privateKey))
  return {
    address: account.address.toLowerCase() as Hex,
    sign: (transaction) => account.signTransaction(serializable(transaction)),
    signStatement: ({ hash }) => account.sign({ hash }),
  }
}

/**
 * Asks a signer over JSON-RPC (`eth_signTransaction`), such as Web3Signer or Clef; for messages and typed data `eth_sign`
 * and `eth_signTypedData`, as Web3Signer has them. What it gives is compared with what was asked, and its signature with
 * the address, before it goes out.
 */
export function remoteSigner(client: JsonRpcClient, address: Hex): Signer {
  const lower = address.toLowerCase() as Hex
  const other = (what: string) => {
    const message = `the signer of ${lower} gave something else than ${what} it was asked to sign`
    return new AppError({ code: 'workflow/not-signed', message })
  }
  return {
    address: lower,
    async sign(transaction) {
      const answer = await client.request('eth_signTransaction', [asked(lower, transaction)])
      const raw = rawOf(answer)
      if (raw !== undefined && (await isSame(raw, transaction, lower))) return raw
      throw other('the transaction')
    },
    async signStatement(statement) {
      const isMessage = 'message' in statement
      const signature = isMessage
        ? await client.request('eth_sign', [lower, statement.message])
        : await client.request('eth_signTypedData', [lower, JSON.stringify(statement.typedData)])
      const given = wholeSignature(signature)
      if (given !== undefined && recoveredSigner(statement.hash, given) === lower) return given
      throw other(isMessage ? 'the message' : 'the typed data')
    },
  }
}

function serializable(transaction: Unsigned): TransactionSerializable {
  const { maxFeePerGas, maxPriorityFeePerGas, to, ...rest } = transaction
  const target = to === undefined ? {} : { to }
  return maxPriorityFeePerGas === undefined
    ? { ...rest, ...target, type: 'legacy', gasPrice: maxFeePerGas }
    : { ...rest, ...target, type: 'eip1559', maxFeePerGas, maxPriorityFeePerGas }
}

const quantity = (value: bigint | number): Hex => `0x${value.toString(16)}`

function asked(from: Hex, transaction: Unsigned): Json {
  const { chainId, nonce, to, data, value, gas, maxFeePerGas, maxPriorityFeePerGas } = transaction
  const fees =
    maxPriorityFeePerGas === undefined
      ? { gasPrice: quantity(maxFeePerGas) }
      : {
          maxFeePerGas: quantity(maxFeePerGas),
          maxPriorityFeePerGas: quantity(maxPriorityFeePerGas),
        }
  return {
    ...{ from, ...(to === undefined ? {} : { to }), data, value: quantity(value) },
    ...{ nonce: quantity(nonce), gas: quantity(gas), chainId: quantity(chainId), ...fees },
  }
}

/** Web3Signer gives the bytes, Clef and geth an object with them. */
function rawOf(answer: Json): Hex | undefined {
  const raw = typeof answer === 'string' ? answer : (answer as { raw?: Json } | null)?.raw
  return typeof raw === 'string' && /^0x[0-9a-f]+$/i.test(raw) ? (raw as Hex) : undefined
}

/** 65 bytes whose last one is 27 or 28, as contracts take it; some signers give 0 or 1. */
function wholeSignature(answer: Json): Hex | undefined {
  if (typeof answer !== 'string' || !/^0x[0-9a-f]{128}(0[01]|1[bc])$/i.test(answer))
    return undefined
  const last = Number.parseInt(answer.slice(-2), 16)
  return `${answer.slice(0, -2)}${(last < 27 ? last + 27 : last).toString(16)}`.toLowerCase() as Hex
}

async function isSame(raw: Hex, wanted: Unsigned, address: Hex): Promise<boolean> {
  try {
    const given = parseTransaction(raw)
    const fee = given.type === 'legacy' ? given.gasPrice : given.maxFeePerGas
    const same =
      given.chainId === wanted.chainId &&
      (given.nonce ?? 0) === wanted.nonce &&
      given.to?.toLowerCase() === wanted.to?.toLowerCase() &&
      (given.data ?? '0x').toLowerCase() === wanted.data.toLowerCase() &&
      (given.value ?? 0n) === wanted.value &&
      given.gas === wanted.gas &&
      fee === wanted.maxFeePerGas
    const signed = raw as Parameters<typeof recoverTransactionAddress>[0]['serializedTransaction']
    const from = await recoverTransactionAddress({ serializedTransaction: signed })
    return same && from.toLowerCase() === address
  } catch {
    return false
  }
}
