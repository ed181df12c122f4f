/** Finds the chains of the node: those that it was started for, and those that its JSON-RPC tells of. */

import type { z } from '@hono/zod-openapi'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json } from '../base/json-rpc.ts'
import type { ApiChain, ApiDependencies } from './api-dependencies.ts'
import { notFound } from './routes/failures.ts'
import type { ChainShape } from './routes/shapes.ts'
import { blockView, isoTime } from './routes/views.ts'

/** A chain as the API shows it. */
type ChainView = z.infer<typeof ChainShape>

/** The answer of `qs_chain`. */
export interface ChainStatus {
  readonly name: string
  readonly isFirst: boolean
  readonly chainId: Hex | null
  readonly engine: string | null
  readonly state: ChainView['state']
  readonly problem: string | null
  readonly portion: number | null
  readonly head: { readonly number: Hex; readonly hash: Hex; readonly timestamp: Hex } | null
  readonly parent: (Record<'chain' | 'number' | 'hash' | 'stateRoot', Hex> & object) | null
}

/**
 * Asks what manages the chains of the process.
 *
 * @throws AppError `api/not-found` where the node works on a foreign chain; `json-rpc/error`
 */
export async function askManaged<T>(
  { process }: ApiDependencies,
  method: string,
  params: readonly Json[],
): Promise<T> {
  if (process === undefined)
    throw notFound('chain of this process: the node works on a foreign one')
  return (await process.client.request(method, [...params])) as T
}

/** The chain that is named, or the first one. @throws AppError `api/not-found`, `api/chain-not-running` */
export async function chainOf(from: ApiDependencies, name: string | undefined): Promise<ApiChain> {
  const known = name === undefined ? from.chains[0] : from.chains.find((one) => one.name === name)
  if (known) return known
  if (name === undefined || from.process === undefined) throw notFound(`chain "${name ?? ''}"`)
  const { state, chainId } = await askManaged<ChainStatus>(from, 'qs_chain', [name])
  if (state !== 'running') {
    const message = `the chain "${name}" is ${state}, and answers only while it runs`
    throw new AppError({ code: 'api/chain-not-running', message, retry: 'later' })
  }
  const { client, answer } = from.process.chain(name)
  return {
    ...{ name, chainId: Number(chainId), embedded: true, client, answer },
    ...{ contracts: {}, accounts: [] },
  }
}

/** All chains, the one that the node stands on first. */
export async function chainViews(from: ApiDependencies): Promise<ChainView[]> {
  if (from.process === undefined) return Promise.all(from.chains.map(foreignView))
  const statuses = await askManaged<readonly ChainStatus[]>(from, 'qs_chains', [])
  return statuses.map((status) => chainView(from, status))
}

/** One chain. @throws AppError `api/not-found`, `json-rpc/error` */
export async function namedView(from: ApiDependencies, name: string): Promise<ChainView> {
  if (from.process) {
    return chainView(from, await askManaged<ChainStatus>(from, 'qs_chain', [name]))
  }
  return foreignView(await chainOf(from, name))
}

/** A chain of the process, by what JSON-RPC tells of it. */
export function chainView({ chains }: ApiDependencies, status: ChainStatus): ChainView {
  const { name, head, parent, chainId, ...rest } = status
  const known = chains.find((one) => one.name === name)
  return {
    ...{ name, chainId: Number(chainId ?? 0), embedded: true, rpcPath: `/v1/rpc/${name}` },
    ...{ engine: rest.engine, state: rest.state, isFirst: rest.isFirst },
    ...{ problem: rest.problem, portion: rest.portion },
    parent: parent && { ...parent, number: Number(parent.number) },
    head: head && {
      ...{ number: Number(head.number), hash: head.hash },
      timestamp: isoTime(Number(head.timestamp) * 1_000),
    },
    contracts: { ...known?.contracts },
    accounts: [...(known?.accounts ?? [])],
  }
}

async function foreignView(chain: ApiChain): Promise<ChainView> {
  const { name, chainId, embedded, contracts, accounts } = chain
  const rest = {
    ...{ name, chainId, embedded, rpcPath: `/v1/rpc/${name}`, contracts: { ...contracts } },
    ...({ engine: null, state: 'running', isFirst: true, parent: null, portion: null } as const),
    accounts: [...accounts],
  }
  try {
    const { number, hash, timestamp } = (await blockView(chain, 'latest')) ?? {}
    const isThere = number !== undefined && hash !== undefined && timestamp !== undefined
    return { ...rest, head: isThere ? { number, hash, timestamp } : null, problem: null }
  } catch (error) {
    return { ...rest, head: null, problem: (error as Error).message }
  }
}
