/** Puts the API over the chain and the event wing. */

import { createApi } from '../api/api.ts'
import type { ApiDependencies, ReadinessCheck } from '../api/api-dependencies.ts'
import { systemClock } from '../base/clock.ts'
import type { SourceChain } from './chain-server.ts'
import type { Composition } from './composition.ts'
import { queueDetail } from './event-queue.ts'
import type { EventWing } from './event-wing.ts'
import { programVersion, uiFolder } from './program-folder.ts'
import { projectionsDetail } from './projection-wiring.ts'
import { sinksDetail } from './sink-wiring.ts'

/** Where the node answers. */
interface ApiUrls {
  readonly apiUrl: string
  readonly grpcUrl: string | undefined
}

/** Starts the API, and gRPC where it has a port, and gives their addresses. */
export async function startApi(
  { values, logger, metrics, stops }: Composition,
  { chain, wing }: { chain: SourceChain; wing: EventWing },
): Promise<ApiUrls> {
  const { name, chainId, embedded, client, answer, contracts, accounts, process } = chain
  const from: ApiDependencies = {
    chains: chain.isAbsent
      ? []
      : [{ name, chainId, embedded, client, answer, contracts: { ...contracts }, accounts }],
    ...{ process, ...wing },
    listeners: () => (wing.roles.isListener ? [wing.listener] : []),
    senders: () => sendersOf(chain, wing),
    checks: () => checks(chain, wing),
    metricsText: () => metrics.text(),
    clock: systemClock,
    logger,
  }
  const api = createApi(
    {
      ...{ host: values.apiHost, port: values.apiPort, uiFolder, dev: values.dev },
      ...{ version: await programVersion(), classicRoutes: values.classicRoutes },
      healthOnly: !wing.roles.isApi,
    },
    from,
  )
  stops.push(() => api.stop())
  await api.start()
  return { apiUrl: api.url ?? '', grpcUrl: await startGrpc({ values, stops }, from) }
}

/** Whoever runs no workflows and answers nobody sends nothing. */
function sendersOf(chain: SourceChain, { roles, senderAddress }: EventWing) {
  if (chain.isAbsent || !(roles.isWorker || roles.isApi)) return []
  const problem = senderAddress ? null : 'no key: set QS_SENDER_KEY_FILE, or --mnemonic with --dev'
  return [{ chain: chain.name, address: senderAddress ?? null, problem }]
}

/** Its libraries take a quarter of a second to load, which a node without gRPC is spared. */
async function startGrpc(
  { values, stops }: Pick<Composition, 'values' | 'stops'>,
  from: ApiDependencies,
): Promise<string | undefined> {
  const { grpcHost: host, grpcPort: port } = values
  if (port === undefined) return undefined
  const { createGrpc } = await import('../api/grpc.ts')
  const grpc = createGrpc({ host, port }, from)
  stops.push(() => grpc.stop())
  await grpc.start()
  return grpc.url
}

/** How far what is final is behind, where a committee votes on it: blocks go on without, so that it is no fault of this node. */
function finalityCheck({ client, born }: SourceChain): readonly (() => Promise<string>)[] {
  if (born?.consensus.engine !== 'hybrid') return []
  return [
    async () => {
      const { head, finalized, degraded } = (await client.request('qs_consensus')) as {
        readonly head: string
        readonly finalized: string
        readonly degraded: boolean
      }
      return `${degraded ? 'degraded: ' : ''}block ${Number(finalized)} of ${Number(head)} is final`
    },
  ]
}

async function checks(chain: SourceChain, wing: EventWing): Promise<readonly ReadinessCheck[]> {
  const of = async (name: string, check: () => Promise<string>): Promise<ReadinessCheck> => {
    try {
      return { name, ok: true, detail: await check() }
    } catch (error) {
      return { name, ok: false, detail: (error as Error).message }
    }
  }
  const { isListener } = wing.roles
  const chainCheck = () =>
    of('chain', async () => `head ${Number(await chain.client.request('eth_blockNumber'))}`)
  return Promise.all([
    ...(chain.isAbsent ? [] : [chainCheck()]),
    ...finalityCheck(chain).map((check) => of('finality', check)),
    of('database', async () => {
      await wing.sql.get('SELECT 1')
      return 'answers'
    }),
    of('queue', () => queueDetail(wing.queue)),
    of('sinks', async () => sinksDetail(wing.sinks)),
    of('projections', () => projectionsDetail(wing.projections)),
    ...(isListener ? [of('listener', async () => listenerDetail(wing))] : []),
  ])
}

function listenerDetail({ listener }: EventWing): string {
  if (!listener.isActive) return 'stands by: another process follows the chain'
  const { state, problem } = listener.status()
  if (problem !== undefined) throw new Error(problem)
  if (state === 'starting') throw new Error('has not looked at the chain yet')
  return state
}
