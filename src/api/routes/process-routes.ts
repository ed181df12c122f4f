/** Shows the processes that share the database, and has one of them stop in order. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { SharedProcess } from '../../services/process-register.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { posting, reading } from './route.ts'
import { pageOf, pageQuery } from './shapes.ts'
import { isoTime, pageView } from './views.ts'

const time = z.string().openapi({ format: 'date-time' })

const ProcessShape = z
  .object({
    id: z.string(),
    roles: z.array(z.string()).openapi({ description: 'listener, worker, api' }),
    version: z.string(),
    state: z.enum(['up', 'asked', 'gone', 'ended']).openapi({
      description:
        'asked: it was told to stop; gone: it says nothing any more, and others took over; ended: it stopped in order',
    }),
    detail: z.string().openapi({ description: 'What it does at present' }),
    startedAt: time,
    seenAt: time,
  })
  .openapi('Process')

/** Adds the routes. */
export function addProcessRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const list = reading('/v1/processes', {
    summary: 'The processes that share the database, newest first, with those that have ended',
    answer: pageOf(ProcessShape),
    request: { query: z.object(pageQuery) },
  })
  app.openapi(list, async (context) => {
    const page = await from.processes.list(context.req.valid('query'))
    return context.json(await pageView(page, processView), 200)
  })

  const drain = posting('/v1/processes/{id}/drain', {
    summary: 'Has a process stop in order: it takes nothing new, and hands over what it has',
    answer: ProcessShape,
    request: { params: z.object({ id: z.string().max(200) }) },
  })
  app.openapi(drain, async (context) => {
    const { id } = context.req.valid('param')
    return context.json(processView(await from.processes.drain(id)), 200)
  })
}

function processView(one: SharedProcess): z.infer<typeof ProcessShape> {
  const { startedAtMs, seenAtMs, roles, ...rest } = one
  return {
    ...{ ...rest, roles: [...roles] },
    ...{ startedAt: isoTime(startedAtMs), seenAt: isoTime(seenAtMs) },
  }
}
