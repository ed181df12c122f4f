/** Reads what Ethereum endpoints answer, and refuses what is malformed. */

import { AppError } from '../../base/app-error.ts'
import { fromHex, type Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { SourceBlock } from '../source.ts'
import type { RawLog } from '../subscription.ts'

/** A log as it was checked, and where it is. */
export interface ChainLog extends RawLog {
  readonly blockHash: Hex
  readonly transactionHash: Hex
  readonly logIndex: number
}

/** An object of an answer. */
export type Fields = { readonly [name: string]: Json | undefined }

/** A block with its header as the endpoint gave it. */
export interface EvmBlock extends SourceBlock {
  readonly header: Fields
}

/** Most topics of a log. */
const maxTopics = 4
/** Logs of one answer. */
const maxAnswerLogs = 200_000

/** Quantity of JSON-RPC. */
export const quantity = (value: number): Hex => `0x${value.toString(16)}`

/** A block, of the number that was asked for. @throws AppError `stream/bad-answer` */
export function blockOf(answer: Json, method: string, number?: number): EvmBlock {
  const header = fieldsOf(answer, method)
  const found = numberOf(header.number, method)
  if (number !== undefined && found !== number) throw badAnswer(method, 'another block number')
  return {
    number: found,
    hash: hashOf(header.hash, method),
    parentHash: hashOf(header.parentHash, method),
    timeMs: numberOf(header.timestamp, method) * 1_000,
    header,
  }
}

/** The bloom filter of a block. @throws AppError `stream/bad-answer` */
export function bloomOf({ header }: EvmBlock): Uint8Array {
  const method = 'eth_getBlockByNumber'
  const bloom = bytesOf(header.logsBloom, method)
  if (bloom.length !== 514) throw badAnswer(method, 'a bloom that is none')
  return fromHex(bloom)
}

/** Logs of an answer. @throws AppError `stream/bad-answer` */
export function logsOf(answer: Json, method: string): readonly ChainLog[] {
  if (!Array.isArray(answer)) throw badAnswer(method, 'no list')
  if (answer.length > maxAnswerLogs) throw badAnswer(method, `over ${maxAnswerLogs} logs`)
  return answer.map((log) => logOf(log, method))
}

/** A log. @throws AppError `stream/bad-answer` */
function logOf(answer: Json, method: string): ChainLog {
  const log = fieldsOf(answer, method)
  return {
    ...logContent(log, method),
    blockNumber: numberOf(log.blockNumber, method),
    blockHash: hashOf(log.blockHash, method),
    transactionHash: hashOf(log.transactionHash, method),
    logIndex: numberOf(log.logIndex, method),
  }
}

/** What a log says. @throws AppError `stream/bad-answer` */
export function logContent({ address, topics, data }: Fields, method: string) {
  if (typeof address !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(address)) {
    throw badAnswer(method, 'a log without address')
  }
  if (!Array.isArray(topics) || topics.length > maxTopics) {
    throw badAnswer(method, 'a log without topics')
  }
  if (typeof data !== 'string' || data.length % 2 === 1 || !/^0x[0-9a-fA-F]*$/.test(data)) {
    throw badAnswer(method, 'a log without data')
  }
  return {
    address: address.toLowerCase() as Hex,
    topics: topics.map((topic: Json) => hashOf(topic, method)),
    data: data.toLowerCase() as Hex,
  }
}

/** An object. @throws AppError `stream/bad-answer` */
export function fieldsOf(answer: Json | undefined, method: string): Fields {
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) {
    return answer as Fields
  }
  throw badAnswer(method, 'no object')
}

/** A number that is safe. @throws AppError `stream/bad-answer` */
export function numberOf(value: Json | undefined, method: string): number {
  const number = typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value) ? Number(value) : -1
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw badAnswer(method, 'a number that is none')
}

/** Shortest bytes of an integer of up to 256 bits, as RLP has it. @throws AppError `stream/bad-answer` */
export function integerOf(value: Json | undefined, method: string, name: string): Uint8Array {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) {
    throw badAnswer(method, `no ${name}`)
  }
  const digits = value.slice(2).replace(/^0+/, '')
  return fromHex(digits.length % 2 === 0 ? `0x${digits}` : `0x0${digits}`)
}

/** 32 bytes, in lower case. @throws AppError `stream/bad-answer` */
export function hashOf(value: Json | undefined, method: string): Hex {
  if (typeof value === 'string' && /^0x[0-9a-fA-F]{64}$/.test(value)) {
    return value.toLowerCase() as Hex
  }
  throw badAnswer(method, 'a hash that is none')
}

/** Bytes in lower case. @throws AppError `stream/bad-answer` */
export function bytesOf(value: Json | undefined, method: string): Hex {
  if (typeof value === 'string' && value.length % 2 === 0 && /^0x[0-9a-fA-F]*$/.test(value)) {
    return value.toLowerCase() as Hex
  }
  throw badAnswer(method, 'bytes that are none')
}

/** An answer of a shape that no node of this kind gives. */
export function badAnswer(method: string, what: string): AppError {
  const message = `the endpoint does not answer ${method} as Ethereum nodes do: ${what}`
  return new AppError({ code: 'stream/bad-answer', message, retry: 'later' })
}
