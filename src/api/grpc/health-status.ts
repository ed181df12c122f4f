/** Says whether the node and each of its chains do their work, from what the API sees of them. */

import { chainOf, chainViews } from '../api-chains.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { type ServingStatus, servingStatus } from './health-schema.ts'

/**
 * How a chain does, or for the empty name the node: it serves when it is ready, and the chain that it stands on serves.
 *
 * @returns `serviceUnknown` where no chain has the name
 */
export async function statusOf(from: ApiDependencies, service: string): Promise<ServingStatus> {
  if (service !== '') return chainStatus(from, service)
  const [chain] = from.chains
  const [checks, first] = await Promise.all([
    from.checks(),
    chain === undefined ? servingStatus.serving : chainStatus(from, chain.name),
  ])
  return checks.every(({ ok }) => ok) ? first : servingStatus.notServing
}

async function chainStatus(from: ApiDependencies, name: string): Promise<ServingStatus> {
  const view = (await chainViews(from)).find((one) => one.name === name)
  if (view === undefined) return servingStatus.serviceUnknown
  if (view.state !== 'running' || view.problem !== null) return servingStatus.notServing
  if (!view.embedded) return servingStatus.serving
  try {
    const { client } = await chainOf(from, name)
    const { degraded } = (await client.request('qs_consensus')) as { readonly degraded: boolean }
    return degraded ? servingStatus.notServing : servingStatus.serving
  } catch {
    // It stopped meanwhile.
    return servingStatus.notServing
  }
}
