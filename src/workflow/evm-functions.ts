/** Gives workflows their chain steps: `evm.send` sends a transaction, `evm.call` asks a contract. */

import {
  type Abi,
  type AbiFunction,
  decodeErrorResult,
  decodeFunctionResult,
  encodeFunctionData,
  keccak256,
  parseAbiItem,
  stringToHex,
} from 'viem'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import type { TransactionSender } from './sent-transaction.ts'
import type { StepContext, StepFunction, StepOutcome } from './workflow.ts'

/** What the steps work with. */
export interface EvmFunctionOptions {
  readonly client: JsonRpcClient
  /** Absent: `evm.send` waits and says that a key is missing. */
  readonly sender: TransactionSender | undefined
  /** Addresses by the names that definitions use. */
  readonly contracts: Readonly<Record<string, Hex | undefined>>
  /** For the names of custom errors and roles. */
  readonly abis: readonly Abi[]
}

/** How long a step waits for a key, a role or funds before it looks again. */
const lookAgainMs = 2_000

/** What is waited for, however long it takes: a failed attempt would count, and end the instance in the end. */
const passing = [
  'workflow/no-funds',
  'workflow/fee-too-high',
  'workflow/not-taken',
  'json-rpc/unreachable',
]

function isPassing(error: unknown): error is AppError {
  return error instanceof AppError && passing.includes(error.code)
}

interface ContractCall {
  readonly to: Hex
  readonly abi: AbiFunction
  readonly data: Hex
  readonly value: bigint
}

/** The functions `evm.send` and `evm.call`. */
export function evmFunctions(options: EvmFunctionOptions): Readonly<Record<string, StepFunction>> {
  return {
    'evm.send': (input, context) => sendStep(options, input, context),
    'evm.call': async (input) => {
      const { to, data, abi } = callOf(input, options.contracts)
      try {
        const answer = await options.client.request('eth_call', [{ to, data }, 'latest'])
        const decoded = decodeFunctionResult({ abi: [abi], data: answer as Hex })
        return { kind: 'done', output: plain(decoded) }
      } catch (error) {
        if (isPassing(error)) return waiting(error.message)
        throw error
      }
    },
  }
}

async function sendStep(
  { client, sender, contracts, abis }: EvmFunctionOptions,
  input: Json,
  { idempotencyKey, signal }: StepContext,
): Promise<StepOutcome> {
  const call = callOf(input, contracts)
  if (sender === undefined) {
    return waiting('no key to send with: set QS_SENDER_KEY_FILE, or start with --dev --mnemonic')
  }
  try {
    const { to, data, value } = call
    const outcome = await sender.send({ idempotencyKey, to, data, value }, signal)
    if (outcome.succeeded) return { kind: 'done', output: { ...outcome, from: sender.address } }
    const message = `transaction ${outcome.hash} was reverted in block ${outcome.blockNumber}`
    throw new AppError({ code: 'workflow/transaction-reverted', message })
  } catch (error) {
    if (isPassing(error)) return waiting(error.message)
    if (!(error instanceof AppError)) throw error
    const data =
      revertDataOf(error) ?? (await simulated(client, { ...call, from: sender.address }, error))
    return afterRevert(error, call.abi.name, data && decoded(data, abis), { sender, to: call.to })
  }
}

/** A right that is missing is waited for; any other revert ends the instance. */
function afterRevert(
  error: AppError,
  name: string,
  revert: Revert | undefined,
  { sender, to }: { sender: TransactionSender; to: Hex },
): StepOutcome {
  if (revert?.name === 'AccessControlUnauthorizedAccount') {
    const role = revert.args[1] ?? 'a role'
    return waiting(
      `${sender.address} lacks the role ${role} of contract ${to}: its admin must grant it`,
    )
  }
  if (revert === undefined) throw error
  const message = `${name} would be reverted: ${revert.name}(${revert.args.join(', ')})`
  throw new AppError({ code: 'workflow/call-reverted', message, cause: error })
}

interface Revert {
  readonly name: string
  readonly args: readonly string[]
}

function decoded(data: Hex, abis: readonly Abi[]): Revert | undefined {
  for (const abi of abis) {
    try {
      const { errorName, args = [] } = decodeErrorResult({ abi, data })
      return {
        name: errorName,
        args: (args as readonly unknown[]).map((one) => nameOf(String(one), abis)),
      }
    } catch {
      // Another ABI may know it.
    }
  }
  return undefined
}

/** A role's hash as its name, where an ABI has a constant for it. */
function nameOf(value: string, abis: readonly Abi[]): string {
  for (const item of abis.flat()) {
    if (item.type !== 'function' || !item.name.endsWith('_ROLE')) continue
    if (keccak256(stringToHex(item.name)) === value) return item.name
  }
  return value
}

/** Revert data as nodes put it into their errors. */
function revertDataOf(error: AppError): Hex | undefined {
  if (error.code !== 'json-rpc/error') return undefined
  const { data } = error.data as { data?: unknown }
  const found = typeof data === 'object' && data !== null ? (data as { data?: unknown }).data : data
  return typeof found === 'string' && /^0x[0-9a-f]{8,}$/i.test(found) ? (found as Hex) : undefined
}

/** Nodes that leave the data out of an estimate's error give it for the call itself. */
async function simulated(
  client: JsonRpcClient,
  { from, to, data, value }: ContractCall & { from: Hex },
  error: AppError,
): Promise<Hex | undefined> {
  if (error.code !== 'json-rpc/error') return undefined
  const call = { from, to, data, value: `0x${value.toString(16)}` }
  try {
    await client.request('eth_call', [call, 'latest'])
    return undefined
  } catch (cause) {
    return cause instanceof AppError ? revertDataOf(cause) : undefined
  }
}

function callOf(input: Json, contracts: EvmFunctionOptions['contracts']): ContractCall {
  const fields = (typeof input === 'object' && input !== null ? input : {}) as {
    readonly [name: string]: Json | undefined
  }
  const { contract, function: signature, args = [], value = '0' } = fields
  const name = String(contract)
  const to = /^0x[0-9a-fA-F]{40}$/.test(name) ? (name as Hex) : contracts[name]
  if (to === undefined) {
    const known = Object.keys(contracts).join(', ')
    throw badInput(`"${name}" is neither an address nor one of the contracts ${known}`)
  }
  if (!Array.isArray(args)) throw badInput('"args" must be a list')
  try {
    const abi = parseAbiItem(`function ${String(signature)}`) as AbiFunction
    const values = args.map((arg, at) => argument(arg, abi.inputs[at]?.type ?? ''))
    const data = encodeFunctionData({ abi: [abi], functionName: abi.name, args: values })
    return { to, abi, data, value: BigInt(String(value)) }
  } catch (cause) {
    throw badInput(`${String(signature)}: ${(cause as Error).message.split('\n')[0]}`)
  }
}

function argument(value: Json, type: string): unknown {
  return /^u?int\d*$/.test(type) ? BigInt(String(value)) : value
}

function plain(value: unknown): Json {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return value.map(plain)
  return value as Json
}

function badInput(reason: string): AppError {
  return new AppError({
    code: 'workflow/bad-input',
    message: `the chain step cannot be made: ${reason}`,
  })
}

function waiting(reason: string): StepOutcome {
  return { kind: 'waiting', reason, retryAfterMs: lookAgainMs }
}
