/** Shows how far the listeners of chains are and how their endpoints do, and keeps who has looked at their alarms. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ListenerAlarm, ListenerStatus } from '../../stream/stream.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { notFound } from './failures.ts'
import { bodyOf, posting, reading } from './route.ts'
import { pageOf, pageQuery } from './shapes.ts'
import { isoTime, pageView } from './views.ts'

const time = z.string().openapi({ format: 'date-time' })

const AlarmShape = z
  .object({
    number: z.number(),
    kind: z.enum(['finality-violated', 'source-stopped']),
    at: time,
    detail: z.string(),
    acknowledgedBy: z.string().nullable(),
    acknowledgedAt: time.nullable(),
  })
  .openapi('ListenerAlarm')

const EndpointShape = z
  .object({
    ...{ name: z.string(), isUsed: z.boolean(), head: z.number().nullable() },
    lag: z.number().openapi({ description: 'Blocks behind the others' }),
    latencyMs: z.number().nullable(),
    penalty: z.number().openapi({
      description: 'The lower the better; faults count half as much after each minute',
    }),
    fault: z.string().nullable().openapi({ description: 'The last one, while it counts' }),
  })
  .openapi('ListenerEndpoint')

const ListenerShape = z
  .object({
    chain: z.string(),
    state: z.enum(['starting', 'catching-up', 'following', 'waiting', 'stopped']),
    checkpoint: z.number().nullable().openapi({ description: 'Last block whose events are kept' }),
    head: z.number().nullable(),
    lag: z.number().nullable().openapi({ description: 'Blocks between the two' }),
    problem: z.string().nullable(),
    marks: z
      .object({ confirmed: z.number(), safe: z.number(), finalized: z.number() })
      .nullable()
      .openapi({ description: 'Last blocks whose events are in each state or further' }),
    quorum: z.object({ needed: z.number(), of: z.number() }).nullable().openapi({
      description: 'Endpoints that must agree on what is final, where there are several',
    }),
    backFill: z
      .object({
        ...{ next: z.number(), last: z.number(), left: z.number(), problem: z.string().nullable() },
      })
      .nullable()
      .openapi({ description: 'History that is read beside the following, while there is some' }),
    endpoints: z.array(EndpointShape),
    alarms: z.array(AlarmShape).openapi({ description: 'The last 16 that nobody acknowledged' }),
  })
  .openapi('Listener')

const chainParam = z.object({ chain: z.string().max(64) })
const who = z.string().min(1).max(200)

/** Adds the routes. */
export function addListenerRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const list = reading('/v1/listeners', {
    summary: 'How far the listeners are, how their endpoints do, and what they warn of',
    answer: pageOf(ListenerShape),
    request: {},
  })
  app.openapi(list, (context) => {
    const items = from.listeners().map((one) => listenerView(one.status()))
    return context.json({ items, next: null }, 200)
  })

  const one = reading('/v1/listeners/{chain}', {
    summary: 'The listener of one chain',
    answer: ListenerShape,
    request: { params: chainParam },
  })
  app.openapi(one, (context) => {
    const listener = listenerOf(from, context.req.valid('param').chain)
    return context.json(listenerView(listener.status()), 200)
  })
  addAlarms(app, from)
}

function addAlarms(app: OpenAPIHono, from: ApiDependencies): void {
  const alarms = reading('/v1/listeners/{chain}/alarms', {
    summary: 'Alarms of a listener with who acknowledged them, newest first',
    answer: pageOf(AlarmShape),
    request: { params: chainParam, query: z.object(pageQuery) },
  })
  app.openapi(alarms, async (context) => {
    const listener = listenerOf(from, context.req.valid('param').chain)
    const page = await listener.alarms(context.req.valid('query'))
    return context.json(await pageView(page, alarmView), 200)
  })

  const acknowledge = posting('/v1/listeners/{chain}/alarms/acknowledge', {
    summary: 'Says that somebody has looked at an alarm, or at all that are open',
    answer: z.object({ acknowledged: z.number() }).openapi('AcknowledgedAlarms'),
    request: {
      params: chainParam,
      body: bodyOf(z.object({ who, number: z.number().int().min(1).optional() })),
    },
  })
  app.openapi(acknowledge, async (context) => {
    const listener = listenerOf(from, context.req.valid('param').chain)
    const { who: by, number } = context.req.valid('json')
    return context.json({ acknowledged: await listener.acknowledge(by, number) }, 200)
  })
}

function listenerOf({ listeners }: ApiDependencies, chain: string) {
  const found = listeners().find((one) => one.status().chain === chain)
  if (found) return found
  throw notFound(`listener of a chain "${chain}"`)
}

/** A listener as the API shows it. */
function listenerView(status: ListenerStatus): z.infer<typeof ListenerShape> {
  const { chain, state, checkpoint = null, head = null, problem = null, backFill } = status
  const { marks = null, quorum = null } = status
  const lag = head === null || checkpoint === null ? null : Math.max(0, head - checkpoint)
  return {
    ...{ chain, state, checkpoint, head, lag, problem, marks, quorum },
    backFill: backFill
      ? {
          ...{ next: backFill.next, last: backFill.last, problem: backFill.problem ?? null },
          left: backFill.last + 1 - backFill.next,
        }
      : null,
    endpoints: status.endpoints.map((one) => ({
      ...{ ...one, head: one.head ?? null, fault: one.fault ?? null },
      latencyMs: one.latencyMs === undefined ? null : Math.round(one.latencyMs),
    })),
    alarms: status.alarms.map(alarmView),
  }
}

function alarmView(alarm: ListenerAlarm): z.infer<typeof AlarmShape> {
  const { number, kind, detail, atMs, acknowledged } = alarm
  return {
    ...{ number, kind, detail, at: isoTime(atMs), acknowledgedBy: acknowledged?.by ?? null },
    acknowledgedAt: acknowledged ? isoTime(acknowledged.atMs) : null,
  }
}
