/** Serves Ethereum JSON-RPC for the chains of this process, in the process, over HTTP, WebSocket and IPC. */

import { arch, platform } from 'node:os'
import type { Hex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import { assertLoopback } from '../base/local-guard.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Chain } from '../chain/chain.ts'
import type { ChainSet } from '../chain/chain-set.ts'
import { dataSchema } from './data/data-schema.ts'
import { openRpcDocument } from './document/open-rpc.ts'
import { answerJson, answerText, type RpcAnswer } from './envelope/answer.ts'
import { wholeText } from './envelope/written-text.ts'
import { defaultLimits, type RpcLimits } from './limits.ts'
import { allMethods } from './methods/all-methods.ts'
import { createRunner } from './methods/runner.ts'
import { ChainSockets } from './server/chain-sockets.ts'
import { createRpcServer } from './server/http-server.ts'
import type { Caller } from './view/context.ts'
import { ServedChains, type ServedParts } from './view/served-chains.ts'

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
  /** Answers at `/` and at `/rpc/<name>`. */
  readonly chain: Chain
  /** The set that the chain is of: its other chains answer at `/rpc/<name>` while they run. */
  readonly chains?: ChainSet
  /** Development accounts; none unless given. */
  readonly accounts?: readonly RpcAccount[]
  /** Key of 32 bytes that signs data which come without a signature; such are refused without it. */
  readonly injectKey?: Uint8Array | undefined
  /** Texts of JSON Schemas that injected data have to fit, by the name of the chain. */
  readonly schemas?: ReadonlyMap<string, Uint8Array>
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
  return openRpcDocument(allMethods(defaultLimits, { isDevelopment: true, hasMany: true }).keys())
}

/**
 * Makes the interface; in-process calls work at once, sockets after `start`.
 *
 * @throws AppError `base/public-address`, `rpc/bad-schema`
 */
export function createRpc(options: RpcOptions, dependencies: RpcDependencies): Rpc {
  const host = options.host ?? '127.0.0.1'
  assertLoopback(host)
  const limits: RpcLimits = { ...defaultLimits, ...options.limits }
  const { chain: first, chains, accounts = [] } = dependencies
  const schemas = new Map(
    Array.from(dependencies.schemas ?? [], ([name, text]) => [name, dataSchema(name, text)]),
  )
  const served = new ServedChains({
    ...{ limits, ...dependencies, schemas, injectKey: dependencies.injectKey },
    ...{ methodsOf: methodsFor(options, limits, dependencies) },
    shared: {
      clientVersion: `QuantumStream/v${options.version}/${platform()}-${arch()}/node${process.versions.node}`,
      ...{ dataFolder: options.dataFolder, chains },
      keys: new Map(accounts.map(({ address, key }) => [address.toLowerCase() as Hex, key])),
    },
  })
  served.add(first)
  const responder = (chain: string | undefined, caller: Caller) => served.responder(chain, caller)
  const server = createRpcServer(
    { host, port: options.port ?? 8545, limits },
    { responder, knows: (chain) => served.has(chain), ...dependencies },
  )
  const sockets = new ChainSockets({ path: options.ipc, limits }, { responder, ...dependencies })
  void chains?.follow({
    async opened(chain) {
      const { name } = chain.manifest
      if (served.has(name)) return
      served.add(chain)
      await sockets.open(name)
    },
    async closing({ manifest: { name } }) {
      await Promise.all([served.remove(name), server.leave(name), sockets.close(name)])
    },
  })
  return {
    handle: async (body, chain) => answerJson(body as Json, limits, responder(chain, {})),
    async handleText(text, chain) {
      const answer = await answerText(text, limits, responder(chain, {}))
      return typeof answer === 'object' ? wholeText(answer) : answer
    },
    call: async (method, params, chain) => served.call(chain, method, params),
    get url() {
      return server.url
    },
    async start() {
      served.isStopping = false
      await server.start()
      await sockets.start()
    },
    async stop() {
      served.isStopping = true
      await sockets.stop()
      await server.stop()
      await served.stop()
    },
  }
}

/**
 * The methods of each chain: those that move a chain are for development chains only. The first one alone has those that
 * stop chains, which wait for the requests of the others.
 */
function methodsFor(
  { dev = false }: RpcOptions,
  limits: RpcLimits,
  { chain: first, chains, ...dependencies }: RpcDependencies,
): ServedParts['methodsOf'] {
  const methodsOf = (isDevelopment: boolean, isFirst: boolean) => {
    const hasMany = isFirst && chains !== undefined
    const methods = allMethods(limits, { isDevelopment, hasMany })
    return { runner: createRunner(methods, dependencies), methodNames: [...methods.keys()] }
  }
  const others = [methodsOf(false, false), methodsOf(true, false)] as const
  return (chain) => {
    const isDevelopment = dev && chain.manifest.consensus.engine === 'dev'
    return chain === first ? methodsOf(isDevelopment, true) : others[isDevelopment ? 1 : 0]
  }
}
