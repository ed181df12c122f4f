/** Answers questions about logs, by query, by filter, and by subscription. */

import { toHex } from '../../base/bytes.ts'
import type { ChainEvent } from '../../chain/chain.ts'
import { errorCodes, invalidParams, rpcError } from '../envelope/rpc-error.ts'
import { headerJson } from '../format/block-json.ts'
import { pooledTransaction } from '../format/transaction-json.ts'
import { logChanges } from '../live/filters.ts'
import { type LogQuery, logQuery } from '../params/log-criteria.ts'
import { optional, type Parser } from '../params/parser.ts'
import { flag, text } from '../params/values.ts'
import type { CallContext, Subscriber } from '../view/context.ts'
import { findLogs } from '../view/logs.ts'
import { type MethodTable, method } from './method.ts'

/** The methods; how many alternatives a query may name is a limit. */
export function logMethods(alternatives: number): MethodTable {
  const query = logQuery(alternatives)
  return {
    eth_getLogs: method([query], (context, [wanted]) => findLogs(context, wanted)),
    eth_newFilter: method([query], ({ filters }, [wanted]) =>
      filters.add({ kind: 'logs', query: wanted }),
    ),
    eth_newBlockFilter: method([], ({ filters }) => filters.add({ kind: 'blocks' })),
    eth_newPendingTransactionFilter: method([optional(flag)], ({ filters }) =>
      filters.add({ kind: 'pending' }),
    ),
    eth_getFilterChanges: method([text], ({ filters }, [id]) => filters.changes(id)),
    eth_getFilterLogs: method([text], (context, [id]) =>
      findLogs(context, context.filters.query(id)),
    ),
    eth_uninstallFilter: method([text], ({ filters }, [id]) => filters.remove(id)),
    eth_subscribe: method([text, optional(anything)], (context, [kind, argument]) => {
      const subscriber = subscriberOf(context)
      const path = 'params[1]'
      if (kind === 'newHeads') return subscriber.subscribe(heads(context))
      if (kind === 'syncing') return subscriber.subscribe(() => () => {})
      if (kind === 'newPendingTransactions')
        return subscriber.subscribe(pending(context, optional(flag, false)(argument, path)))
      if (kind === 'logs') return subscriber.subscribe(logs(context, query(argument ?? {}, path)))
      throw invalidParams(
        `params[0]: expected newHeads, logs, newPendingTransactions or syncing, got ${JSON.stringify(kind.slice(0, 80))}`,
      )
    }),
    eth_unsubscribe: method([text], (context, [id]) => subscriberOf(context).unsubscribe(id)),
  }
}

type Begin = Parameters<Subscriber['subscribe']>[0]

const anything: Parser<Parameters<Parser<unknown>>[0]> = (value) => value

function heads({ chain }: CallContext): Begin {
  return (notify) =>
    chain.subscribe((event) => {
      if (event.kind === 'head') for (const { block } of event.added) notify(headerJson(block))
    })
}

function logs({ chain }: CallContext, query: LogQuery): Begin {
  return (notify) =>
    chain.subscribe((event) => {
      if (event.kind === 'head') for (const log of logChanges(query, event)) notify(log)
    })
}

function pending({ chain }: CallContext, whole: boolean): Begin {
  const shown = ({ hash }: Extract<ChainEvent, { kind: 'pending' }>) => {
    const pooled = whole ? chain.pool.get(hash) : undefined
    return pooled ? pooledTransaction(pooled) : toHex(hash)
  }
  return (notify) =>
    chain.subscribe((event) => {
      if (event.kind === 'pending') notify(shown(event))
    })
}

function subscriberOf({ subscriber }: CallContext): Subscriber {
  if (subscriber) return subscriber
  throw rpcError(
    errorCodes.methodNotFound,
    'notifications not supported: subscribe over a WebSocket, or poll with eth_newFilter and eth_getFilterChanges',
  )
}
