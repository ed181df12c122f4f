/** Shows the sinks, pauses them, and has dead messages sent again. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { type DeadMessage, type SinkStatus, sinkKinds } from '../../services/sink.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { posting, reading } from './route.ts'
import { pageOf, pageQuery } from './shapes.ts'
import { isoTime, pageView } from './views.ts'

const time = z.string().openapi({ format: 'date-time' })

const SinkShape = z
  .object({
    name: z.string(),
    kind: z.enum(sinkKinds),
    place: z.string().openapi({ description: 'Where it sends to, without secrets' }),
    state: z.enum(['running', 'waiting', 'paused', 'elsewhere', 'stopped']),
    waiting: z.number(),
    lagMs: z.number().openapi({ description: 'Since the oldest of those that wait came' }),
    dead: z.number(),
    sent: z.number(),
    lastSentAt: time.nullable(),
    lastError: z.string().nullable(),
  })
  .openapi('Sink')

const DeadMessageShape = z
  .object({
    number: z.number(),
    id: z.string(),
    sink: z.string(),
    key: z.string(),
    attempts: z.number(),
    reason: z.string(),
    at: time,
    payload: z.any().openapi({ description: 'The CloudEvent' }),
  })
  .openapi('DeadMessage')

const RequeuedShape = z.object({ requeued: z.number() }).openapi('Requeued')

const nameParam = z.object({ name: z.string().max(64) })
const numberParam = nameParam.extend({ number: z.string().regex(/^\d{1,15}$/) })

/** Adds the routes. */
export function addSinkRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const sinks = reading('/v1/sinks', {
    summary: 'Where events and outcomes go out to',
    answer: pageOf(SinkShape),
    request: {},
  })
  app.openapi(sinks, async (context) => {
    const items = (await from.sinks.list()).map(sinkView)
    return context.json({ items, next: null }, 200)
  })
  addSwitches(app, from)
  addDeadMessages(app, from)
}

function addSwitches(app: OpenAPIHono, from: ApiDependencies): void {
  const routeOf = (what: 'pause' | 'resume', summary: string) =>
    posting(`/v1/sinks/{name}/${what}`, {
      ...{ summary, answer: SinkShape, request: { params: nameParam } },
    })
  const viewOf = async (name: string) => {
    const found = (await from.sinks.list()).find((one) => one.name === name)
    return sinkView(found as SinkStatus)
  }
  app.openapi(routeOf('pause', 'Has a sink send nothing; what comes waits'), async (context) => {
    const { name } = context.req.valid('param')
    await from.sinks.pause(name)
    return context.json(await viewOf(name), 200)
  })
  app.openapi(routeOf('resume', 'Has a paused sink send again'), async (context) => {
    const { name } = context.req.valid('param')
    await from.sinks.resume(name)
    return context.json(await viewOf(name), 200)
  })
}

function addDeadMessages(app: OpenAPIHono, from: ApiDependencies): void {
  const list = reading('/v1/sinks/{name}/dead', {
    summary: 'Messages that were refused too often, newest first',
    answer: pageOf(DeadMessageShape),
    request: { params: nameParam, query: z.object(pageQuery) },
  })
  app.openapi(list, async (context) => {
    const { name } = context.req.valid('param')
    const page = await from.sinks.deadMessages(name, context.req.valid('query'))
    return context.json(await pageView(page, deadView), 200)
  })

  const all = posting('/v1/sinks/{name}/dead/requeue', {
    summary: 'Has all dead messages of a sink sent again',
    answer: RequeuedShape,
    request: { params: nameParam },
  })
  app.openapi(all, async (context) => {
    const { name } = context.req.valid('param')
    return context.json({ requeued: await from.sinks.requeue(name) }, 200)
  })

  const one = posting('/v1/sinks/{name}/dead/{number}/requeue', {
    summary: 'Has one dead message sent again',
    answer: RequeuedShape,
    request: { params: numberParam },
  })
  app.openapi(one, async (context) => {
    const { name, number } = context.req.valid('param')
    return context.json({ requeued: await from.sinks.requeue(name, Number(number)) }, 200)
  })
}

function sinkView({ lastSentAtMs, lastError, ...rest }: SinkStatus): z.infer<typeof SinkShape> {
  const lastSentAt = lastSentAtMs === undefined ? null : isoTime(lastSentAtMs)
  return { ...rest, lastSentAt, lastError: lastError ?? null }
}

function deadView({ atMs, payload, ...rest }: DeadMessage): z.infer<typeof DeadMessageShape> {
  return { ...rest, at: isoTime(atMs), payload: JSON.parse(payload) }
}
