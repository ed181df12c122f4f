/** Serves JSON-RPC of a chain of this process. */

import path from 'node:path'
import type { Hex } from '../base/bytes.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Chain } from '../chain/chain.ts'
import type { Manifest } from '../chain/ledger/manifest.ts'
import { createRpc } from '../rpc/rpc.ts'
import { rpcClient } from '../rpc/rpc-client.ts'
import type { Composition } from './composition.ts'
import type { DevAccount } from './dev-accounts.ts'
import type { Contracts } from './dev-contracts.ts'
import { programVersion } from './program-folder.ts'
import type { SettingValues } from './settings.ts'

/** How a chain is asked. */
export interface ServedChain {
  readonly client: JsonRpcClient
  /** Answers a JSON-RPC body. */
  readonly answer: (body: string) => Promise<string | undefined>
  /** Where JSON-RPC listens; absent for a foreign chain. */
  readonly rpcUrl: string | undefined
}

/** A chain as the event wing and the API see it. */
export interface SourceChain extends ServedChain {
  readonly name: string
  readonly chainId: number
  readonly embedded: boolean
  /** Blocks may come for transactions only, so that nothing lies on top of the last one. */
  readonly minesOnDemand: boolean
  /** What the embedded chain was born with; absent for a foreign chain. */
  readonly born: Pick<Manifest, 'forks' | 'consensus'> | undefined
  /** For people: the own address, or the foreign one without secrets. */
  readonly endpoint: string
  /** Absent where the chain has none of ours, and nothing is listened to. */
  readonly contracts: Contracts | undefined
  /** Development accounts that the node signs for; the platform's own are left out. */
  readonly accounts: readonly Hex[]
  readonly startBlock: number | 'latest'
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
    limits: limitsOf(values),
    dataFolder: path.resolve(values.data),
  }
  const world = { clock: systemClock, timer: systemTimer, logger, metrics }
  const rpc = createRpc(options, { chains: [chain], accounts, ...world })
  stops.push(() => rpc.stop())
  await rpc.start()
  return { client: rpcClient(rpc), answer: (body) => rpc.handleText(body), rpcUrl: rpc.url }
}

/** The limits of JSON-RPC that are settings. */
function limitsOf(values: SettingValues) {
  return {
    logResults: values.rpcLogs,
    responseLength: values.rpcAnswer * 1024 * 1024,
    callGasCap: BigInt(values.rpcCallGas),
    callMs: values.rpcCallTime * 1_000,
    snapshots: values.rpcSnapshots,
  }
}
