/** Serves JSON-RPC of a chain of this process. */

import { systemClock, systemTimer } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Chain } from '../chain/chain.ts'
import { createRpc } from '../rpc/rpc.ts'
import { rpcClient } from '../rpc/rpc-client.ts'
import type { Composition } from './composition.ts'
import type { DevAccount } from './dev-accounts.ts'
import { programVersion } from './program-folder.ts'

/** How a chain is asked. */
export interface ServedChain {
  readonly client: JsonRpcClient
  /** Answers a JSON-RPC body. */
  readonly answer: (body: string) => Promise<string | undefined>
  /** Where JSON-RPC listens. */
  readonly rpcUrl: string | undefined
}

/** Starts to serve a chain; the node signs for these accounts. */
export async function serveChain(
  { values, logger, metrics, stops }: Composition,
  chain: Chain,
  accounts: readonly DevAccount[],
): Promise<ServedChain> {
  const options = {
    ...{ version: await programVersion(), dev: values.dev },
    ...{ host: values.rpcHost, port: values.rpcPort, ipc: values.ipc },
  }
  const world = { clock: systemClock, timer: systemTimer, logger, metrics }
  const rpc = createRpc(options, { chains: [chain], accounts, ...world })
  stops.push(() => rpc.stop())
  await rpc.start()
  return { client: rpcClient(rpc), answer: (body) => rpc.handleText(body), rpcUrl: rpc.url }
}
