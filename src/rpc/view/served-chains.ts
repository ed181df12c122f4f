/** Keeps the chains that JSON-RPC answers for, which come and go while it runs. */

import type { Clock } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Logger } from '../../base/logger.ts'
import type { Chain } from '../../chain/chain.ts'
import { CallCrew } from '../calls/call-crew.ts'
import type { DataSchema } from '../data/data-schema.ts'
import type { Respond } from '../envelope/answer.ts'
import { errorCodes, rpcError } from '../envelope/rpc-error.ts'
import type { RpcLimits } from '../limits.ts'
import { createFilters } from '../live/filters.ts'
import type { Runner } from '../methods/runner.ts'
import type { Caller, ChainContext } from './context.ts'
import { Drafts } from './drafts.ts'
import { createExclusive } from './exclusive.ts'
import { createPending } from './pending.ts'

/** The methods of a chain. */
interface ChainMethods {
  readonly runner: Runner
  readonly methodNames: readonly string[]
}

/** What the chains share. */
export interface ServedParts {
  readonly limits: RpcLimits
  readonly clock: Clock
  readonly logger: Logger
  readonly shared: Pick<ChainContext, 'clientVersion' | 'dataFolder' | 'keys' | 'chains'>
  /** Signs injected data, on all chains. */
  readonly injectKey: Uint8Array | undefined
  /** What data have to fit, by the name of the chain. */
  readonly schemas: ReadonlyMap<string, DataSchema>
  methodsOf(chain: Chain): ChainMethods
}

interface Served {
  readonly context: ChainContext
  readonly runner: Runner
  /** Ends the listening to the chain. */
  readonly end: () => void
  isClosing: boolean
  readonly running: Set<Promise<unknown>>
}

/** Chains by name; the one that is added first answers where none is named. */
export class ServedChains {
  readonly #parts: ServedParts
  readonly #served = new Map<string, Served>()
  #first: Served | undefined
  /** Whether what runs long should end. */
  isStopping = false

  constructor(parts: ServedParts) {
    this.#parts = parts
  }

  has(name: string): boolean {
    return this.#served.has(name)
  }

  add(chain: Chain): void {
    const { limits, clock, logger, shared, schemas, injectKey } = this.#parts
    const { runner, methodNames } = this.#parts.methodsOf(chain)
    const failed = (error: unknown) =>
      logger.warn('a thread for calls ended; the work goes on without it', { error })
    const context: ChainContext = {
      ...{ ...shared, chain, limits, clock, methodNames },
      isStopping: () => this.isStopping || served.isClosing,
      calls: new CallCrew(chain, { size: limits.callThreads, failed }),
      filters: createFilters(limits, clock),
      pending: createPending(chain, limits, clock),
      signing: createExclusive(),
      drafts: new Drafts(),
      injection: { key: injectKey, schema: schemas.get(chain.manifest.name) },
      development: {
        ...{ snapshots: [], taken: 0, shiftedSeconds: 0n },
        ...{ impersonated: new Set(), everybody: false },
      },
    }
    const end = chain.subscribe((event) => {
      context.filters.hear(event)
      context.pending.hear(event)
    })
    const served: Served = { context, runner, end, isClosing: false, running: new Set() }
    this.#served.set(chain.manifest.name, served)
    this.#first ??= served
  }

  /** Takes no more requests for a chain, and resolves when none runs any more. */
  async remove(name: string): Promise<void> {
    const served = this.#served.get(name)
    if (served === undefined) return
    this.#served.delete(name)
    served.isClosing = true
    served.end()
    await served.context.calls.stop()
    await Promise.allSettled(served.running)
    for (const { mark } of served.context.development.snapshots) mark.release()
  }

  /** Answers requests for a chain. @throws AppError `json-rpc/error` -32600 if there is none */
  responder(chain: string | undefined, { subscriber, isGone }: Caller): Respond {
    const served = this.#get(chain)
    const { context: own, runner, running } = served
    const isStopping = () => own.isStopping() || isGone?.() === true
    const context = { ...own, subscriber, isStopping }
    // The first one is there as long as the servers are, which wait for their requests themselves.
    if (served === this.#first) return (request) => runner.respond(context, request)
    return async (request) => {
      const answer = runner.respond(context, request)
      running.add(answer)
      const done = await answer
      running.delete(answer)
      return done
    }
  }

  /** Calls a method of a chain. @throws AppError `json-rpc/error` */
  call(chain: string | undefined, method: string, params: readonly Json[]): Promise<Json> {
    const { context, runner } = this.#get(chain)
    return runner.call({ ...context, subscriber: undefined }, method, params)
  }

  /** Ends the listening to the chains, whose requests are answered by now. */
  async stop(): Promise<void> {
    for (const { end, context } of this.#served.values()) {
      end()
      await context.calls.stop()
    }
  }

  #get(name: string | undefined): Served {
    const served = name === undefined ? this.#first : this.#served.get(name)
    if (served) return served
    const message = `there is no chain named ${JSON.stringify(name?.slice(0, 80))}, or it does not run`
    throw rpcError(errorCodes.invalidRequest, message)
  }
}
