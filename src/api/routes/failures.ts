/** Turns failures into the one shape of errors that the API answers. */

import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { AppError } from '../../base/app-error.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'
import type { Logger } from '../../base/logger.ts'

type Status = 400 | 403 | 404 | 409 | 413 | 422 | 429 | 502 | 503 | 504 | 503

/** The same of calls and deployments of functions. */
const functionStatuses = {
  'workflow/no-function': 404,
  'workflow/no-version': 404,
  'workflow/no-provider': 404,
  'workflow/bad-function': 400,
  'workflow/bad-input': 400,
  'workflow/unmanaged-function': 409,
  'workflow/function-refused': 422,
  'workflow/function-memory': 422,
  'workflow/function-busy': 429,
  'workflow/function-answer': 502,
  'workflow/function-failed': 502,
  'workflow/function-cancelled': 503,
  'workflow/function-circuit-open': 503,
  'workflow/function-timeout': 504,
} as const

/** HTTP status of errors by code; others are 500. */
const statuses: Readonly<Record<string, Status>> = {
  'api/not-found': 404,
  'api/not-offered': 404,
  'api/bad-request': 400,
  'projection/unknown': 404,
  'projection/bad-query': 400,
  'services/unknown-sink': 404,
  'services/unknown-process': 404,
  'services/process-ended': 409,
  'services/unknown-notification': 404,
  'services/unknown-template': 404,
  'services/bad-notification': 400,
  'services/bad-template': 400,
  'services/bad-subscription': 400,
  'services/channel-not-set': 409,
  'services/too-many-subscriptions': 409,
  'stream/expression-failed': 422,
  'api/chain-not-running': 409,
  'api/foreign-page': 403,
  'api/refused': 422,
  'api/too-many-streams': 429,
  'store/bad-cursor': 400,
  ...functionStatuses,
  'workflow/bad-input': 400,
  'workflow/bad-definition': 422,
  'workflow/too-many': 409,
  'node/unknown-contract': 422,
  'workflow/reserved-event': 403,
  'workflow/value-too-large': 413,
  'workflow/value-too-deep': 422,
  'stream/bad-cloud-event': 400,
  'workflow/no-instance': 404,
  'workflow/not-deployed': 404,
  'workflow/ambiguous-name': 409,
  'workflow/no-question': 404,
  'workflow/no-step': 404,
  'workflow/wrong-status': 409,
  'workflow/question-closed': 409,
  'workflow/cannot-migrate': 409,
  'workflow/bad-abi': 400,
  'workflow/name-taken': 409,
  'workflow/fixed-contract': 409,
  'workflow/no-signer': 403,
  'workflow/not-signed': 502,
  'workflow/call-reverted': 422,
  'workflow/transaction-reverted': 422,
  'workflow/bad-answer': 422,
  'workflow/no-funds': 409,
  'workflow/fee-too-high': 409,
  'workflow/not-taken': 503,
  'json-rpc/unreachable': 502,
  'json-rpc/error': 502,
}

/** The same of refusals that JSON-RPC tells by their code in its data; others are 500. */
const refusals: Readonly<Record<string, Status>> = {
  'api/not-found': 404,
  'rpc/no-signer': 403,
  'rpc/data-not-json': 400,
  'rpc/data-too-large': 413,
  'rpc/data-misfit': 422,
  'rpc/bad-signature': 422,
  ...Object.fromEntries(
    [
      ...['rpc/no-leap', 'rpc/no-network', 'rpc/no-draft', 'rpc/nonce-moved'],
      ...['txpool/nonce-too-low', 'txpool/replacement-underpriced'],
    ].map((code) => [code, 409]),
  ),
  ...Object.fromEntries(
    ['ledger/bad-manifest', 'chain/bad-settings', 'chain/no-block'].map((code) => [code, 400]),
  ),
  ...Object.fromEntries(
    [
      ...['name-taken', 'id-taken', 'too-many', 'busy', 'first', 'running', 'stopped', 'over'],
      ...['no-state', 'no-parent', 'fork-rules', 'fork-engine'],
    ].map((code) => [`chain/${code}`, 409]),
  ),
}

/**
 * Asks a chain, and tells its refusals from failures of its node.
 *
 * @throws AppError `json-rpc/error` with the code of the reason in its data where that has a status, else
 * `api/bad-request`, `api/not-offered`, `api/refused`
 */
export async function ask<T>(
  { name, client }: { readonly name: string; readonly client: JsonRpcClient },
  method: string,
  params: readonly Json[] = [],
): Promise<T> {
  try {
    return (await client.request(method, params)) as T
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'json-rpc/error') throw error
    const { message, data } = error
    const reason = refusalOf(error)?.code
    if (reason !== undefined && Object.hasOwn(refusals, reason)) throw error
    if (data.code === -32_602) throw new AppError({ code: 'api/bad-request', message })
    if (data.code === -32_601) {
      const missing = `the node of the chain "${name}" does not offer this: ${message}`
      throw new AppError({ code: 'api/not-offered', message: missing })
    }
    if (data.code !== -32_000 && data.code !== 3) throw error
    throw new AppError({ code: 'api/refused', message, data: reason ? { reason } : {} })
  }
}

/** Answers an error; what was not expected is logged and not shown. */
export function failure(context: Context, error: unknown, logger: Logger): Response {
  const refused = refusalOf(error)
  if (refused) {
    const { code, message } = refused
    return context.json({ error: { code, message, data: {} } }, refusals[code] ?? 500)
  }
  const status = error instanceof AppError ? statuses[error.code] : undefined
  if (error instanceof AppError && status !== undefined) {
    const { code, message, data } = error
    return context.json({ error: { code, message, data } }, status)
  }
  // What the framework refuses before a route is asked, as a body that is no JSON.
  if (error instanceof HTTPException && error.status === 400) {
    const { message } = error
    return context.json({ error: { code: 'api/bad-request', message, data: {} } }, 400)
  }
  logger.error('a request failed', { path: context.req.path, error: String(error) })
  const message = 'the node failed to answer; its log says why'
  return context.json({ error: { code: 'api/internal', message, data: {} } }, 500)
}

/** What a method was refused for. */
function refusalOf(
  error: unknown,
): { readonly code: string; readonly message: string } | undefined {
  if (!(error instanceof AppError) || error.code !== 'json-rpc/error') return undefined
  const { code } = (error.data.data ?? {}) as { readonly code?: unknown }
  if (typeof code !== 'string') return undefined
  return { code: code === 'chain/unknown' ? 'api/not-found' : code, message: error.message }
}

/** Something that was asked for and is not there. */
export function notFound(what: string): AppError {
  return new AppError({ code: 'api/not-found', message: `there is no ${what}` })
}
