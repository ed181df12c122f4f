/** Shows what blocks of a chain hold to the expressions of projections. */

import { fromRlp } from 'viem'
import { AppError } from '../../base/app-error.ts'
import { type Hex, readHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { ReadBlock } from '../../stream/block-reader.ts'
import type { JsonInput } from '../../stream/jq.ts'
import type { ChainRecord } from '../rows/mapping.ts'
import type { Dataset } from './datasets.ts'

type Fields = ReadBlock['fields']

/** Where injected data lie, as docs/data-chain.md says: the ASCII of "QuantumStream.data/1". */
const dataAddress = `0x${Buffer.from('QuantumStream.data/1').toString('hex')}`

/** Whether a dataset is made of receipts. */
export const needsReceipts = (dataset: Dataset) => dataset === 'receipts' || dataset === 'logs'

/** What a dataset makes of a block. */
export function recordsOf(block: ReadBlock, dataset: Dataset): readonly ChainRecord[] {
  return makers[dataset](block)
}

const makers: Readonly<Record<Dataset, (block: ReadBlock) => readonly ChainRecord[]>> = {
  blocks(block) {
    const { fields, number } = block
    const { transactions: _, withdrawals: __, ...head } = fields
    const transactionCount = BigInt(block.transactions.length)
    const input = () => ({ ...exact(head), ...inBlock(block), transactionCount })
    return [{ block: number, place: 0, id: `block ${number}`, input }]
  },
  transactions: (block) =>
    transactionsOf(block).map((one) => record(block, one, () => exact(one.fields))),
  receipts: (block) =>
    block.receipts.map((fields) => {
      const { logs, logsBloom: _, status, ...rest } = fields
      return record(block, { fields, place: numberOf(fields.transactionIndex, 'index') }, () => ({
        ...exact(rest),
        succeeded: status === undefined ? null : status === '0x1',
        logCount: BigInt(listOf(logs).length),
      }))
    }),
  logs: (block) =>
    block.receipts.flatMap(({ logs }) =>
      listOf(logs).map((log) => {
        const fields = fieldsOf(log)
        return record(block, { fields, place: numberOf(fields.logIndex, 'logIndex') }, () =>
          exact(fields),
        )
      }),
    ),
  injected: (block) =>
    transactionsOf(block).flatMap((one) => {
      const data = injectedData(one.fields)
      return data ? [record(block, one, () => ({ ...exact(one.fields), ...data }))] : []
    }),
}

interface Placed {
  readonly fields: Fields
  readonly place: number
}

function transactionsOf({ transactions }: ReadBlock): readonly Placed[] {
  return transactions.map((fields) => ({
    fields,
    place: numberOf(fields.transactionIndex, 'transactionIndex'),
  }))
}

function record(
  block: ReadBlock,
  { fields, place }: Placed,
  own: () => { readonly [name: string]: JsonInput },
): ChainRecord {
  const hash = fields.hash ?? fields.transactionHash ?? null
  return {
    ...{ block: block.number, place, id: `block ${block.number}, transaction ${hash}` },
    input: () => ({ ...own(), ...inBlock(block), transactionHash: hash }),
  }
}

function inBlock({ number, hash, fields }: ReadBlock) {
  const seconds = numberOf(fields.timestamp, 'timestamp')
  const blockTime = new Date(seconds * 1_000).toISOString()
  return { blockNumber: BigInt(number), blockHash: hash, blockTime }
}

/** RLP of media type, hash of a schema and content, in the calldata of a transaction to an address of its own. */
function injectedData({ to, input, from }: Fields) {
  if (typeof to !== 'string' || to.toLowerCase() !== dataAddress) return undefined
  try {
    const [mediaType, schema, content, ...more] = fromRlp(input as Hex, 'hex') as readonly Hex[]
    const bytes = typeof content === 'string' ? readHex(content) : undefined
    if (typeof mediaType !== 'string' || bytes === undefined || more.length > 0) return undefined
    return {
      ...{ sender: from ?? null, mediaType: Buffer.from(mediaType.slice(2), 'hex').toString() },
      ...{ schema: schema === '0x' ? null : (schema as string), size: BigInt(bytes.length) },
      ...{ content: content as string, text: textOf(bytes) },
    }
  } catch {
    // Whoever sends such a transaction by hand may send anything.
    return undefined
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Members that JSON-RPC writes as hex and that are numbers. */
const quantities = new Set([
  ...['number', 'timestamp', 'gasUsed', 'gasLimit', 'baseFeePerGas', 'size', 'difficulty'],
  ...[
    'blobGasUsed',
    'excessBlobGas',
    'blobGasPrice',
    'transactionIndex',
    'logIndex',
    'blockNumber',
  ],
  ...['value', 'gas', 'gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas', 'maxFeePerBlobGas'],
  ...[
    'type',
    'chainId',
    'cumulativeGasUsed',
    'effectiveGasPrice',
    'blockTimestamp',
    'totalDifficulty',
  ],
])

/** Numbers of a record as exact integers; a transaction's nonce is one, a block's is not. */
function exact(fields: Fields): { readonly [name: string]: JsonInput } {
  const isNumber = (name: string, value: Json | undefined) =>
    typeof value === 'string' &&
    /^0x[0-9a-f]{1,64}$/i.test(value) &&
    (quantities.has(name) || (name === 'nonce' && 'gas' in fields))
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      isNumber(name, value) ? BigInt(value as string) : (value ?? null),
    ]),
  )
}

function numberOf(value: Json | undefined, name: string): number {
  const number = typeof value === 'string' && /^0x/.test(value) ? Number(value) : Number.NaN
  if (Number.isSafeInteger(number)) return number
  throw misfit(`${name} is ${JSON.stringify(value)}`)
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function fieldsOf(value: Json): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw misfit('a block or a part of one is missing')
}

function misfit(what: string): AppError {
  const message = `the endpoint's answers do not fit together: ${what}`
  return new AppError({ code: 'projection/bad-answer', message, retry: 'later' })
}
