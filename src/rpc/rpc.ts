/** Serves Ethereum JSON-RPC for the chains of this process, in the process, over HTTP, WebSocket and IPC. */

import { arch, platform } from 'node:os'
import type { Hex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import { assertLoopback } from '../base/local-guard.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Chain } from '../chain/chain.ts'
import { CallCrew } from './calls/call-crew.ts'
import { openRpcDocument } from './document/open-rpc.ts'
import { answerJson, answerText, type Respond, type RpcAnswer } from './envelope/answer.ts'
import { errorCodes, rpcError } from './envelope/rpc-error.ts'
import { wholeText } from './envelope/written-text.ts'
import { defaultLimits, type RpcLimits } from './limits.ts'
import { createFilters } from './live/filters.ts'
import { allMethods } from './methods/all-methods.ts'
import { createRunner } from './methods/runner.ts'
import { createRpcServer } from './server/http-server.ts'
import { createIpcServer } from './server/ipc-server.ts'
import type { Caller, ChainContext } from './view/context.ts'
import { createExclusive } from './view/exclusive.ts'
import { createPending } from './view/pending.ts'

/** Settings; all but the version have defaults. */
export interface RpcOptions {
  /** Of the program, for web3_clientVersion. */
  readonly version: string
  /** Where to listen: 127.0.0.1 unless said; only addresses of this machine are allowed. */
  readonly host?: string
  /** 8545 unless said; 0 takes any that is free. */
  readonly port?: number
  /** Adds the methods that move a development chain. */
  readonly dev?: boolean
  /** Folder of the node's data, for admin_datadir. */
  readonly dataFolder?: string
  /** Socket in the file system, or name of a pipe, on which it listens too. */
  readonly ipc?: string | undefined
  readonly limits?: Partial<RpcLimits>
}

/** An account for which the node signs. */
interface RpcAccount {
  readonly address: Hex
  /** Private key of 32 bytes. */
  readonly key: Uint8Array
}

/** What it works with. */
export interface RpcDependencies {
  /** The first one answers at `/`, each at `/rpc/<name>`. */
  readonly chains: readonly [Chain, ...Chain[]]
  /** Development accounts; none unless given. */
  readonly accounts?: readonly RpcAccount[]
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
}

/** A JSON-RPC interface. */
export interface Rpc {
  /**
   * Answers a body within the process, without a limit of length.
   *
   * @param body - JSON text, or what was parsed from it: a request or a batch
   * @param chain - name of a chain; the first one unless said
   * @returns one answer, a list for a batch, undefined when there is nothing to answer
   */
  handle(body: unknown, chain?: string): Promise<RpcAnswer>
  /** Answers text with text that keeps the limits of a response; for servers. */
  handleText(text: string, chain?: string): Promise<string | undefined>
  /**
   * Calls one method within the process.
   *
   * @throws AppError `json-rpc/error`, whose data are `code` and perhaps `data`
   */
  call(method: string, params: readonly Json[], chain?: string): Promise<Json>
  /** Where it listens; absent before `start`. */
  readonly url: string | undefined
  /**
   * Listens.
   *
   * @throws AppError `base/public-address`, `rpc/port-in-use`, `rpc/cannot-listen`, `rpc/ipc-in-use`,
   * `rpc/cannot-listen-ipc`
   */
  start(): Promise<void>
  /** Resolves when no request runs any more. */
  stop(): Promise<void>
}

/** The OpenRPC document of all methods, those of development chains included. */
export function rpcDocument(): { readonly [key: string]: Json } {
  return openRpcDocument(allMethods(defaultLimits, true).keys())
}

/** Makes the interface; in-process calls work at once, sockets after `start`. */
export function createRpc(options: RpcOptions, dependencies: RpcDependencies): Rpc {
  const host = options.host ?? '127.0.0.1'
  assertLoopback(host)
  const limits: RpcLimits = { ...defaultLimits, ...options.limits }
  const { chains, accounts = [] } = dependencies
  const methods = allMethods(limits, options.dev ?? false)
  let isStopping = false
  const shared = {
    clock: dependencies.clock,
    isStopping: () => isStopping,
    clientVersion: `QuantumStream/v${options.version}/${platform()}-${arch()}/node${process.versions.node}`,
    keys: new Map(accounts.map(({ address, key }) => [address.toLowerCase() as Hex, key])),
    methodNames: [...methods.keys()],
    dataFolder: options.dataFolder,
  }
  const contexts = new Map(
    chains.map((chain) => {
      const calls = createCrew(chain, limits, dependencies)
      return [chain.manifest.name, createContext(chain, limits, { ...shared, calls })]
    }),
  )
  const listening = chains.map((chain) =>
    chain.subscribe((event) => {
      const context = contexts.get(chain.manifest.name)
      context?.filters.hear(event)
      context?.pending.hear(event)
    }),
  )
  const runner = createRunner(methods, dependencies)
  const contextOf = (name: string = chains[0].manifest.name): ChainContext => {
    const context = contexts.get(name)
    if (context) return context
    throw rpcError(errorCodes.invalidRequest, `there is no chain named ${JSON.stringify(name)}`)
  }
  const responder = (chain?: string, { subscriber, isGone }: Caller = {}): Respond => {
    const isEnding = () => isStopping || isGone?.() === true
    const context = { ...contextOf(chain), subscriber, isStopping: isEnding }
    return (request) => runner.respond(context, request)
  }
  const server = createRpcServer(
    { host, port: options.port ?? 8545, limits },
    { responder, knows: (chain) => contexts.has(chain), ...dependencies },
  )
  const { ipc: path } = options
  const ipc = path ? createIpcServer({ path, limits }, { responder, ...dependencies }) : undefined
  return {
    handle: async (body, chain) => answerJson(body as Json, limits, responder(chain)),
    async handleText(text, chain) {
      const answer = await answerText(text, limits, responder(chain))
      return typeof answer === 'object' ? wholeText(answer) : answer
    },
    call: async (method, params, chain) =>
      runner.call({ ...contextOf(chain), subscriber: undefined }, method, params),
    get url() {
      return server.url
    },
    async start() {
      isStopping = false
      await server.start()
      await ipc?.start()
    },
    async stop() {
      isStopping = true
      for (const end of listening) end()
      await ipc?.stop()
      await server.stop()
      for (const { calls } of contexts.values()) await calls.stop()
    },
  }
}

function createCrew(
  chain: Chain,
  { callThreads: size }: RpcLimits,
  { logger }: RpcDependencies,
): CallCrew {
  const failed = (error: unknown) =>
    logger.warn('a thread for calls ended; the work goes on without it', { error })
  return new CallCrew(chain, { size, failed })
}

function createContext(
  chain: Chain,
  limits: RpcLimits,
  shared: Pick<
    ChainContext,
    'clientVersion' | 'dataFolder' | 'keys' | 'methodNames' | 'clock' | 'isStopping' | 'calls'
  >,
): ChainContext {
  return {
    ...{ ...shared, chain, limits },
    filters: createFilters(limits, shared.clock),
    pending: createPending(chain, limits, shared.clock),
    signing: createExclusive(),
    development: {
      ...{ snapshots: [], taken: 0, shiftedSeconds: 0n },
      ...{ impersonated: new Set(), everybody: false },
    },
  }
}
