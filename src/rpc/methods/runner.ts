/** Runs methods by name, counts and times them, and turns failures into errors of JSON-RPC. */

import type { Clock } from '../../base/clock.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { failure, type RpcRequest, type RpcResponse } from '../envelope/request.ts'
import { errorCodes, errorObject, rpcError } from '../envelope/rpc-error.ts'
import { WrittenJson } from '../envelope/written-text.ts'
import type { CallContext } from '../view/context.ts'
import type { Method } from './method.ts'

/** Runs calls. */
export interface Runner {
  /** @throws AppError `json-rpc/error`, for every failure */
  call(context: CallContext, method: string, params: readonly Json[]): Promise<Json>
  /** Runs a request and answers it; never rejects. */
  respond(context: CallContext, request: RpcRequest): Promise<RpcResponse>
}

interface RunnerDependencies {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
}

const secondsBuckets = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

/** Runs the methods of a table. */
export function createRunner(
  methods: ReadonlyMap<string, Method>,
  { clock, logger, metrics }: RunnerDependencies,
): Runner {
  const requests = metrics.counter(
    'quantumstream_rpc_requests_total',
    'JSON-RPC requests, by method and outcome',
    ['method', 'outcome'],
  )
  const durations = metrics.histogram(
    'quantumstream_rpc_request_duration_seconds',
    'Time that JSON-RPC requests took, by method',
    secondsBuckets,
    ['method'],
  )
  const answer = async (context: CallContext, name: string, params: readonly Json[]) => {
    const method = methods.get(name)
    const startedMs = clock.nowMs()
    let outcome = 'error'
    try {
      if (!method) throw unknownMethod(name)
      const result = await method(context, params)
      outcome = 'ok'
      return result
    } catch (error) {
      const shown = errorObject(error)
      if (shown) throw rpcError(shown.code, shown.message, shown.data)
      logger.error('a JSON-RPC method failed', { method: name.slice(0, 80), error })
      throw rpcError(errorCodes.internal, 'internal error: the log of the node says more')
    } finally {
      // Names that clients make up must not become labels.
      const label = method ? name : 'unknown'
      requests.add(1, { method: label, outcome })
      durations.observe((clock.nowMs() - startedMs) / 1000, { method: label })
    }
  }
  const call: Runner['call'] = async (...asked) => {
    const result = await answer(...asked)
    return result instanceof WrittenJson ? result.values() : result
  }
  const respond: Runner['respond'] = async (context, { id = null, method, params }) => {
    try {
      return { jsonrpc: '2.0', id, result: await answer(context, method, params) }
    } catch (error) {
      const { code, message, data } = errorObject(error) ?? {
        ...{ code: errorCodes.internal, message: 'internal error', data: undefined },
      }
      return failure(id, data === undefined ? { code, message } : { code, message, data })
    }
  }
  return { call, respond }
}

function unknownMethod(name: string): Error {
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name
  return rpcError(errorCodes.methodNotFound, `the method ${shown} does not exist/is not available`)
}
