/** Asks an endpoint for heads, headers and logs, and refuses answers that are malformed or do not fit together. */

import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'
import type { EventDecoder, RawLog } from '../event-decoder.ts'

/** What a listener keeps of a block. */
export interface ListenedBlock {
  readonly number: number
  readonly hash: Hex
  readonly parentHash: Hex
  readonly timeMs: number
}

/** A log as it was checked, and where it is. */
export interface ChainLog extends RawLog {
  readonly blockNumber: number
  readonly blockHash: Hex
  readonly transactionHash: Hex
  readonly logIndex: number
}

/** A log with its place within its transaction. */
export interface PlacedLog {
  readonly log: ChainLog
  readonly place: number
}

/** What an endpoint says of its chain's finality. */
export interface TaggedHeads {
  readonly safe: number | undefined
  readonly finalized: number | undefined
}

/** Which blocks: a range, or one by its hash, which an endpoint on another head cannot answer by mistake. */
export type LogQuery = { readonly from: number; readonly to: number } | { readonly block: Hex }

/** Requests that are under way at the same time. */
const maxParallel = 16

/** What endpoints say when there are too many requests. */
const aboutRate =
  /rate.?limit|requests|request (rate|count|limit)|per second|capacity|throughput|quota/i
/** What they say when the answer would be too large or take too long, where they do not name range, logs or size. */
const aboutSize =
  /too many|too large|too big|too wide|limit|more than|at most|maximum|exceed|timed? ?out/i

/** Quantity of JSON-RPC. */
const quantity = (value: number): Hex => `0x${value.toString(16)}`

/** A client that stops waiting for answers when the signal says so. */
export function leavingClient(client: JsonRpcClient, signal: AbortSignal): JsonRpcClient {
  const left = () => new AppError({ code: 'stream/stopped', message: 'the listener was stopped' })
  return {
    request: (method, params) =>
      new Promise((resolve, reject) => {
        const leave = () => reject(left())
        if (signal.aborted) {
          leave()
          return
        }
        signal.addEventListener('abort', leave, { once: true })
        client
          .request(method, params)
          .then(resolve, reject)
          .finally(() => signal.removeEventListener('abort', leave))
      }),
  }
}

/** The endpoint's chain id. */
export async function chainIdOf(client: JsonRpcClient): Promise<number> {
  return numberOf(await client.request('eth_chainId'), 'eth_chainId')
}

/** The number of the endpoint's head. */
export async function headOf(client: JsonRpcClient): Promise<number> {
  return numberOf(await client.request('eth_blockNumber'), 'eth_blockNumber')
}

/** Numbers of the blocks that the endpoint calls safe and finalized, where it knows these tags. */
export async function taggedHeads(client: JsonRpcClient): Promise<TaggedHeads> {
  const [safe, finalized] = await Promise.all(
    ['safe', 'finalized'].map((tag) => tagged(client, tag)),
  )
  return { safe, finalized }
}

async function tagged(client: JsonRpcClient, tag: string): Promise<number | undefined> {
  const method = 'eth_getBlockByNumber'
  try {
    const answer = await client.request(method, [tag, false])
    return answer === null ? undefined : numberOf(fieldsOf(answer, method).number, method)
  } catch (error) {
    // Endpoints that do not know the tag, or have no such block yet.
    const isAnswer = error instanceof AppError && error.code === 'json-rpc/error'
    if (isAnswer && error.retry === 'never') return undefined
    throw error
  }
}

/** A block of the endpoint's chain. @throws AppError `stream/inconsistent` if it has none of that number */
export async function blockAt(client: JsonRpcClient, number: number): Promise<ListenedBlock> {
  const method = 'eth_getBlockByNumber'
  const answer = await client.request(method, [quantity(number), false])
  if (answer === null) throw inconsistent(`block ${number} is missing`)
  const block = fieldsOf(answer, method)
  if (numberOf(block.number, method) !== number) throw badAnswer(method, 'another block number')
  return {
    number,
    hash: hashOf(block.hash, method),
    parentHash: hashOf(block.parentHash, method),
    timeMs: numberOf(block.timestamp, method) * 1_000,
  }
}

/** Blocks of the endpoint's chain, in the order of their numbers here. */
export function blocksAt(
  client: JsonRpcClient,
  numbers: readonly number[],
): Promise<readonly ListenedBlock[]> {
  return inParallel(numbers, (number) => blockAt(client, number))
}

/** Logs of the wanted events in some blocks. */
export async function logsIn(
  client: JsonRpcClient,
  decoder: EventDecoder,
  query: LogQuery,
): Promise<readonly ChainLog[]> {
  const method = 'eth_getLogs'
  const blocks =
    'block' in query
      ? { blockHash: query.block }
      : { fromBlock: quantity(query.from), toBlock: quantity(query.to) }
  const filter = { ...blocks, address: [...decoder.addresses], topics: [[...decoder.topics]] }
  const answer = await client.request(method, [filter])
  if (!Array.isArray(answer)) throw badAnswer(method, 'no list')
  const logs = answer.map((log) => logOf(log, method)).filter((log) => decoder.wants(log))
  const isStray = (log: ChainLog) =>
    'block' in query
      ? log.blockHash !== query.block
      : log.blockNumber < query.from || log.blockNumber > query.to
  if (logs.some(isStray)) throw badAnswer(method, 'a log of a block that was not asked for')
  return logs
}

/** Logs of the wanted events in each of these blocks, asked by hash. @throws AppError `stream/inconsistent` if one left */
export async function logsOfBlocks(
  client: JsonRpcClient,
  decoder: EventDecoder,
  blocks: readonly ListenedBlock[],
): Promise<readonly ChainLog[]> {
  const found = await inParallel(blocks, ({ number, hash }) =>
    logsIn(client, decoder, { block: hash }).catch((error: unknown) => {
      if (!isUnknownBlock(error)) throw error
      throw inconsistent(`block ${number} was there, and then it was not: ${error.message}`)
    }),
  )
  return found.flat()
}

/** Whether a block left between its header and its logs, or another node behind the endpoint lags. */
function isUnknownBlock(error: unknown): error is AppError {
  if (!(error instanceof AppError) || error.code !== 'json-rpc/error') return false
  return /unknown|not found|not be found/i.test(error.message)
}

/** The place of each log within its transaction, by its receipt. @throws AppError `stream/inconsistent` */
export async function placesOf(
  client: JsonRpcClient,
  logs: readonly ChainLog[],
): Promise<readonly PlacedLog[]> {
  const hashes = [...new Set(logs.map(({ transactionHash }) => transactionHash))]
  const read = await inParallel(hashes, (hash) => receiptOf(client, hash))
  const receipts = new Map(hashes.map((hash, at) => [hash, read[at]]))
  return logs.map((log) => {
    const receipt = receipts.get(log.transactionHash)
    const place = receipt?.logIndices.indexOf(log.logIndex) ?? -1
    if (receipt?.blockHash !== log.blockHash || place < 0) {
      throw inconsistent(`the receipt of ${log.transactionHash} does not hold its log`)
    }
    return { log, place }
  })
}

/** Whether an error says that an answer for so many blocks is too large, rather than that there are too many requests. */
export function isRangeTooLarge(error: unknown): boolean {
  if (!(error instanceof AppError)) return false
  if (error.code === 'json-rpc/unreachable') return error.data.reason === 'too-large'
  if (error.code !== 'json-rpc/error' || error.data.code === 429) return false
  if (/\brange|\blogs\b|results|response size/i.test(error.message)) return true
  if (aboutRate.test(error.message)) return false
  return error.data.code === -32005 || aboutSize.test(error.message)
}

/** Answers from different heads: ask again. */
export function inconsistent(what: string): AppError {
  const message = `the endpoint's answers do not fit together: ${what}`
  return new AppError({ code: 'stream/inconsistent', message, retry: 'later' })
}

async function receiptOf(client: JsonRpcClient, hash: Hex) {
  const method = 'eth_getTransactionReceipt'
  const answer = await client.request(method, [hash])
  if (answer === null) return undefined
  const { blockHash, logs } = fieldsOf(answer, method)
  if (!Array.isArray(logs)) throw badAnswer(method, 'no logs')
  return {
    blockHash: hashOf(blockHash, method),
    logIndices: logs.map((log) => numberOf(fieldsOf(log, method).logIndex, method)),
  }
}

/** Results in the order of the items, with a bounded number under way. */
async function inParallel<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let at = 0; at < items.length; at += maxParallel) {
    results.push(...(await Promise.all(items.slice(at, at + maxParallel).map(run))))
  }
  return results
}

function logOf(answer: Json, method: string): ChainLog {
  const log = fieldsOf(answer, method)
  const { address, topics, data } = log
  if (typeof address !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(address)) {
    throw badAnswer(method, 'a log without address')
  }
  if (!Array.isArray(topics)) throw badAnswer(method, 'a log without topics')
  if (typeof data !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(data)) {
    throw badAnswer(method, 'a log without data')
  }
  return {
    address: address.toLowerCase() as Hex,
    topics: topics.map((topic: Json) => hashOf(topic, method)),
    data: data as Hex,
    blockNumber: numberOf(log.blockNumber, method),
    blockHash: hashOf(log.blockHash, method),
    transactionHash: hashOf(log.transactionHash, method),
    logIndex: numberOf(log.logIndex, method),
  }
}

function fieldsOf(answer: Json, method: string): { readonly [name: string]: Json | undefined } {
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) {
    return answer as { readonly [name: string]: Json }
  }
  throw badAnswer(method, 'no object')
}

function numberOf(value: Json | undefined, method: string): number {
  const number = typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value) ? Number(value) : -1
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw badAnswer(method, 'a number that is none')
}

function hashOf(value: Json | undefined, method: string): Hex {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value)) {
    return value.toLowerCase() as Hex
  }
  throw badAnswer(method, 'a hash that is none')
}

function badAnswer(method: string, what: string): AppError {
  const message = `the endpoint does not answer ${method} as Ethereum nodes do: ${what}`
  return new AppError({ code: 'stream/bad-answer', message, retry: 'later' })
}
