/** Shows the transactions that wait for a block. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { PooledTransaction } from '../../chain/txpool/txpool.ts'
import { checksumAddress } from '../format/checksum-address.ts'
import { toQuantity } from '../format/quantity.ts'
import { pooledTransaction } from '../format/transaction-json.ts'
import { address } from '../params/values.ts'
import { type MethodTable, method } from './method.ts'

type Show = (pooled: PooledTransaction) => Json

export const poolMethods: MethodTable = {
  txpool_status: method([], ({ chain }) => {
    const { pending, queued } = chain.pool.counts()
    return { pending: toQuantity(pending), queued: toQuantity(queued) }
  }),
  txpool_content: method([], ({ chain }) => {
    const { pending, queued } = chain.pool.content()
    return {
      pending: bySender(pending, pooledTransaction),
      queued: bySender(queued, pooledTransaction),
    }
  }),
  txpool_contentFrom: method([address], ({ chain }, [who]) => {
    const { pending, queued } = chain.pool.content(who)
    return {
      pending: byNonce(pending, pooledTransaction),
      queued: byNonce(queued, pooledTransaction),
    }
  }),
  txpool_inspect: method([], ({ chain }) => {
    const { pending, queued } = chain.pool.content()
    return { pending: bySender(pending, summary), queued: bySender(queued, summary) }
  }),
}

function bySender(list: readonly PooledTransaction[], show: Show): Json {
  const senders = Map.groupBy(list, ({ sender }) => toHex(sender))
  return Object.fromEntries(
    Array.from(senders.values(), (own) => [
      own[0] ? checksumAddress(own[0].sender) : '',
      byNonce(own, show),
    ]),
  )
}

function byNonce(list: readonly PooledTransaction[], show: Show): Json {
  return Object.fromEntries(list.map((one) => [one.transaction.nonce.toString(), show(one)]))
}

/** One line, as geth writes it. */
function summary({ transaction }: PooledTransaction): string {
  const { to, value, gasLimit } = transaction
  const price = 'gasPrice' in transaction ? transaction.gasPrice : transaction.maxFeePerGas
  const target = to ? checksumAddress(to) : 'contract creation'
  return `${target}: ${value} wei + ${gasLimit} gas × ${price} wei`
}
