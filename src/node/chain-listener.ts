/** Builds the listener of a chain from the settings. */

import type { Timer } from '../base/clock.ts'
import type { Metrics } from '../base/metrics.ts'
import { createLease, fencedStore } from '../store/lease.ts'
import { createEndpointPool } from '../stream/endpoint-pool.ts'
import { createEventDecoder } from '../stream/event-decoder.ts'
import { createEvmSource, type EndpointClient } from '../stream/evm-source.ts'
import { createListener, type ListenerDependencies } from '../stream/listener.ts'
import { createStandbyListener, type StandbyListener } from '../stream/standby-listener.ts'
import type { Listener } from '../stream/stream.ts'
import type { Subscription } from '../stream/subscription.ts'
import type { SourceChain } from './chain-server.ts'
import type { Composition } from './composition.ts'

/** What the listener works with. */
export interface ListenerParts extends Omit<ListenerDependencies, 'source'> {
  readonly metrics: Metrics
  readonly timer: Timer
}

type Blame = (fault: 'lie', reason: string) => void

/**
 * The listener of a chain, which follows once it is started and has something to listen to; where several processes
 * share the database, one of them at a time.
 */
export function chainListener(
  composition: Composition,
  chain: SourceChain,
  parts: ListenerParts,
): StandbyListener {
  const { values } = composition
  const { name } = chain
  const { sql, clock, timer, logger } = parts
  const options = {
    ...{ name: `listener of ${name}`, holder: composition.name },
    leaseMs: values.leaseTime * 1_000,
  }
  const lease =
    sql.dialect === 'postgres' ? createLease(options, { sql, clock, timer, logger }) : undefined
  return createStandbyListener({
    ...{ chain: name, lease, sql, clock, logger },
    open: (subscriptions) => {
      const fenced = lease === undefined ? sql : fencedStore(sql, lease)
      return followingListener(composition, chain, { ...parts, sql: fenced, subscriptions })
    },
  })
}

function followingListener(
  composition: Composition,
  chain: SourceChain,
  { subscriptions, ...parts }: ListenerParts & { readonly subscriptions: readonly Subscription[] },
): Listener {
  const { values } = composition
  const { name, chainId, startBlock, client } = chain
  const decoder = createEventDecoder(subscriptions)
  const { logger, metrics, clock } = parts
  const options = { chain: name, checks: values.eventChecks }
  const { endpointQuorum: quorum, finalityDepth, reorganisationWindow: window } = values
  const sourceOf = (to: EndpointClient, blame?: Blame) => {
    const others = (chain.endpoints ?? []).map((one) => one.client).filter((one) => one !== to)
    const dependencies = { client: to, others, decoder, logger, metrics }
    return createEvmSource(options, { ...dependencies, ...(blame && { blame }) })
  }
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

/** Blocks on top that confirm: where blocks come for transactions only, nothing would lie on top of an event until somebody sends more. */
export function confirmations(
  { values, given }: Composition,
  { minesOnDemand }: SourceChain,
): number {
  return given.confirmations ?? (minesOnDemand ? 0 : values.confirmations)
}
