/** Answers questions about the node and its chain: the groups web3, net and rpc, and some of eth. */

import { toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { openRpcDocument } from '../document/open-rpc.ts'
import { toQuantity } from '../format/quantity.ts'
import { bytes } from '../params/values.ts'
import { type MethodTable, method } from './method.ts'

export const nodeMethods: MethodTable = {
  web3_clientVersion: method([], ({ clientVersion }) => clientVersion),
  web3_sha3: method([bytes], (_, [data]) => toHex(keccak256(data))),
  net_version: method([], ({ chain }) => chain.manifest.chainId.toString()),
  // Clients ask this to learn whether a node is alive.
  net_listening: method([], () => true),
  net_peerCount: method([], ({ chain }) => toQuantity(chain.network()?.peers().length ?? 0)),
  rpc_modules: method([], ({ methodNames }) =>
    Object.fromEntries(methodNames.map((name) => [name.split('_', 1)[0] ?? name, '1.0'])),
  ),
  rpc_discover: method([], ({ methodNames }) => openRpcDocument(methodNames)),
  eth_chainId: method([], ({ chain }) => toQuantity(chain.manifest.chainId)),
  eth_syncing: method([], ({ chain }) => {
    const progress = chain.syncing()
    if (progress === undefined) return false
    return {
      startingBlock: toQuantity(progress.from),
      currentBlock: toQuantity(chain.head().header.number),
      highestBlock: toQuantity(progress.to),
    }
  }),
  eth_accounts: method([], ({ keys }) => [...keys.keys()]),
  eth_blockNumber: method([], ({ chain }) => toQuantity(chain.head().header.number)),
}
