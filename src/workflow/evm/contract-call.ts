/** Turns what a step or a request asks of a contract into a call. */

import {
  type Abi,
  type AbiFunction,
  encodeDeployData,
  encodeFunctionData,
  parseAbiItem,
} from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { ContractBook } from '../contract-book.ts'
import { argumentsOf, badInput } from './abi-json.ts'

/** A call of a contract, or the creation of one. */
export interface ContractCall {
  /** The account that is to send it; absent: the usual one. */
  readonly from: Hex | undefined
  /** Absent creates a contract. */
  readonly to: Hex | undefined
  readonly data: Hex
  /** Wei. */
  readonly value: bigint
  readonly gas: bigint | undefined
  readonly confirmations: number
  /** For people: the function's name. */
  readonly what: string
  readonly abi: AbiFunction | undefined
  readonly abis: readonly Abi[]
}

type AbiConstructor = Extract<Abi[number], { type: 'constructor' }>
type Fields = { readonly [name: string]: Json | undefined }

/** Most confirmations that can be waited for; largest creation code, in bytes (EIP-3860). */
const [maxConfirmations, maxCodeBytes] = [10_000, 49_152]

/** The members of a step's input. */
export function fieldsOf(input: Json | undefined): Fields {
  return typeof input === 'object' && input !== null && !Array.isArray(input)
    ? (input as Fields)
    : {}
}

/**
 * A call: `{contract, function, args, from, value, gas, confirmations}`. `contract` is a name of the book or an address,
 * `function` a signature, or a name that the contract's ABI has.
 *
 * @throws AppError `workflow/bad-input`
 */
export async function callOf(input: Json, book: ContractBook): Promise<ContractCall> {
  const fields = fieldsOf(input)
  const found = await book.find(String(fields.contract))
  if (found === undefined) {
    throw badInput(`"${String(fields.contract)}" is neither an address nor the name of a contract`)
  }
  const args = fields.args ?? []
  const abi = functionOf(String(fields.function), found.abi, Array.isArray(args) ? args.length : 0)
  const values = argumentsOf(args, abi.inputs)
  const data = encoded(abi.name, () =>
    encodeFunctionData({ abi: [abi], functionName: abi.name, args: values }),
  )
  const abis = [found.abi, ...book.abis]
  return { ...termsOf(fields), to: found.address, data, what: abi.name, abi, abis }
}

/**
 * A creation: `{bytecode, args, abi | signature, from, value, gas, confirmations}`; `signature` is one such as
 * `constructor(address owner)`.
 *
 * @throws AppError `workflow/bad-input`
 */
export function creationOf(input: Json, book: ContractBook): ContractCall {
  const fields = fieldsOf(input)
  const { bytecode, args = [] } = fields
  if (typeof bytecode !== 'string' || !/^0x([0-9a-fA-F]{2})+$/.test(bytecode)) {
    throw badInput('"bytecode" must be the creation code as 0x text')
  }
  if (bytecode.length / 2 - 1 > maxCodeBytes) {
    throw badInput(`"bytecode" is longer than ${maxCodeBytes} bytes`)
  }
  const abi = constructorOf(fields)
  const values = argumentsOf(args, abi.inputs)
  const data = encoded('constructor', () =>
    encodeDeployData({ abi: [abi], bytecode: bytecode as Hex, args: values }),
  )
  return {
    ...termsOf(fields),
    to: undefined,
    data,
    what: 'constructor',
    abi: undefined,
    abis: book.abis,
  }
}

/** The account that is named, in lower case. @throws AppError `workflow/bad-input` */
export function accountOf(from: Json | undefined): Hex | undefined {
  if (from === undefined) return undefined
  if (typeof from === 'string' && /^0x[0-9a-fA-F]{40}$/.test(from)) return from.toLowerCase() as Hex
  throw badInput('"from" must be the address of an account')
}

function termsOf({ from, value = '0', gas, confirmations = 0 }: Fields) {
  const account = accountOf(from)
  const isCount =
    typeof confirmations === 'number' &&
    Number.isInteger(confirmations) &&
    confirmations >= 0 &&
    confirmations <= maxConfirmations
  if (!isCount) throw badInput(`"confirmations" must be a whole number up to ${maxConfirmations}`)
  const wei = amountOf(value, 'value')
  const limit = gas === undefined ? undefined : amountOf(gas, 'gas')
  return { from: account, value: wei, gas: limit, confirmations }
}

/** Wei or gas: decimal or 0x text, or a whole number. */
function amountOf(value: Json, name: string): bigint {
  const isText = typeof value === 'string' && /^(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value)
  const isWhole = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  if (isText || isWhole) return BigInt(value)
  throw badInput(`"${name}" must be a whole number of wei, as decimal text if it is large`)
}

function functionOf(wanted: string, abi: Abi, count: number): AbiFunction {
  if (/^\w+$/.test(wanted)) {
    const named = abi.filter((item) => item.type === 'function' && item.name === wanted)
    const fitting = named.filter((item) => (item as AbiFunction).inputs.length === count)
    const [one, other] = fitting.length > 0 ? fitting : named
    if (one && other === undefined) return one as AbiFunction
    throw badInput(
      one
        ? `"${wanted}" stands for several functions of the contract: give its signature`
        : `the contract's ABI has no function "${wanted}": give its signature, such as "transfer(address to, uint256 amount)"`,
    )
  }
  return parsed(`function ${wanted}`, 'function') as AbiFunction
}

function constructorOf({ abi, signature }: Fields): AbiConstructor {
  const none: AbiConstructor = { type: 'constructor', inputs: [], stateMutability: 'payable' }
  if (typeof signature === 'string') return parsed(signature, 'constructor') as AbiConstructor
  if (!Array.isArray(abi)) return none
  return ((abi as unknown as Abi).find(({ type }) => type === 'constructor') ??
    none) as AbiConstructor
}

function parsed(signature: string, type: string): Abi[number] {
  try {
    const item = parseAbiItem(signature) as Abi[number]
    if (item.type === type) return item
  } catch (cause) {
    throw badInput(`${signature}: ${(cause as Error).message.split('\n')[0]}`)
  }
  throw badInput(`${signature} is no signature of a ${type}`)
}

function encoded(what: string, encode: () => Hex): Hex {
  try {
    return encode()
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw badInput(`${what}: ${(cause as Error).message.split('\n')[0]}`)
  }
}
