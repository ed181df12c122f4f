/** Decides which nodes may have a link, by the settings and by a list on the chain that the node stands on. */

import { decodeFunctionResult, encodeFunctionData } from 'viem'
import { nodeListAbi } from '../abi/node-list.gen.ts'
import { AppError } from '../base/app-error.ts'
import { type Hex, toHex } from '../base/bytes.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { Chain } from '../chain/chain.ts'
import type { Applicant, Network, PeerId } from '../network/network.ts'
import type { SettingValues } from './settings.ts'

/** Entries of a contract's list that are heeded, as many as the contract takes. */
const mostListed = 1_024
const nodesCall = encodeFunctionData({ abi: nodeListAbi, functionName: 'nodes' })

/** An allow-list. */
export class AllowList {
  readonly #words: ReadonlySet<string>
  #listed: ReadonlySet<PeerId> = new Set()

  constructor(words: readonly string[]) {
    this.#words = new Set(words.map((word) => word.toLowerCase()))
  }

  /** Whether a peer may have a link; of one of whom nothing but its id is known, whether it could. */
  isAllowed({ id, validators }: Applicant): boolean {
    if (this.#words.has(id) || this.#listed.has(id)) return true
    if (validators === undefined) return this.#namesValidators()
    return validators.some(({ address, isPresent }) => {
      return (isPresent && this.#words.has('validators')) || this.#words.has(toHex(address))
    })
  }

  /** What the contract lists from now on. */
  list(ids: Iterable<PeerId>): void {
    this.#listed = new Set(ids)
  }

  #namesValidators(): boolean {
    return this.#words.values().some((word) => word === 'validators' || word.startsWith('0x'))
  }
}

/** The allow-list of the settings; `undefined` where everybody may have a link. */
export function allowListOf({
  peersAllowed,
  peersContract,
}: Pick<SettingValues, 'peersAllowed' | 'peersContract'>): AllowList | undefined {
  if (peersAllowed === undefined && peersContract === undefined) return undefined
  return new AllowList(peersAllowed?.split(',') ?? [])
}

/** What a list on the chain is followed with. */
export interface FollowedList {
  readonly allowList: AllowList
  readonly network: Pick<Network, 'recheck'>
  readonly chain: Pick<Chain, 'subscribe'>
  readonly client: JsonRpcClient
  /** Address of the contract; without one only the sets of validators are followed. */
  readonly contract: string | undefined
  readonly logger: Logger
}

/** Reads the list anew whenever its contract logs something, and ends links that are allowed no more after each block. */
export async function followAllowList(followed: FollowedList): Promise<void> {
  const { allowList, network, chain, client, contract, logger } = followed
  const read = async () => {
    if (contract === undefined) return
    try {
      const call = { to: contract, data: nodesCall }
      const answer = String(await client.request('eth_call', [call, 'latest']))
      // Nothing is there before the contract is.
      allowList.list(answer === '0x' ? [] : nodesIn(answer as Hex))
    } catch (error) {
      // The list that was read last stays.
      logger.warn('the list of nodes that may link cannot be read', { contract, error })
    }
  }
  let reading: Promise<void> = Promise.resolve()
  chain.subscribe((event) => {
    if (event.kind !== 'head') return
    const logs = event.added.flatMap(({ receipts }) => receipts.flatMap((one) => [...one.logs]))
    const isTold = logs.some(({ address }) => toHex(address) === contract)
    reading = reading
      .then(() => (isTold || event.removed.length > 0 ? read() : undefined))
      .then(() => network.recheck())
  })
  await read()
  network.recheck()
}

/** The ids in the answer of `nodes`; @throws AppError `node/bad-node-list` */
function nodesIn(data: Hex): readonly PeerId[] {
  try {
    const nodes = decodeFunctionResult({ abi: nodeListAbi, functionName: 'nodes', data })
    if (nodes.length <= mostListed) return nodes.map((node) => node.slice(2))
  } catch {
    // Told below.
  }
  const message = 'the contract does not answer as a NodeList: name another one by --peers-contract'
  throw new AppError({ code: 'node/bad-node-list', message })
}
