/** Answers about blocks that are sealed by work, and takes seals that were found elsewhere. */

import { fromBigInt, padStart, toBigInt, toHex } from '../../base/bytes.ts'
import { serverError } from '../envelope/rpc-error.ts'
import { toQuantity } from '../format/quantity.ts'
import { hash, nonce } from '../params/values.ts'
import { type MethodTable, method } from './method.ts'

export const miningMethods: MethodTable = {
  eth_mining: method([], ({ chain }) => chain.mining.isMining()),
  eth_hashrate: method([], ({ chain }) => toQuantity(chain.mining.hashesPerSecond())),
  // Where the work of Ethereum has a seed, there is the chain's key, which is hashed as well.
  eth_getWork: method([], ({ chain }) => {
    const work = chain.mining.work()
    if (work === undefined) throw serverError('no mining work available yet')
    const { sealHash, target, number } = work
    const boundary = toHex(padStart(fromBigInt(target), 32))
    return [toHex(sealHash), toHex(chain.key), boundary, toQuantity(number)]
  }),
  eth_submitWork: method([nonce, hash, hash], ({ chain }, [found, sealHash]) =>
    chain.mining.submitWork(sealHash, toBigInt(found)),
  ),
}
