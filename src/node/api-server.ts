/** Puts the API over the chain and the event wing. */

import { createApi } from '../api/api.ts'
import type { ReadinessCheck } from '../api/api-dependencies.ts'
import { systemClock } from '../base/clock.ts'
import type { SourceChain } from './chain-server.ts'
import type { Composition } from './composition.ts'
import type { EventWing } from './event-wing.ts'
import { programVersion, uiFolder } from './program-folder.ts'

/** Starts the API and gives its address. */
export async function startApi(
  { values, logger, metrics, stops }: Composition,
  { chain, wing }: { chain: SourceChain; wing: EventWing },
): Promise<string> {
  const { name, chainId, embedded, client, answer, contracts, accounts, process } = chain
  const api = createApi(
    {
      ...{ host: values.apiHost, port: values.apiPort, uiFolder, dev: values.dev },
      ...{ version: await programVersion(), classicRoutes: values.classicRoutes },
    },
    {
      chains: [{ name, chainId, embedded, client, answer, contracts: { ...contracts }, accounts }],
      ...{ process, ...wing },
      listeners: () => [wing.listener.status()],
      senders: () => [
        {
          chain: name,
          address: wing.senderAddress ?? null,
          problem: wing.senderAddress
            ? null
            : 'no key: set QS_SENDER_KEY_FILE, or --mnemonic with --dev',
        },
      ],
      checks: () => checks(chain, wing),
      metricsText: () => metrics.text(),
      clock: systemClock,
      logger,
    },
  )
  stops.push(() => api.stop())
  await api.start()
  return api.url ?? ''
}

/** Checkpoints that may lack finality before a chain is called degraded. */
const mostUnfinal = 8

/** How far what is final is behind, where a committee votes on it: blocks go on without, so that it is no fault of this node. */
function finalityCheck({ client, born }: SourceChain): readonly (() => Promise<string>)[] {
  if (born?.consensus.engine !== 'hybrid') return []
  const { checkpointEvery } = born.consensus
  const numberOf = async (tag: string) => {
    const block = await client.request('eth_getBlockByNumber', [tag, false])
    return Number((block as { readonly number: string }).number)
  }
  return [
    async () => {
      const [head, final] = await Promise.all([numberOf('latest'), numberOf('finalized')])
      const isDegraded = head - final > mostUnfinal * checkpointEvery
      return `${isDegraded ? 'degraded: ' : ''}block ${final} of ${head} is final`
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
  return Promise.all([
    of('chain', async () => `head ${Number(await chain.client.request('eth_blockNumber'))}`),
    ...finalityCheck(chain).map((check) => of('finality', check)),
    of('database', async () => {
      await wing.sql.get('SELECT 1')
      return 'answers'
    }),
    of('listener', async () => {
      const { state, problem } = wing.listener.status()
      if (problem !== undefined) throw new Error(problem)
      if (state === 'starting') throw new Error('has not looked at the chain yet')
      return state
    }),
  ])
}
