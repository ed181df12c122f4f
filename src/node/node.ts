/** Composes the rooms into a running node: a chain of its own or a foreign one, and the event wing over it. */

import { AppError } from '../base/app-error.ts'
import { assertLoopback } from '../base/local-guard.ts'
import type { Logger } from '../base/logger.ts'
import { lockFolder } from '../store/folder-lock.ts'
import type { EventStore } from '../stream/stream.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'
import { startApi } from './api-server.ts'
import type { SourceChain } from './chain-server.ts'
import type { Composition, NodeHooks } from './composition.ts'
import { type DepositPlace, depositOnce, tokensOf } from './deposit.ts'
import type { Contracts } from './dev-contracts.ts'
import { startEventWing } from './event-wing.ts'
import { createLogger } from './pino-logger.ts'
import { processName } from './process-name.ts'
import { createMetrics } from './prometheus-metrics.ts'
import type { Role } from './role-settings.ts'
import { rolesOf } from './roles.ts'
import { type SettingValues, settings } from './settings.ts'
import { openChain } from './source-chain.ts'
import { openTracer } from './trace-wiring.ts'

/** A node that is serving. */
export interface RunningNode {
  readonly settings: SettingValues
  /** What it does; all of them unless said. */
  readonly roles: readonly Role[]
  /** Of the embedded chain; absent on a foreign one. */
  readonly rpcUrl: string | undefined
  readonly apiUrl: string
  /** Of gRPC; absent unless a port is set. */
  readonly grpcUrl: string | undefined
  readonly chain: Pick<SourceChain, 'name' | 'chainId' | 'endpoint' | 'born'>
  readonly contracts: Partial<Contracts>
  readonly senderAddress: string | undefined
  readonly engine: WorkflowEngine
  readonly events: EventStore
  /** Development chain with a sample deposit wanted. */
  readonly wantsDemo: boolean
  /** Deposits one ether by the second development account; @throws AppError `node/no-development-chain` */
  deposit(memo: string): ReturnType<typeof depositOnce>
  /** Allocated tokens of that account, in units of 10^-18. */
  tokenBalance(): Promise<bigint>
  /** Aborted when somebody asked for this process to be drained: whoever runs it stops it then. */
  readonly drain: AbortSignal
  /** Resolves when everything has stopped and its data is on disk. */
  stop(): Promise<void>
}

/**
 * Starts a node.
 *
 * @param given - settings that differ from their defaults
 * @returns the node, or `undefined` when `hooks.signal` ended the start
 * @throws AppError with one sentence for the person who started it
 */
export async function startNode(
  given: Partial<SettingValues> = {},
  hooks: NodeHooks = {},
): Promise<RunningNode | undefined> {
  const values = { ...defaultSettings(), ...given }
  assertLoopback(values.rpcHost)
  assertLoopback(values.apiHost)
  assertLoopback(values.grpcHost)
  rolesOf(values)
  const logger = createLogger(values.logLevel)
  const stops: Stop[] = []
  const stop = () => stopAll(stops, logger)
  const drain = new AbortController()
  const process = { name: processName(), asked: () => drain.abort() }
  try {
    const metrics = createMetrics()
    const tracer = await openTracer({ values, logger, metrics, stops })
    const node = await compose({
      ...{ values, given, hooks, logger, stops, metrics, tracer, ...process },
    })
    if (node === undefined) await stop()
    return node && { ...node, drain: drain.signal, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

type Stop = () => Promise<void>

async function compose(
  composition: Composition,
): Promise<Omit<RunningNode, 'stop' | 'drain'> | undefined> {
  const { values, stops, hooks, logger } = composition
  const lock = await lockFolder(values.data)
  stops.push(() => lock.release())
  const chain = await openChain(composition)
  if (chain === undefined) return undefined
  const wing = await startEventWing(composition, chain)
  const { apiUrl, grpcUrl } = await startApi(composition, { chain, wing })
  logger.info('the node is up', { api: apiUrl, rpc: chain.rpcUrl, grpc: grpcUrl })
  if (hooks.signal?.aborted) return undefined
  return {
    settings: values,
    roles: wing.roles.names,
    rpcUrl: chain.rpcUrl,
    apiUrl,
    grpcUrl,
    chain,
    contracts: chain.contracts ?? {},
    senderAddress: wing.senderAddress,
    engine: wing.engine,
    events: wing.events,
    wantsDemo: values.demo && chain.accounts.length > 0,
    deposit: (memo) => depositOnce(mustBeOwn(chain), memo),
    tokenBalance: () => tokensOf(mustBeOwn(chain)),
  }
}

function mustBeOwn({ client, accounts, contracts }: SourceChain): DepositPlace {
  if (accounts.length > 0 && contracts) return { client, accounts, contracts }
  const message = 'only a development chain has accounts to deposit from; start with --dev'
  throw new AppError({ code: 'node/no-development-chain', message })
}

function defaultSettings(): SettingValues {
  const entries = Object.entries(settings).map(([name, setting]) => [name, setting.default])
  return Object.fromEntries(entries) as SettingValues
}

/** Stops everything, last started first; a part that fails to stop does not keep the others running. */
async function stopAll(stops: Stop[], logger: Logger): Promise<void> {
  for (;;) {
    const stop = stops.pop()
    if (stop === undefined) return
    try {
      await stop()
    } catch (error) {
      logger.error('a part did not stop cleanly', { error: String(error) })
    }
  }
}
