/** Keeps the filters that clients poll: new blocks, new pending transactions, new and removed logs. */

import { randomBytes } from 'node:crypto'
import { type Hex, toBigInt, toHex } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { ChainEvent } from '../../chain/chain.ts'
import type { ExecutedBlock } from '../../chain/ledger/block.ts'
import { errorCodes, rpcError, serverError } from '../envelope/rpc-error.ts'
import { toQuantity } from '../format/quantity.ts'
import type { RpcLimits } from '../limits.ts'
import type { LogQuery } from '../params/log-criteria.ts'
import { logsOfBlock } from '../view/block-logs.ts'

/** What a filter collects. */
type FilterKind =
  | { readonly kind: 'blocks' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'logs'; readonly query: LogQuery }

interface Filter {
  readonly of: FilterKind
  changes: Json[]
  askedMs: number
}

/** The filters of one chain. */
export interface Filters {
  /** @throws AppError `json-rpc/error` -32005 when there are too many */
  add(of: FilterKind): Hex
  /** What happened since the last time; @throws AppError `json-rpc/error` -32000 "filter not found" */
  changes(id: string): readonly Json[]
  /** What a filter of logs asks for; @throws AppError `json-rpc/error` -32000 "filter not found" */
  query(id: string): LogQuery
  remove(id: string): boolean
  /** Tells the filters what the chain did. */
  hear(event: ChainEvent): void
}

/** An id that nobody can guess, written as a quantity. */
export function freshId(): Hex {
  return toQuantity(toBigInt(randomBytes(16)))
}

/** Logs of the live blocks that `query` asks for: removed ones newest first, then added ones. */
export function logChanges(
  query: LogQuery,
  event: Extract<ChainEvent, { kind: 'head' }>,
): readonly Json[] {
  const wanted = (executed: ExecutedBlock) => isWithin(query, executed.block.header.number)
  return [
    ...event.removed
      .toReversed()
      .filter(wanted)
      .flatMap((one) => logsOfBlock(query.criteria, one, true)),
    ...event.added.filter(wanted).flatMap((one) => logsOfBlock(query.criteria, one)),
  ]
}

/** No filters yet. */
export function createFilters(limits: RpcLimits, clock: Clock): Filters {
  const filters = new Map<string, Filter>()
  const find = (id: string): Filter => {
    dropIdle(filters, clock.nowMs() - limits.filterIdleMs)
    const filter = filters.get(id)
    if (!filter) throw serverError('filter not found')
    filter.askedMs = clock.nowMs()
    return filter
  }
  return {
    add(of) {
      dropIdle(filters, clock.nowMs() - limits.filterIdleMs)
      if (filters.size >= limits.filters) {
        throw rpcError(
          errorCodes.limitExceeded,
          `there are ${filters.size} filters already; uninstall some, or wait ${limits.filterIdleMs / 1000} s`,
        )
      }
      const id = freshId()
      filters.set(id, { of, changes: [], askedMs: clock.nowMs() })
      return id
    },
    changes(id) {
      const filter = find(id)
      const { changes } = filter
      filter.changes = []
      return changes
    },
    query(id) {
      const { of } = find(id)
      if (of.kind !== 'logs') throw serverError('filter not found')
      return of.query
    },
    remove: (id) => filters.delete(id),
    hear(event) {
      dropIdle(filters, clock.nowMs() - limits.filterIdleMs)
      for (const [id, { of, changes }] of filters) {
        for (const change of changesFor(of, event)) changes.push(change)
        if (changes.length > limits.filterChanges) filters.delete(id)
      }
    },
  }
}

function changesFor(of: FilterKind, event: ChainEvent): readonly Json[] {
  if (event.kind === 'pending') return of.kind === 'pending' ? [toHex(event.hash)] : []
  if (event.kind !== 'head') return []
  if (of.kind === 'logs') return logChanges(of.query, event)
  return of.kind === 'blocks' ? event.added.map(({ block }) => toHex(block.hash)) : []
}

/** Tags mean the blocks to come; numbers bound them. */
function isWithin({ blocks }: LogQuery, number: bigint): boolean {
  if (blocks.kind === 'hash') return false
  const { from, to } = blocks
  if (from.kind === 'number' && number < from.number) return false
  return to.kind !== 'number' || number <= to.number
}

function dropIdle(filters: Map<string, Filter>, since: number): void {
  for (const [id, filter] of filters) if (filter.askedMs < since) filters.delete(id)
}
