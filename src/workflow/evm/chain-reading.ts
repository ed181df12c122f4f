/** Reads from a chain what is no contract's answer: balances, code, storage, blocks, transactions, logs. */

import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'
import { badInput } from './abi-json.ts'

type Fields = { readonly [name: string]: Json | undefined }

const address = /^0x[0-9a-fA-F]{40}$/
const hash = /^0x[0-9a-fA-F]{64}$/
/** Most logs that are given. */
const maxLogs = 1_000

/** Each kind of reading: the method, and its parameters. */
const readings: Readonly<Record<string, (fields: Fields) => readonly [string, readonly Json[]]>> = {
  balance: (f) => ['eth_getBalance', [fit(f, 'address', address), blockOf(f)]],
  nonce: (f) => ['eth_getTransactionCount', [fit(f, 'address', address), blockOf(f)]],
  code: (f) => ['eth_getCode', [fit(f, 'address', address), blockOf(f)]],
  storage: (f) => ['eth_getStorageAt', [fit(f, 'address', address), slotOf(f), blockOf(f)]],
  block: (f) =>
    f.hash === undefined
      ? ['eth_getBlockByNumber', [blockOf(f), false]]
      : ['eth_getBlockByHash', [fit(f, 'hash', hash), false]],
  transaction: (f) => ['eth_getTransactionByHash', [fit(f, 'hash', hash)]],
  receipt: (f) => ['eth_getTransactionReceipt', [fit(f, 'hash', hash)]],
  logs: (f) => ['eth_getLogs', [f.filter ?? {}]],
  height: () => ['eth_blockNumber', []],
  gasPrice: () => ['eth_gasPrice', []],
  chainId: () => ['eth_chainId', []],
}

/** Members whose 0x text is a number, which is given as decimal text. */
const numbers = new Set([
  ...[
    'number',
    'blockNumber',
    'timestamp',
    'gas',
    'gasUsed',
    'gasLimit',
    'gasPrice',
    'nonce',
    'value',
    'type',
  ],
  ...[
    'baseFeePerGas',
    'cumulativeGasUsed',
    'effectiveGasPrice',
    'logIndex',
    'transactionIndex',
    'size',
    'status',
  ],
  ...[
    'maxFeePerGas',
    'maxPriorityFeePerGas',
    'chainId',
    'difficulty',
    'blobGasUsed',
    'excessBlobGas',
  ],
])

/**
 * One reading: `{read: 'balance' | 'nonce' | 'code' | 'storage' | 'block' | 'transaction' | 'receipt' | 'logs' | 'height' |
 * 'gasPrice' | 'chainId', …}`. Quantities are given as decimal text.
 *
 * @throws AppError `workflow/bad-input`, and what the client throws
 */
export async function readChain(client: JsonRpcClient, fields: Fields): Promise<Json> {
  const kind = String(fields.read)
  const reading = Object.hasOwn(readings, kind) ? readings[kind] : undefined
  if (reading === undefined) {
    throw badInput(`"read" is "${kind}"; known are ${Object.keys(readings).join(', ')}`)
  }
  const [method, params] = reading(fields)
  const answer = await client.request(method, params)
  if (Array.isArray(answer) && answer.length > maxLogs) {
    throw badInput(`there are ${answer.length} logs, over the limit of ${maxLogs}: ask for less`)
  }
  const isNumber = ['balance', 'nonce', 'height', 'gasPrice', 'chainId'].includes(kind)
  return isNumber ? decimal(answer) : readable(answer)
}

function readable(value: Json): Json {
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, one]) => {
    return [name, numbers.has(name) ? decimal(one) : readable(one)] as const
  })
  return Object.fromEntries(members)
}

function decimal(value: Json): Json {
  return typeof value === 'string' && /^0x[0-9a-f]+$/i.test(value) ? String(BigInt(value)) : value
}

function fit(fields: Fields, name: string, pattern: RegExp): Json {
  const value = fields[name]
  if (typeof value === 'string' && pattern.test(value)) return value
  throw badInput(`"${name}" is "${String(value)}", which does not fit`)
}

function slotOf({ slot }: Fields): Json {
  const isText = typeof slot === 'string' && /^(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(slot)
  if (isText || (typeof slot === 'number' && Number.isSafeInteger(slot) && slot >= 0)) {
    return `0x${BigInt(slot).toString(16)}`
  }
  throw badInput('"slot" must be a whole number')
}

function blockOf({ block = 'latest' }: Fields): Json {
  const isNumber =
    typeof block === 'number' || (typeof block === 'string' && /^\d{1,15}$/.test(block))
  return isNumber ? `0x${Number(block).toString(16)}` : block
}
