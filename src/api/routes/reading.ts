/** Describes routes that are read. */

import { createRoute, type z } from '@hono/zod-openapi'
import * as shapes from './shapes.ts'

/** A GET route that answers JSON of one shape. */
export function reading<P extends string, S extends z.ZodType, R extends object>(
  path: P,
  options: { readonly summary: string; readonly answer: S; readonly request: R },
) {
  const { summary, answer, request } = options
  return createRoute({
    ...{ method: 'get', path, summary, request, operationId: operationOf(path) },
    responses: {
      200: shapes.jsonAnswer('The answer', answer),
      ...shapes.errors,
    },
  })
}

/** `/v1/instances/{id}` as `getInstancesId`. */
function operationOf(path: string): string {
  const words = path.replace(/[{}]/g, '').split('/').slice(2)
  return `get${words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join('')}`
}
