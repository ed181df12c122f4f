/** Opens the chains of this process and serves their JSON-RPC. */

import path from 'node:path'
import type { ProcessChains } from '../api/api-dependencies.ts'
import type { Hex } from '../base/bytes.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { DrivenChain } from '../chain/chain-parts.ts'
import { ChainSet } from '../chain/chain-set.ts'
import type { Manifest } from '../chain/ledger/manifest.ts'
import type { Address } from '../chain/ledger/transaction.ts'
import { createRpc } from '../rpc/rpc.ts'
import { rpcClient } from '../rpc/rpc-client.ts'
import type { EndpointClient } from '../stream/evm-source.ts'
import { followAllowList } from './allow-list.ts'
import type { Composition } from './composition.ts'
import type { DevAccount } from './dev-accounts.ts'
import type { Contracts } from './dev-contracts.ts'
import { readInjection } from './injection.ts'
import { joinFarChain, trustedPlace } from './joined-chain.ts'
import { joinBy, openPeerLinks, type PeerLinks } from './peer-links.ts'
import { programVersion } from './program-folder.ts'
import type { SettingValues } from './settings.ts'
import { openValidatorKeys } from './validator-key.ts'

/** How a chain is asked. */
export interface ServedChain {
  readonly client: JsonRpcClient
  /** Answers a JSON-RPC body. */
  readonly answer: (body: string) => Promise<string | undefined>
  /** Where JSON-RPC listens; absent for a foreign chain. */
  readonly rpcUrl: string | undefined
  /** How the chains of the process are asked; absent for a foreign chain. */
  readonly process: ProcessChains | undefined
}

/** The chain that the node stands on, and the set that it is of. */
export interface OpenChains {
  readonly chains: ChainSet
  readonly chain: DrivenChain
  /** Absent for a node that is alone. */
  readonly links: PeerLinks | undefined
}

/** A chain as the event wing and the API see it. */
export interface SourceChain extends ServedChain {
  readonly name: string
  readonly chainId: number
  readonly embedded: boolean
  /** The process works without a chain; nothing of it is shown. */
  readonly isAbsent?: true
  /** Blocks may come for transactions only, so that nothing lies on top of the last one. */
  readonly minesOnDemand: boolean
  /** What the embedded chain was born with; absent for a foreign chain. */
  readonly born: Pick<Manifest, 'forks' | 'consensus'> | undefined
  /** Where a foreign chain has several. */
  readonly endpoints?: readonly { readonly name: string; readonly client: EndpointClient }[]
  /** For people: the own address, or the foreign one without secrets. */
  readonly endpoint: string
  /** Absent where the chain has none of ours, and nothing is listened to. */
  readonly contracts: Contracts | undefined
  /** Development accounts that the node signs for; the platform's own are left out. */
  readonly accounts: readonly Hex[]
  readonly startBlock: number | 'latest'
}

/**
 * Opens the chain that the node stands on, and finds the others of the data folder, which wait.
 *
 * @throws what opening a chain throws
 */
export async function openChainSet(
  composition: Composition,
  manifest: Manifest,
  beneficiary: Address,
): Promise<OpenChains> {
  const { values, logger, metrics, stops } = composition
  const folder = path.join(values.data, 'chains')
  const links = await openPeerLinks(composition)
  const validatorsOf = await openValidatorKeys(composition)
  const trust = trustedPlace(values.trust)
  const most = values.maxChains
  const options = { folder, settings: values, beneficiary, most, validatorsOf, trust }
  if (links) await joinFarChain(composition, manifest, joinBy(links.network))
  const chains = new ChainSet(options, {
    ...{ clock: systemClock, timer: systemTimer, logger, metrics },
    ...(links && { join: joinBy(links.network) }),
  })
  stops.push(() => chains.end())
  return { chains, chain: await chains.open(manifest), links }
}

/** Starts to serve the chains of the process; the node signs for these accounts. The other chains start meanwhile. */
export async function serveChains(
  composition: Composition,
  { chains, chain, links }: OpenChains,
  accounts: readonly DevAccount[],
): Promise<ServedChain> {
  const { values, logger, metrics, stops } = composition
  const options = {
    ...{ version: await programVersion(), dev: values.dev },
    ...{ host: values.rpcHost, port: values.rpcPort, ipc: values.ipc },
    limits: limitsOf(values),
    dataFolder: path.resolve(values.data),
  }
  const world = { clock: systemClock, timer: systemTimer, logger, metrics }
  const injection = await readInjection(composition)
  const rpc = createRpc(options, { chain, chains, accounts, ...injection, ...world })
  stops.push(() => rpc.stop())
  await rpc.start()
  // The node does not wait for them.
  void chains.resume()
  const ask = (chain?: string) => ({
    client: rpcClient(rpc, chain),
    answer: (body: string) => rpc.handleText(body, chain),
  })
  // A new head is a reason to look at once.
  const subscribe = (look: () => void) =>
    chain.subscribe(({ kind }) => {
      if (kind === 'head') look()
    })
  const first = { ...ask(), client: { ...ask().client, subscribe } }
  if (links?.allowList) {
    const { allowList, network } = links
    const { client } = first
    await followAllowList({
      ...{ allowList, network, chain, client, contract: values.peersContract, logger },
    })
  }
  return { ...first, rpcUrl: rpc.url, process: { client: first.client, chain: ask } }
}

/** The limits of JSON-RPC that are settings. */
function limitsOf(values: SettingValues) {
  return {
    logResults: values.rpcLogs,
    responseLength: values.rpcAnswer * 1024 * 1024,
    callGasCap: BigInt(values.rpcCallGas),
    callMs: values.rpcCallTime * 1_000,
    injectBytes: values.injectLimit * 1024,
    snapshots: values.rpcSnapshots,
  }
}
