/** Lists runs that ended long ago and are archived. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ArchivedInstance } from '../../workflow/instance-archive.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { reading } from './route.ts'
import { pageOf, pageQuery, statuses } from './shapes.ts'
import { isoTime, pageView } from './views.ts'

const time = z.string().openapi({ format: 'date-time' })

const ArchivedShape = z
  .object({
    ...{ id: z.string(), workflow: z.string(), status: z.enum(statuses) },
    eventId: z.string().nullable(),
    ...{ createdAt: time, endedAt: time, archivedAt: time },
    isKept: z.boolean().openapi({
      description: 'Whether GET /v1/instances/{id} still gives it, from its file',
    }),
  })
  .openapi('ArchivedInstance')

/** Adds the routes. */
export function addArchiveRoutes(app: OpenAPIHono, { archive }: ApiDependencies): void {
  const archived = reading('/v1/archive', {
    summary: 'Archived runs of workflows, those archived last first',
    answer: pageOf(ArchivedShape),
    request: { query: z.object({ ...pageQuery, workflow: z.string().max(64).optional() }) },
  })
  app.openapi(archived, async (context) => {
    const page = await archive.list(context.req.valid('query'))
    return context.json(await pageView(page, archivedView), 200)
  })
}

function archivedView(one: ArchivedInstance): z.infer<typeof ArchivedShape> {
  const { id, workflow, status, eventId = null, isKept } = one
  const times = { createdAt: isoTime(one.createdAtMs), endedAt: isoTime(one.endedAtMs) }
  return { id, workflow, status, eventId, ...times, archivedAt: isoTime(one.archivedAtMs), isKept }
}
