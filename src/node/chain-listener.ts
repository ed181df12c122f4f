/** Builds the listener of a chain from the settings. */

import type { Metrics } from '../base/metrics.ts'
import { createEndpointPool } from '../stream/endpoint-pool.ts'
import { createEventDecoder } from '../stream/event-decoder.ts'
import { createEvmSource, type EndpointClient } from '../stream/evm-source.ts'
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

type Blame = (fault: 'lie', reason: string) => void

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
  const { logger, metrics, clock } = parts
  const options = { chain: name, checks: values.eventChecks }
  const { endpointQuorum: quorum, finalityDepth, reorganisationWindow: window } = values
  const sourceOf = (to: EndpointClient, blame?: Blame) =>
    createEvmSource(options, { client: to, decoder, logger, metrics, ...(blame && { blame }) })
  const source = chain.endpoints
    ? createEndpointPool(
        { chain: name, chainId, finalityDepth, ...(quorum === undefined ? {} : { quorum }) },
        {
          endpoints: chain.endpoints.map(({ name: host, client: to }) => ({
            ...{ name: host, open: (blame: Blame) => sourceOf(to, blame) },
          })),
          ...{ clock, logger, metrics },
        },
      )
    : sourceOf(client)
  return createListener(
    {
      ...{ chain: name, chainId, startBlock, pollMs: values.pollInterval },
      ...{ confirmations: confirmations(composition, chain), finalityDepth, window },
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
    status: () => ({
      ...status,
      problem: undefined,
      alarms: [],
      backFill: undefined,
      endpoints: [],
    }),
    acknowledge: () => {},
    start: async () => {},
    stop: async () => {},
  }
}
