/** Describes the routes whose answers are streams, text or JSON-RPC, for the API's document. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { ErrorShape, jsonAnswer } from './shapes.ts'

const fault = jsonAnswer('Refused, or there is no such thing', ErrorShape)
const stream = {
  description: 'Server-sent events; `Last-Event-ID` goes on after that one, where events have ids',
  content: { 'text/event-stream': { schema: z.string() } },
}
const checks = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
})

type Responses = Parameters<OpenAPIHono['openAPIRegistry']['registerPath']>[0]['responses']

/** Adds them to the document; they are served elsewhere. */
export function describeOtherRoutes({ openAPIRegistry: document }: OpenAPIHono): void {
  const get = (path: string, summary: string, responses: Responses) =>
    document.registerPath({ method: 'get', path, summary, responses })
  get('/v1/stream', 'Blocks, events and runs as they happen', { 200: stream, default: fault })
  document.registerPath({
    ...{ method: 'get', path: '/v1/instances/{id}/events' },
    summary: 'The journal of a run as it grows, then `end`',
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: stream, default: fault },
  })
  document.registerPath({
    ...{ method: 'post', path: '/v1/rpc/{chain}', summary: 'JSON-RPC of a chain, also in batches' },
    request: {
      params: z.object({ chain: z.string() }),
      body: { required: true, content: { 'application/json': { schema: z.any() } } },
    },
    responses: {
      200: jsonAnswer('The answer', z.any()),
      204: { description: 'Notifications only: there is no answer' },
      default: fault,
    },
  })
  get('/healthz', 'Whether the process answers', {
    200: jsonAnswer('It does', z.object({ status: z.literal('ok') })),
  })
  get('/readyz', 'Whether the node does its work', {
    200: jsonAnswer('It does', checks),
    503: jsonAnswer('It does not, or not yet', checks),
  })
  get('/metrics', 'Measures, in the text form of Prometheus', {
    200: { description: 'The measures', content: { 'text/plain': { schema: z.string() } } },
  })
}
