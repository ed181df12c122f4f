/** Shows the queue between events and workflows, and has its dead letters given out again. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { DeadLetter } from '../../stream/queue.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { posting, reading } from './route.ts'
import { pageOf, pageQuery } from './shapes.ts'
import { isoTime, pageView } from './views.ts'

const time = z.string().openapi({ format: 'date-time' })

const QueueShape = z
  .object({
    carrier: z.string().openapi({
      description:
        'What brings the messages: sqlite, postgres, redis, nats; none where events start workflows in their own transaction',
    }),
    depth: z.number().openapi({ description: 'Messages that are not done' }),
    capacity: z.number(),
    out: z.number().openapi({ description: 'Of these given out at present' }),
    dead: z.number(),
    consumers: z.number().openapi({ description: 'Processes that take messages out of it' }),
    oldestAt: time.nullable(),
    problem: z.string().nullable(),
  })
  .openapi('Queue')

type QueueShape = z.infer<typeof QueueShape>

/** All that are kept. */
const mostProcesses = 1_000

const QueueKeyShape = z.object({ key: z.string(), waiting: z.number() }).openapi('QueueKey')
const DeadLetterShape = z
  .object({
    number: z.number(),
    id: z.string(),
    key: z.string(),
    attempts: z.number(),
    reason: z.string(),
    at: time,
    body: z.any(),
  })
  .openapi('DeadLetter')

const GivenShape = z.object({ requeued: z.boolean() }).openapi('RequeuedLetter')
const PurgedShape = z.object({ purged: z.number() }).openapi('PurgedLetters')
const numberParam = z.object({ number: z.string().regex(/^\d{1,15}$/) })

/** Adds the routes. */
export function addQueueRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const queue = reading('/v1/queue', {
    summary: 'The queue between events and workflows',
    answer: QueueShape,
    request: {},
  })
  app.openapi(queue, async (context) => {
    return context.json(await queueView(from), 200)
  })

  const keys = reading('/v1/queue/keys', {
    summary: 'The 20 keys with the most messages that are not done',
    answer: pageOf(QueueKeyShape),
    request: {},
  })
  app.openapi(keys, async (context) => {
    return context.json({ items: [...((await from.queue?.keys()) ?? [])], next: null }, 200)
  })

  const dead = reading('/v1/queue/dead', {
    summary: 'Messages that failed too often, newest first',
    answer: pageOf(DeadLetterShape),
    request: { query: z.object(pageQuery) },
  })
  app.openapi(dead, async (context) => {
    const page = (await from.queue?.deadLetters(context.req.valid('query'))) ?? { items: [] }
    return context.json(await pageView(page, letterView), 200)
  })

  const requeue = posting('/v1/queue/dead/{number}/requeue', {
    summary: 'Has a dead letter given out again',
    answer: GivenShape,
    request: { params: numberParam },
  })
  app.openapi(requeue, async (context) => {
    const { number } = context.req.valid('param')
    const requeued = (await from.queue?.requeue(Number(number))) ?? false
    return context.json({ requeued }, 200)
  })

  const purge = posting('/v1/queue/dead/purge', {
    summary: 'Forgets all dead letters',
    answer: PurgedShape,
    request: {},
  })
  app.openapi(purge, async (context) => {
    return context.json({ purged: (await from.queue?.purge()) ?? 0 }, 200)
  })
}

async function queueView({ queue, processes }: ApiDependencies): Promise<QueueShape> {
  const status = await queue?.status()
  if (status === undefined) {
    const none = { depth: 0, capacity: 0, out: 0, dead: 0, oldestAt: null, problem: null }
    return { carrier: 'none', consumers: 0, ...none }
  }
  const { name: _, oldestAtMs, problem = null, ...rest } = status
  const { items } = await processes.list({ limit: mostProcesses })
  const consumers = items.filter(({ roles, state }) => state === 'up' && roles.includes('worker'))
  const oldestAt = oldestAtMs === undefined ? null : isoTime(oldestAtMs)
  return { ...rest, consumers: consumers.length, problem, oldestAt }
}

function letterView({ seq, diedAtMs, ...rest }: DeadLetter): z.infer<typeof DeadLetterShape> {
  return { number: seq, at: isoTime(diedAtMs), ...rest }
}
