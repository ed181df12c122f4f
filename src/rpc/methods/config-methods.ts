/** Tells what the node can do: its forks, what it keeps of the past, who it is. */

import { toHex } from '../../base/bytes.ts'
import type { Chain } from '../../chain/chain.ts'
import { peerJson } from '../format/peer-json.ts'
import { toQuantity } from '../format/quantity.ts'
import { forkConfig } from '../view/fork-config.ts'
import { type MethodTable, method } from './method.ts'

export const configMethods: MethodTable = {
  eth_config: method([], ({ chain }) => forkConfig(chain)),
  eth_capabilities: method([], ({ chain }) => {
    const { header, hash } = chain.head()
    const all = { disabled: false, oldestBlock: '0x0' }
    const state = { disabled: false, oldestBlock: toQuantity(oldestState(chain)) }
    return {
      head: { number: toQuantity(header.number), hash: toHex(hash) },
      ...{ blocks: all, tx: all, receipts: all, logs: all, state, stateproofs: state },
    }
  }),
  eth_coinbase: method([], ({ chain }) =>
    toHex(chain.draft()?.beneficiary ?? chain.head().header.beneficiary),
  ),
  admin_nodeInfo: method([], ({ chain, clientVersion }) => {
    const { header, hash } = chain.head()
    return {
      name: clientVersion,
      protocols: {
        eth: {
          network: Number(chain.manifest.chainId),
          genesis: toHex(chain.blockHash(0n) ?? hash),
          ...{ head: toHex(hash), difficulty: Number(header.difficulty) },
        },
      },
    }
  }),
  admin_peers: method([], ({ chain }) => chain.network()?.peers().map(peerJson) ?? []),
  admin_datadir: method([], ({ dataFolder }) => dataFolder ?? ''),
}

/** States are kept from some block on: the first of them is found by halves. */
function oldestState(chain: Chain): bigint {
  const isKept = (number: bigint) => {
    const hash = chain.blockHash(number)
    return hash !== undefined && chain.stateAt(hash) !== undefined
  }
  let [low, high] = [0n, chain.head().header.number]
  while (low < high) {
    const middle = (low + high) / 2n
    if (isKept(middle)) high = middle
    else low = middle + 1n
  }
  return high
}
