/** Opens JSON-RPC on a chain of its own, for tests. */

import { systemClock } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import type { Chain } from '../../chain/chain.ts'
import { createRpc, type Rpc, type RpcDependencies, type RpcOptions } from '../rpc.ts'
import { openChain, type TestChainOptions, testAccounts } from './open-chain.ts'

/** A test that cleans up. */
type Test = Parameters<typeof openChain>[0]

/** JSON-RPC with the development accounts and methods; sockets open with `start`. */
export async function openRpc(
  t: Test,
  options: Partial<RpcOptions> & TestChainOptions = {},
  dependencies: Partial<RpcDependencies> = {},
): Promise<{ readonly chain: Chain; readonly rpc: Rpc }> {
  const chain = await openChain(t, options)
  const rpc = createRpc(
    { version: '0.0.0', dev: true, port: 0, ...options },
    {
      ...{ chain, accounts: testAccounts, clock: systemClock },
      ...{ logger: silentLogger, metrics: noMetrics, ...dependencies },
    },
  )
  t.after(() => rpc.stop())
  return { chain, rpc }
}

/** The same with open sockets, and blocks that come by themselves. */
export async function serveRpc(
  t: Test,
  options: Partial<RpcOptions> & TestChainOptions = {},
): Promise<{
  readonly chain: Chain
  readonly rpc: Rpc
  readonly url: string
  readonly ws: string
}> {
  const opened = await openRpc(t, { blockTimeMs: 100, ...options })
  await opened.rpc.start()
  const url = opened.rpc.url ?? ''
  return { ...opened, url, ws: url.replace('http:', 'ws:') }
}
