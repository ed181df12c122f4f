/** Turns failures into the one shape of errors that the API answers. */

import type { Context } from 'hono'
import { AppError } from '../../base/app-error.ts'
import type { Logger } from '../../base/logger.ts'

/** HTTP status of errors by code; others are 500. */
const statuses: Readonly<Record<string, 400 | 404 | 409 | 429 | 502>> = {
  'api/not-found': 404,
  'api/bad-request': 400,
  'api/chain-not-running': 409,
  'api/too-many-streams': 429,
  'store/bad-cursor': 400,
  'json-rpc/unreachable': 502,
  'json-rpc/error': 502,
}

/** The same of refusals that JSON-RPC tells by their code in its data; others are 500. */
const refusals: Readonly<Record<string, 400 | 404 | 409>> = {
  'api/not-found': 404,
  ...Object.fromEntries(
    ['ledger/bad-manifest', 'chain/bad-settings', 'chain/no-block'].map((code) => [code, 400]),
  ),
  ...Object.fromEntries(
    [
      ...['name-taken', 'id-taken', 'too-many', 'busy', 'first', 'running', 'stopped', 'over'],
      ...['no-state', 'no-parent', 'fork-rules'],
    ].map((code) => [`chain/${code}`, 409]),
  ),
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
  logger.error('a request failed', { path: context.req.path, error: String(error) })
  const message = 'the node failed to answer; its log says why'
  return context.json({ error: { code: 'api/internal', message, data: {} } }, 500)
}

/** What a method that manages chains was refused for. */
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
