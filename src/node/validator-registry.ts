/** Changes the set of validators of a chain by transactions to the contract that its owner, or its members, govern. */

import {
  decodeErrorResult,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  parseEventLogs,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { validatorRegistryAbi as abi } from '../abi/validator-registry.gen.ts'
import { AppError } from '../base/app-error.ts'
import { fromHex, toHex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import {
  keyAddress,
  type SignatureScheme,
  schemeFacts,
  signatureSchemes,
} from '../crypto/signatures.ts'

/** A change of the set. */
export type SetChange =
  | {
      readonly kind: 'add'
      readonly operator: Hex
      readonly payTo: Hex
      readonly weight: bigint
      readonly key: ChangedKey
    }
  | { readonly kind: 'remove'; readonly validator: Hex }
  | { readonly kind: 'set-weight'; readonly validator: Hex; readonly weight: bigint }
  | { readonly kind: 'rotate-key'; readonly validator: Hex; readonly key: ChangedKey }
  | { readonly kind: 'set-pay-to'; readonly validator: Hex; readonly payTo: Hex }

/** A public key as text. */
export interface ChangedKey {
  readonly scheme: string
  readonly publicKey: string
}

/** Where the change is made, and by whom. */
export interface ChangePlace {
  readonly ask: <T>(method: string, ...params: readonly Json[]) => Promise<T>
  /** The contract. */
  readonly contract: Hex
  /** Of the account that sends it. */
  readonly key: Uint8Array
  /** Ends the wait for the transaction's block. */
  readonly signal: AbortSignal
}

/** What came of it. */
export interface ChangeOutcome {
  readonly transaction: Hex
  /** False for one vote of several, which are not enough yet. */
  readonly isDone: boolean
  /** Address of the validator that the change is about. */
  readonly validator: Hex
}

/** Of the base fee, so that a transaction goes in though the fee rises meanwhile. */
const feeFactor = 4n
const tipWei = 1_000_000_000n
const lookMs = 250

/**
 * Sends the change, as a vote where the contract is its own owner, and waits for its block.
 *
 * @throws AppError `node/bad-key`, `node/change-refused` with the contract's reason, `node/no-block` after the signal
 */
export async function changeSet(place: ChangePlace, change: SetChange): Promise<ChangeOutcome> {
  const { ask, contract, key } = place
  const account = privateKeyToAccount(toHex(key))
  const call = encodeFunctionData(callOf(change))
  const owner = decodeFunctionResult({
    ...{ abi, functionName: 'owner' },
    data: await ask<Hex>(
      'eth_call',
      { to: contract, data: encodeFunctionData({ abi, functionName: 'owner' }) },
      'latest',
    ),
  })
  const isBySelf = change.kind === 'rotate-key' || change.kind === 'set-pay-to'
  const isVote = owner.toLowerCase() === contract && !isBySelf
  const data = isVote ? encodeFunctionData({ abi, functionName: 'approve', args: [call] }) : call
  const from = account.address
  // A vote for what could never be would be taken without a word.
  if (isVote)
    await tried(() => ask('eth_call', { from: contract, to: contract, data: call }, 'latest'))
  const gas = BigInt(await tried(() => ask<Hex>('eth_estimateGas', { from, to: contract, data })))
  const [nonce, chainId, block] = await Promise.all([
    ask<Hex>('eth_getTransactionCount', from, 'pending'),
    ask<Hex>('eth_chainId'),
    ask<{ readonly baseFeePerGas: Hex }>('eth_getBlockByNumber', 'latest', false),
  ])
  const raw = await account.signTransaction({
    ...{ type: 'eip1559', chainId: Number(chainId), nonce: Number(nonce), to: contract, data },
    ...{ gas: (gas * 5n) / 4n, maxPriorityFeePerGas: tipWei },
    maxFeePerGas: BigInt(block.baseFeePerGas) * feeFactor + tipWei,
  })
  const transaction = await ask<Hex>('eth_sendRawTransaction', raw)
  const logs = await logsOf(place, transaction)
  const isDone = parseEventLogs({ abi, logs }).some(({ eventName }) => eventName !== 'Approved')
  return { transaction, isDone, validator: validatorOf(change) }
}

/** The call of the contract, without its place. */
function callOf(change: SetChange) {
  const byte = (key: ChangedKey) => schemeFacts[publicKeyOf(key).scheme].byte
  const bytes = (key: ChangedKey) => toHex(publicKeyOf(key).publicKey)
  switch (change.kind) {
    case 'add': {
      const { operator, key, weight, payTo } = change
      const args = [operator, byte(key), bytes(key), weight, payTo] as const
      return { abi, functionName: 'add', args } as const
    }
    case 'remove':
      return { abi, functionName: 'remove', args: [change.validator] } as const
    case 'set-weight':
      return { abi, functionName: 'setWeight', args: [change.validator, change.weight] } as const
    case 'rotate-key': {
      const args = [change.validator, byte(change.key), bytes(change.key)] as const
      return { abi, functionName: 'rotateKey', args } as const
    }
    case 'set-pay-to':
      return { abi, functionName: 'setPayTo', args: [change.validator, change.payTo] } as const
  }
}

function validatorOf(change: SetChange): Hex {
  return 'key' in change ? toHex(keyAddress(publicKeyOf(change.key))) : change.validator
}

function publicKeyOf({ scheme: name, publicKey: text }: ChangedKey): {
  readonly scheme: SignatureScheme
  readonly publicKey: Uint8Array
} {
  const scheme = signatureSchemes.find((one) => one === name)
  if (!scheme) {
    const message = `a validator signs by ${signatureSchemes.join(', ')}, not by "${name}"`
    throw new AppError({ code: 'node/bad-key', message })
  }
  const bytes = schemeFacts[scheme].publicKeyBytes
  if (new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`).test(text)) {
    return { scheme, publicKey: fromHex(text) }
  }
  const message = `a public key of ${scheme} is 0x and ${2 * bytes} hex digits; "keys public FILE --scheme ${scheme}" prints it`
  throw new AppError({ code: 'node/bad-key', message })
}

/** What the contract refuses is told by its own reason. */
async function tried<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const data = cause instanceof AppError ? (cause.data as { readonly revert?: unknown }) : {}
    throw refused(reasonOf(data.revert) ?? (cause as Error).message, cause)
  }
}

function reasonOf(data: unknown): string | undefined {
  if (typeof data !== 'string' || !/^0x[0-9a-f]{8,}$/.test(data)) return undefined
  try {
    const { errorName, args = [] } = decodeErrorResult({ abi, data: data as Hex })
    return `${errorName}(${args.map(String).join(', ')})`
  } catch {
    return undefined
  }
}

/** Logs of the transaction, once its block is there. */
async function logsOf({ ask, signal }: ChangePlace, transaction: Hex) {
  for (;;) {
    const receipt = await ask<{
      readonly status: Hex
      readonly logs: Parameters<typeof parseEventLogs>[0]['logs']
    } | null>('eth_getTransactionReceipt', transaction)
    if (receipt?.status === '0x1') return receipt.logs
    if (receipt) throw refused('the transaction failed in its block', undefined)
    if (signal.aborted) {
      const message = `the transaction ${transaction} waits, but no block has it yet; look for it later`
      throw new AppError({ code: 'node/no-block', message, retry: 'later' })
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

function refused(reason: string, cause: unknown): AppError {
  const message = `the contract of the validators refuses the change: ${reason}`
  return new AppError({ code: 'node/change-refused', message, cause })
}
