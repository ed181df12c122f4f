/** Tells how far a chain is, makes a block when one is wanted, and names the peers: a part of the group qs. */

import { toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Block } from '../../chain/ledger/block.ts'
import { codedError, withCodes } from '../envelope/coded-error.ts'
import { blockJson } from '../format/block-json.ts'
import { namedPeerJson } from '../format/peer-json.ts'
import { toQuantity } from '../format/quantity.ts'
import { listOf, optional } from '../params/parser.ts'
import { text } from '../params/values.ts'
import { chainWork } from '../view/chain-work.ts'
import { type MethodTable, method } from './method.ts'

/** Peers that one call may name. */
const mostPeers = 64

export const serviceMethods: MethodTable = {
  qs_stats: method([], async ({ chain }) => {
    const { name, chainId, consensus } = chain.manifest
    const { header } = chain.head()
    const { pending, queued } = chain.pool.counts()
    const work = await chainWork(chain)
    return {
      ...{ name, chainId: toQuantity(chainId), engine: consensus.engine },
      genesisHash: toHex(chain.blockHash(0n) ?? new Uint8Array()),
      head: { ...named(chain.head()), timestamp: toQuantity(header.timestamp) },
      ...{ safe: named(chain.safe()), finalized: named(chain.finalized()) },
      weight:
        work === undefined
          ? { by: 'height', value: toQuantity(header.number) }
          : { by: 'work', value: toQuantity(work) },
      ...{
        waiting: toQuantity(pending + queued),
        peers: toQuantity(chain.network()?.peers().length ?? 0),
      },
    }
  }),
  qs_leap: method([], ({ chain }) =>
    withCodes(async () => {
      const { engine } = chain.manifest.consensus
      if (engine !== 'dev') {
        const message = `the chain "${chain.manifest.name}" (${engine}) makes its blocks by its own rules: nobody can ask for one now`
        throw codedError('rpc/no-leap', message)
      }
      const { hash } = await chain.dev.sealNow()
      const executed = chain.byHash(hash)
      return executed ? blockJson(executed, false) : null
    }),
  ),
  qs_discover: method([optional(listOf(text, mostPeers), [])], ({ chain }, [addresses]) =>
    withCodes(async () => {
      const network = chain.network()
      if (network === undefined && addresses.length > 0) {
        const message = 'this node has no network, so that it can know no peers; leave them out'
        throw codedError('rpc/no-network', message)
      }
      for (const address of addresses) network?.addPeer(address)
      return network?.peers().map(namedPeerJson) ?? []
    }),
  ),
}

function named({ header, hash }: Pick<Block, 'header' | 'hash'>): { readonly [key: string]: Json } {
  return { number: toQuantity(header.number), hash: toHex(hash) }
}
