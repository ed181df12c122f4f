/** Builds the listener of a chain from the settings. */

import type { Metrics } from '../base/metrics.ts'
import { createEventDecoder } from '../stream/event-decoder.ts'
import { createEvmSource } from '../stream/evm-source.ts'
import { createListener, type ListenerDependencies } from '../stream/listener.ts'
import type { Listener } from '../stream/stream.ts'
import type { Subscription } from '../stream/subscription.ts'
import type { SourceChain } from './chain-server.ts'
import type { Composition } from './composition.ts'

/** What the listener works with. */
export interface ListenerParts extends Omit<ListenerDependencies, 'source'> {
  readonly metrics: Metrics
  /** Without any there is nothing to listen to. */
  readonly subscriptions: readonly Subscription[]
}

/** The listener of a chain; `start` begins it. */
export function chainListener(
  composition: Composition,
  chain: SourceChain,
  { subscriptions, ...parts }: ListenerParts,
): Listener {
  const { name, chainId, startBlock, client } = chain
  if (subscriptions.length === 0) return restingListener(name)
  const { values } = composition
  const decoder = createEventDecoder(subscriptions)
  const { logger, metrics } = parts
  const source = createEvmSource({ chain: name }, { client, decoder, logger, metrics })
  return createListener(
    {
      ...{ chain: name, chainId, startBlock, pollMs: values.pollInterval },
      confirmations: confirmations(composition, chain),
    },
    { ...parts, source },
  )
}

/** Where blocks come for transactions only, nothing would lie on top of an event until somebody sends more. */
function confirmations({ values, given }: Composition, { minesOnDemand }: SourceChain): number {
  return given.confirmations ?? (minesOnDemand ? 0 : values.confirmations)
}

/** Stands where a chain has no contracts of ours. */
function restingListener(chain: string): Listener {
  const status = { chain, state: 'following', checkpoint: undefined, head: undefined } as const
  return {
    status: () => ({ ...status, problem: undefined, alarms: [], backFill: undefined }),
    acknowledge: () => {},
    start: async () => {},
    stop: async () => {},
  }
}
