/** Describes routes that answer JSON of one shape, for their checks and for the API's document. */

import { createRoute, type z } from '@hono/zod-openapi'
import * as shapes from './shapes.ts'

interface RouteOptions<S, R> {
  readonly summary: string
  readonly answer: S
  readonly request: R
}

/** A GET route that answers JSON of one shape. */
export function reading<P extends string, S extends z.ZodType, R extends object>(
  path: P,
  { summary, answer, request }: RouteOptions<S, R>,
) {
  return createRoute({
    ...{ method: 'get', path, summary, request, operationId: operationOf('get', path) },
    responses: { 200: shapes.jsonAnswer('The answer', answer), ...shapes.errors },
  })
}

/** A POST route that answers JSON of one shape. */
export function posting<P extends string, S extends z.ZodType, R extends object>(
  path: P,
  { summary, answer, request }: RouteOptions<S, R>,
) {
  return createRoute({
    ...{ method: 'post', path, summary, request, operationId: operationOf('post', path) },
    responses: { 200: shapes.jsonAnswer('Done', answer), ...shapes.errors },
  })
}

/** A body of JSON that a request must have. */
export function bodyOf<S extends z.ZodType>(schema: S) {
  return { content: { 'application/json': { schema } }, required: true as const }
}

/** `/v1/instances/{id}` as `getInstancesId`. */
export function operationOf(method: string, path: string): string {
  const words = path.replace(/[{}]/g, '').split(/[/-]/).slice(2)
  return `${method}${words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join('')}`
}
