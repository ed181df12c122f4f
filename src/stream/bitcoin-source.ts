/** Reads payments and notes of a Bitcoin chain, as the second kind of source beside Ethereum. */

import { hash } from 'node:crypto'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import {
  type BlockSpan,
  inconsistent,
  numbersOf,
  type Source,
  type SourceBlock,
  type SourceEvent,
} from './source.ts'

/** Which events of which chain. */
export interface BitcoinSourceOptions {
  /** What tells the chain from others in this process; Bitcoin has no number of its own. */
  readonly chainId: number
  /** Hash of block 0, where it is to be checked. */
  readonly genesis?: string
  /** Addresses whose payments are events: `Paid(string,uint256)`. */
  readonly addresses: readonly string[]
  /** Whether outputs that carry data (OP_RETURN) are events: `Noted(bytes)`. */
  readonly notes?: boolean
}

/** Block as `getblock` gives it at verbosity 2. */
interface Block extends SourceBlock {
  readonly transactions: readonly Fields[]
}

type Fields = { readonly [name: string]: Json | undefined }

/** Blocks kept from asking for headers until asking for their events. */
const maxKept = 64
/** Questions that are under way at the same time. */
const maxParallel = 8

/**
 * A source of the outputs of a Bitcoin chain: payments to addresses, in satoshi, and data. An event is named by its
 * transaction and output; its address is a digest of what was paid to, since those of Bitcoin are no 20 bytes.
 *
 * @see Bitcoin Core's RPC: getblockcount, getblockhash, getblock (verbosity 2)
 */
export function createBitcoinSource(
  options: BitcoinSourceOptions,
  { client }: { readonly client: JsonRpcClient },
): Source {
  const wanted = new Set(options.addresses)
  const kept = new Map<Hex, Block>()
  const keep = (block: Block): Block => {
    kept.set(block.hash, block)
    const [oldest] = kept.keys()
    if (kept.size > maxKept && oldest) kept.delete(oldest)
    return block
  }
  const byHash = async (of: Hex): Promise<Block> => {
    const known = kept.get(of)
    if (known) return known
    return keep(blockOf(await client.request('getblock', [of.slice(2), 2])))
  }
  const at = async (number: number): Promise<Block> => {
    const answer = await client.request('getblockhash', [number]).catch((error: unknown) => {
      // "Block height out of range".
      if (!(error instanceof AppError) || error.data.code !== -8) throw error
      throw inconsistent(`block ${number} is missing`)
    })
    const block = await byHash(hashOf(answer))
    if (block.number !== number) throw badAnswer('another block number')
    return block
  }
  const blocksAt = async (numbers: readonly number[]): Promise<readonly Block[]> => {
    const blocks: Block[] = []
    for (let done = 0; done < numbers.length; done += maxParallel) {
      blocks.push(...(await Promise.all(numbers.slice(done, done + maxParallel).map(at))))
    }
    return blocks
  }
  const found = (blocks: readonly Block[]) => ({
    events: blocks.flatMap((block) => eventsOf(block, { wanted, notes: options.notes ?? false })),
    discovered: [],
  })
  return {
    type: 'bitcoin.output',
    wantsHeaders: false,
    async chainId() {
      const { genesis, chainId } = options
      if (genesis === undefined || hashOf(await client.request('getblockhash', [0])) === genesis) {
        return chainId
      }
      return -1
    },
    async head() {
      const number = numberOf(await client.request('getblockcount', []))
      return { number, safe: undefined, finalized: undefined }
    },
    blocksAt,
    blockByHash: (of) => byHash(of),
    eventsIn: async (span: BlockSpan) => found(await blocksAt(numbersOf(span))),
    eventsOf: async (blocks) => found(await Promise.all(blocks.map((block) => byHash(block.hash)))),
    proven: async (_, events) => events,
    subscribe: () => () => {},
  }
}

function eventsOf(
  block: Block,
  { wanted, notes }: { readonly wanted: ReadonlySet<string>; readonly notes: boolean },
): readonly SourceEvent[] {
  const events: SourceEvent[] = []
  let logIndex = -1
  for (const transaction of block.transactions) {
    const transactionHash = hashOf(transaction.txid)
    if (!Array.isArray(transaction.vout)) throw badAnswer('a transaction without outputs')
    for (const [n, output] of (transaction.vout as readonly Fields[]).entries()) {
      logIndex += 1
      const said = outputOf(output, { wanted, notes })
      if (said === undefined) continue
      events.push({
        ...{ key: `${transactionHash}:${n}`, ...said, transactionHash, logIndex },
        ...{ blockNumber: block.number, blockHash: block.hash },
      })
    }
  }
  return events
}

function outputOf(
  { value, scriptPubKey }: Fields,
  { wanted, notes }: { readonly wanted: ReadonlySet<string>; readonly notes: boolean },
) {
  const script = (scriptPubKey ?? {}) as Fields
  const { address, type, hex } = script
  if (typeof address === 'string' && wanted.has(address)) {
    const args = { to: address, amount: satoshiOf(value) }
    return { name: 'Paid', signature: 'Paid(string,uint256)', args, address: digestOf(address) }
  }
  if (!notes || type !== 'nulldata' || typeof hex !== 'string') return undefined
  const args = { data: `0x${hex}` }
  return { name: 'Noted', signature: 'Noted(bytes)', args, address: digestOf('nulldata') }
}

/** Bitcoin Core writes amounts as decimal fractions with up to 8 places, exact in a double below 21 million. */
function satoshiOf(value: Json | undefined): string {
  if (typeof value !== 'number' || !(value >= 0 && value <= 21_000_000)) {
    throw badAnswer('an amount that is none')
  }
  return String(Math.round(value * 1e8))
}

function digestOf(text: string): Hex {
  return `0x${hash('sha256', text, 'hex').slice(0, 40)}`
}

function blockOf(answer: Json): Block {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    throw badAnswer('no block')
  }
  const { height, hash: own, previousblockhash, time, tx } = answer as Fields
  if (!Array.isArray(tx)) throw badAnswer('a block without transactions')
  return {
    ...{ number: numberOf(height), hash: hashOf(own), timeMs: numberOf(time) * 1_000 },
    parentHash:
      previousblockhash === undefined ? `0x${'00'.repeat(32)}` : hashOf(previousblockhash),
    transactions: tx as readonly Fields[],
  }
}

function numberOf(value: Json | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw badAnswer('a number that is none')
}

function hashOf(value: Json | undefined): Hex {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return `0x${value}`
  throw badAnswer('a hash that is none')
}

function badAnswer(what: string): AppError {
  const message = `the endpoint does not answer as Bitcoin Core does: ${what}`
  return new AppError({ code: 'stream/bad-answer', message, retry: 'later' })
}
