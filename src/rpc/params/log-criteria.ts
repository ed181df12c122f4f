/** Reads which logs a query, a filter or a subscription asks for, and finds them. */

import { equalBytes } from '../../base/bytes.ts'
import type { Log } from '../../chain/ledger/block.ts'
import { bloomMayContain } from '../../chain/ledger/bloom.ts'
import type { Address, Hash } from '../../chain/ledger/transaction.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import { blockNumber, latest, type NumberedBlock } from './block-reference.ts'
import { listOf, optional, type Parser, record } from './parser.ts'
import { address, hash } from './values.ts'

/** What logs must have; an empty list of alternatives lets everything through. */
export interface LogCriteria {
  readonly addresses: readonly Address[]
  /** Alternatives for each place of a topic. */
  readonly topics: readonly (readonly Hash[])[]
}

/** What logs of which blocks are asked for. */
export interface LogQuery extends LogCriteria {
  readonly blocks:
    | { readonly kind: 'hash'; readonly hash: Hash }
    | { readonly kind: 'range'; readonly from: NumberedBlock; readonly to: NumberedBlock }
}

/** Reads the object of eth_getLogs, eth_newFilter and eth_subscribe("logs"). */
export function logQuery(alternatives: number): Parser<LogQuery> {
  const addresses = oneOrMore(address, alternatives)
  const topics = listOf(optional(oneOrMore(hash, alternatives), []), 4)
  return (value, path) => {
    const fields = record(value, path)
    const range = {
      kind: 'range',
      from: optional(blockNumber, latest)(fields.fromBlock, `${path}.fromBlock`),
      to: optional(blockNumber, latest)(fields.toBlock, `${path}.toBlock`),
    } as const
    const blockHash = optional(hash)(fields.blockHash, `${path}.blockHash`)
    const hasRange = (fields.fromBlock ?? null) !== null || (fields.toBlock ?? null) !== null
    if (blockHash && hasRange) {
      throw invalidParams(
        `${path}: cannot specify both blockHash and fromBlock/toBlock, choose one or the other`,
      )
    }
    return {
      addresses: optional(addresses, [])(fields.address, `${path}.address`),
      topics: optional(topics, [])(fields.topics, `${path}.topics`),
      blocks: blockHash ? { kind: 'hash', hash: blockHash } : range,
    }
  }
}

/** Whether a block may hold such logs, by its bloom filter; `false` is certain. */
export function mayHoldLogs(criteria: LogCriteria, bloom: Uint8Array): boolean {
  return [criteria.addresses, ...criteria.topics].every(
    (any) => any.length === 0 || any.some((one) => bloomMayContain(bloom, one)),
  )
}

/** Whether a log is asked for. */
export function matchesLog(criteria: LogCriteria, log: Log): boolean {
  const { addresses, topics } = criteria
  if (addresses.length > 0 && !addresses.some((one) => equalBytes(one, log.address))) return false
  return topics.every((any, at) => {
    const topic = log.topics[at]
    return topic !== undefined && (any.length === 0 || any.some((one) => equalBytes(one, topic)))
  })
}

function oneOrMore<T>(parse: Parser<T>, most: number): Parser<readonly T[]> {
  const list = listOf(parse, most)
  return (value, path) => (Array.isArray(value) ? list(value, path) : [parse(value, path)])
}
