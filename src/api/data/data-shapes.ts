/** Describes what the routes of data chains take and answer. */

import { z } from '@hono/zod-openapi'
import { isoTime } from '../routes/views.ts'

const hex = z.string().openapi({ example: '0x4f1a' })
const time = z.string().openapi({ format: 'date-time' })
const block = z.object({ number: z.number(), hash: hex })

/** Hex as JSON-RPC has it. */
export type Quantity = `0x${string}`

export const StatsShape = z
  .object({
    ...{ name: z.string(), chainId: z.number(), engine: z.string(), genesisHash: hex },
    head: block.extend({ timestamp: time }),
    ...{ safe: block, finalized: block },
    weight: z
      .object({ by: z.enum(['work', 'height']), value: z.string() })
      .openapi({ description: 'Of two chains with one genesis the one with more is ahead' }),
    ...{ waiting: z.number(), peers: z.number() },
  })
  .openapi('Stats')

const peers = z.array(z.record(z.string(), z.string()))
export type Peers = z.infer<typeof peers>

export const PeersShape = z.object({ peers }).openapi('Peers')

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'expected 0x and 40 hex digits')
const signature = z.string().regex(/^0x[0-9a-fA-F]{130}$/, 'expected 0x and 130 hex digits')

/** Wei: a whole number, or text of one. */
const amount = z
  .union([
    z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    z.string().regex(/^(\d{1,78}|0x[0-9a-fA-F]{1,64})$/),
  ])
  .openapi({ description: 'Wei, as text where it is above 2^53 - 1', example: '1000000000' })

export const TransferShape = z
  .object({ sender: address, recipient: address, amount })
  .openapi('Transfer')

export const SignedTransferShape = TransferShape.extend({ signature }).openapi('SignedTransfer')

export const DraftShape = z
  .object({
    transaction: z.any().openapi({ description: 'Its fields, as JSON-RPC has them' }),
    raw: hex.openapi({ description: 'What is hashed: the encoding without signature' }),
    hash: hex.openapi({ description: 'What the sender has to sign, without a prefix' }),
  })
  .openapi('Draft')

export const SentShape = z.object({ transactionHash: hex }).openapi('Sent')

export const InjectionShape = z.object({ transactionHash: hex, sender: hex }).openapi('Injection')

export const InjectRulesShape = z
  .object({
    address: hex.openapi({ description: 'Where the transactions go' }),
    maxBytes: z.number(),
    signer: hex.nullable().openapi({ description: 'Signs what comes without a signature' }),
    schema: z.object({ hash: hex, document: z.any() }).nullable(),
  })
  .openapi('InjectRules')

export const InjectedShape = z
  .object({
    ...{ id: z.string().nullable(), transactionHash: hex, blockHash: hex.nullable() },
    ...{ blockNumber: z.number().nullable(), transactionIndex: z.number().nullable() },
    ...{ timestamp: time.nullable(), isFinal: z.boolean(), sender: hex },
    ...{ mediaType: z.string(), schema: hex.nullable(), size: z.number() },
  })
  .openapi('Injected')

export const InjectedDetailShape = InjectedShape.extend({
  content: hex,
  json: z.any().openapi({
    description: 'The content, if it is JSON by its media type, and at most 500 levels deep',
  }),
  proof: z
    .object({
      ...{ transactionHash: hex, blockHash: hex, blockNumber: hex, transactionIndex: hex },
      ...{ header: hex, nodes: z.array(hex) },
    })
    .nullable(),
}).openapi('InjectedDetail')

/** Data as JSON-RPC tells of them. */
export interface RpcInjected {
  readonly id: string | null
  readonly transactionHash: Quantity
  readonly blockHash: Quantity | null
  readonly blockNumber: Quantity | null
  readonly transactionIndex: Quantity | null
  readonly timestamp: Quantity | null
  readonly isFinal: boolean
  readonly sender: Quantity
  readonly mediaType: string
  readonly schema: Quantity | null
  readonly size: Quantity
}

/** The same with content and proof. */
export interface RpcInjectedDetail extends RpcInjected {
  readonly content: Quantity
  readonly proof: z.infer<typeof InjectedDetailShape>['proof']
}

export function injectedView(item: RpcInjected): z.infer<typeof InjectedShape> {
  const { blockNumber, transactionIndex, timestamp, size } = item
  return {
    ...item,
    blockNumber: blockNumber && Number(blockNumber),
    transactionIndex: transactionIndex && Number(transactionIndex),
    timestamp: timestamp && isoTime(Number(timestamp) * 1_000),
    size: Number(size),
  }
}

export function injectedDetailView(item: RpcInjectedDetail): z.infer<typeof InjectedDetailShape> {
  return { ...item, ...injectedView(item), json: jsonOf(item) }
}

/** The content as JSON, or nothing: its sender may have called anything JSON, or nested it too deeply. */
function jsonOf({ mediaType, content }: RpcInjectedDetail): unknown {
  if (!/[/+]json\s*(;|$)/i.test(mediaType)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(content.slice(2), 'hex').toString())
    return isShallow(value, mostLevels) ? value : undefined
  } catch {
    return undefined
  }
}

/** Levels of JSON that are shown; to write much deeper ones there is no stack. */
const mostLevels = 500

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((one) => isShallow(one, levels - 1))
}

interface RpcBlockName {
  readonly number: Quantity
  readonly hash: Quantity
}

/** Stats as JSON-RPC gives them. */
export interface RpcStats {
  readonly name: string
  readonly chainId: Quantity
  readonly engine: string
  readonly genesisHash: Quantity
  readonly head: RpcBlockName & { readonly timestamp: Quantity }
  readonly safe: RpcBlockName
  readonly finalized: RpcBlockName
  readonly weight: { readonly by: 'work' | 'height'; readonly value: Quantity }
  readonly waiting: Quantity
  readonly peers: Quantity
}

export function statsView(stats: RpcStats): z.infer<typeof StatsShape> {
  const { head, safe, finalized, weight } = stats
  const named = ({ number, hash }: RpcBlockName) => ({ number: Number(number), hash })
  return {
    ...stats,
    chainId: Number(stats.chainId),
    head: { ...named(head), timestamp: isoTime(Number(head.timestamp) * 1_000) },
    ...{ safe: named(safe), finalized: named(finalized) },
    weight: { by: weight.by, value: String(BigInt(weight.value)) },
    ...{ waiting: Number(stats.waiting), peers: Number(stats.peers) },
  }
}
