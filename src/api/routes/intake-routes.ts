/** Takes definitions of workflows, and events of others. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Json } from '../../base/json-rpc.ts'
import { decodeCloudEvents } from '../../stream/cloud-event-http.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { bodyOf, operationOf, posting } from './route.ts'
import { errors, jsonAnswer, WorkflowShape } from './shapes.ts'
import { isoTime, workflowView } from './views.ts'

const json = z.any().openapi({ description: 'YAML or JSON as text, or JSON' })

const DeploymentShape = z
  .object({
    workflow: WorkflowShape,
    isNew: z.boolean().openapi({ description: 'Not the one that was there under this name' }),
    replaced: z.string().nullable().openapi({ description: 'Hash of the one before' }),
  })
  .openapi('Deployment')

const TakenShape = z
  .object({
    items: z.array(
      z.object({
        ...{ source: z.string(), id: z.string(), takenAt: z.string() },
        instances: z.array(z.string()).openapi({ description: 'Runs it started or that hear it' }),
      }),
    ),
  })
  .openapi('TakenEvents')

/** Adds the routes. */
export function addIntakeRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const deploy = posting('/v1/workflows', {
    summary:
      'Deploys a definition: new runs begin with it, also after a restart; 422 with line and column of what is wrong',
    answer: DeploymentShape,
    request: { body: bodyOf(z.object({ definition: json })) },
  })
  app.openapi(deploy, async (context) => {
    const { definition = null } = context.req.valid('json')
    const deployed = await from.definitions.deploy(definition as Json)
    const { workflow, isNew, replaced = null } = deployed
    return context.json({ workflow: workflowView(workflow), isNew, replaced }, 200)
  })
  addEvents(app, from)
}

/** The body is read as it came: which event it is, headers may say. */
function addEvents(app: OpenAPIHono, { intake }: ApiDependencies): void {
  app.openAPIRegistry.registerPath({
    ...{ method: 'post', path: '/v1/events', operationId: operationOf('post', '/v1/events') },
    summary:
      'Gives CloudEvents 1.0 to workflows, once by source and id; the same again is answered the same',
    request: {
      body: {
        required: true,
        content: {
          'application/cloudevents+json': { schema: z.any() },
          'application/cloudevents-batch+json': { schema: z.array(z.any()) },
          'application/json': {
            schema: z.any().openapi({ description: 'Data; the attributes are headers `ce-…`' }),
          },
        },
      },
    },
    responses: { 200: jsonAnswer('They are stored', TakenShape), ...errors },
  })
  app.post('/v1/events', async (context) => {
    const body = new Uint8Array(await context.req.arrayBuffer())
    const taken = await intake.take(decodeCloudEvents({ headers: context.req.header(), body }))
    const items = taken.map(({ takenAtMs, ...one }) => ({ ...one, takenAt: isoTime(takenAtMs) }))
    return context.json({ items }, 200)
  })
}
