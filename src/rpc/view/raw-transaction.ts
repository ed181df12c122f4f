/** Finds the encoding of a transaction, in the chain or in the pool. */

import type { Chain } from '../../chain/chain.ts'
import type { Hash } from '../../chain/ledger/transaction.ts'
import { encodeTransaction } from '../../chain/ledger/transaction-codec.ts'

/** The bytes that its hash is of; undefined when nobody knows it. */
export function rawTransaction(chain: Chain, wanted: Hash): Uint8Array | undefined {
  const place = chain.findTransaction(wanted)
  const mined = place?.executed.block.transactions[place.position]
  const known = mined ?? chain.pool.get(wanted)?.transaction
  return known && encodeTransaction(known)
}
