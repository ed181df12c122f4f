/** Opens viem's clients for a node. */

import type * as Viem from 'viem'
import type { mnemonicToAccount } from 'viem/accounts'
import { chainId, type ToolNode } from './tool-node.ts'

/** An account that nothing else uses. */
export const nowhere = '0x00000000000000000000000000000000000ff001'

/** What the checks work with. */
export type ViemSite = ReturnType<typeof openViem>

/** Clients of all kinds for a node, and a note of the actions that were called. */
export function openViem(
  library: typeof Viem,
  node: ToolNode,
  account: ReturnType<typeof mnemonicToAccount>,
) {
  const chain = library.defineChain({
    ...{ id: chainId, name: 'tools', rpcUrls: { default: { http: [node.url] } } },
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  })
  const called = new Set<string>()
  const noted = <T extends object>(client: T) =>
    new Proxy(client, {
      get(target, name) {
        called.add(String(name))
        return Reflect.get(target, name)
      },
    })
  const options = { chain, transport: library.http(node.url), pollingInterval: 50, cacheTime: 0 }
  return {
    ...{ library, node, account, chain, called },
    reader: noted(library.createPublicClient(options)),
    socket: noted(library.createPublicClient({ chain, transport: library.webSocket(node.ws) })),
    writer: noted(library.createWalletClient({ ...options, account })),
    remote: noted(library.createWalletClient(options)),
    tester: noted(library.createTestClient({ ...options, mode: 'anvil' })),
  }
}
