/** Answers the questions about chains, blocks, events, workflows, instances and their outcomes. */

import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError } from '../../base/app-error.ts'
import type { StoredEvent } from '../../stream/stream.ts'
import { ambiguousName } from '../../workflow/workflow.ts'
import { chainOf } from '../api-chains.ts'
import type { ApiDependencies, ApiOptions } from '../api-dependencies.ts'
import { addArchiveRoutes } from './archive-routes.ts'
import { addChainRoutes } from './chain-routes.ts'
import { addContractRoutes } from './contract-routes.ts'
import { notFound } from './failures.ts'
import { addFunctionRoutes } from './function-routes.ts'
import { addIntakeRoutes } from './intake-routes.ts'
import { addListenerRoutes } from './listener-routes.ts'
import { addNotificationRoutes } from './notification-routes.ts'
import { addOperatingRoutes } from './operating-routes.ts'
import { addProcessRoutes } from './process-routes.ts'
import { addProjectionRoutes } from './projection-routes.ts'
import { addQueueRoutes } from './queue-routes.ts'
import { reading } from './route.ts'
import * as shapes from './shapes.ts'
import { addSinkRoutes } from './sink-routes.ts'
import * as views from './views.ts'

const { pageOf, pageQuery } = shapes
const chainQuery = {
  chain: z.string().max(64).optional().openapi({ description: 'The first one unless named' }),
}
const idParam = z.object({ id: z.string().max(200) })

/** Adds all routes that answer JSON of a described shape. */
export function addResourceRoutes(
  app: OpenAPIHono,
  options: ApiOptions,
  from: ApiDependencies,
): void {
  addNodeRoutes(app, options, from)
  addChainRoutes(app, from)
  addBlockRoutes(app, from)
  addEventRoutes(app, from)
  addWorkflowRoutes(app, from)
  addInstanceRoutes(app, from)
  addOperatingRoutes(app, from)
  addArchiveRoutes(app, from)
  addIntakeRoutes(app, from)
  addOutcomeRoutes(app, from)
  addNotificationRoutes(app, from)
  addSinkRoutes(app, from)
  addProjectionRoutes(app, from)
  addQueueRoutes(app, from)
  addListenerRoutes(app, from)
  addProcessRoutes(app, from)
  addContractRoutes(app, from)
  addFunctionRoutes(app, from)
}

function addNodeRoutes(app: OpenAPIHono, options: ApiOptions, from: ApiDependencies): void {
  const startedAt = views.isoTime(from.clock.nowMs())
  const status = reading('/v1/status', {
    summary: 'The node at a glance',
    answer: shapes.StatusShape,
    request: {},
  })
  app.openapi(status, async (context) => {
    const checks = await from.checks()
    const listeners = from
      .listeners()
      .map((listener) => listener.status())
      .map((one) => ({
        ...{ chain: one.chain, state: one.state, checkpoint: one.checkpoint ?? null },
        ...{ head: one.head ?? null, problem: one.problem ?? null },
      }))
    return context.json(
      {
        ...{ name: 'QuantumStream', version: options.version, startedAt, dev: options.dev },
        ...{ ready: checks.every(({ ok }) => ok), listeners },
        instances: { ...(await from.engine.counts()) },
        senders: [...from.senders()],
      },
      200,
    )
  })
}

function addBlockRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const query = z.object({ ...pageQuery, ...chainQuery })
  const blocks = reading('/v1/blocks', {
    summary: 'Blocks, newest first',
    answer: pageOf(shapes.BlockShape),
    request: { query },
  })
  app.openapi(blocks, async (context) => {
    const { limit, cursor, chain: name } = context.req.valid('query')
    const chain = await chainOf(from, name)
    const head = Number(await chain.client.request('eth_blockNumber'))
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
      throw new AppError({
        code: 'api/bad-request',
        message: `"${cursor}" is no cursor of this list`,
      })
    }
    const first = Math.min(head, Number(cursor ?? head))
    const numbers = Array.from({ length: Math.min(limit, first + 1) }, (_, at) => first - at)
    const found = await Promise.all(
      numbers.map((n) => views.blockView(chain, `0x${n.toString(16)}`)),
    )
    const items = found
      .filter((block) => block !== undefined)
      .map(({ transactionHashes: _, ...block }) => block)
    const next = first - numbers.length
    return context.json({ items, next: next >= 0 ? String(next) : null }, 200)
  })

  const one = reading('/v1/blocks/{block}', {
    summary: 'One block, by number or hash',
    answer: shapes.BlockDetailShape,
    request: {
      params: z.object({
        block: z
          .string()
          .regex(/^(\d{1,15}|0x[0-9a-fA-F]{64})$/, 'expected a number, or a hash of 32 bytes'),
      }),
      query: z.object(chainQuery),
    },
  })
  app.openapi(one, async (context) => {
    const { block } = context.req.valid('param')
    const chain = await chainOf(from, context.req.valid('query').chain)
    const found = await views.blockView(
      chain,
      block.startsWith('0x') ? block : `0x${Number(block).toString(16)}`,
    )
    if (found === undefined) throw notFound(`block ${block}`)
    return context.json(found, 200)
  })
}

/** An event with the instances that it started. */
async function eventView(event: StoredEvent, { engine }: ApiDependencies) {
  const started = await engine.list({ limit: 50, eventId: event.id })
  const ids = started.items.map(({ id }) => id)
  return views.eventView(event, ids)
}

function addEventRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const eventQuery = z.object({ ...pageQuery, name: z.string().max(100).optional() })
  const events = reading('/v1/events', {
    summary: 'Events, newest first',
    answer: pageOf(shapes.EventShape),
    request: { query: eventQuery },
  })
  app.openapi(events, async (context) => {
    const page = await from.events.list(context.req.valid('query'))
    return context.json(await views.pageView(page, (event) => eventView(event, from)), 200)
  })

  const event = reading('/v1/events/{id}', {
    summary: 'One event',
    answer: shapes.EventShape,
    request: { params: idParam },
  })
  app.openapi(event, async (context) => {
    const { id } = context.req.valid('param')
    const found = await from.events.get(id)
    if (found === undefined) throw notFound(`event "${id}"`)
    return context.json(await eventView(found, from), 200)
  })
}

function addWorkflowRoutes(app: OpenAPIHono, { engine }: ApiDependencies): void {
  const query = z.object({ ...pageQuery, limit: pageQuery.limit.default(200) })
  const workflows = reading('/v1/workflows', {
    summary: 'Deployed workflows, by name',
    answer: pageOf(shapes.WorkflowShape),
    request: { query },
  })
  app.openapi(workflows, (context) => {
    const { limit, cursor = '' } = context.req.valid('query')
    const left = [...engine.workflows()]
      .map((one) => ({ one, key: `${one.namespace}/${one.name}` }))
      .filter(({ key }) => key > cursor)
      .sort((a, b) => (a.key < b.key ? -1 : 1))
    const items = left.slice(0, limit)
    const next = left.length > limit ? (items.at(-1)?.key ?? null) : null
    return context.json({ items: items.map(({ one }) => views.workflowView(one)), next }, 200)
  })

  const workflow = reading('/v1/workflows/{id}', {
    summary: 'One workflow, by name, or by NAMESPACE/NAME with %2F for the slash',
    answer: shapes.WorkflowShape,
    request: { params: idParam },
  })
  app.openapi(workflow, (context) => {
    const { id } = context.req.valid('param')
    const named = engine
      .workflows()
      .filter(({ namespace, name }) => name === id || `${namespace}/${name}` === id)
    const [found] = named
    if (found === undefined) throw notFound(`workflow "${id}"`)
    if (named.length > 1) throw ambiguousName(id, named)
    return context.json(views.workflowView(found), 200)
  })

  const definition = reading('/v1/definitions/{hash}', {
    summary: 'One definition, also if another one has taken its place since',
    answer: shapes.WorkflowShape,
    request: { params: z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) }) },
  })
  app.openapi(definition, async (context) => {
    const { hash } = context.req.valid('param')
    const found = await engine.definition(hash)
    if (found === undefined) throw notFound(`definition "${hash}"`)
    return context.json(views.workflowView(found), 200)
  })
}

function addInstanceRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const { engine } = from
  const instanceQuery = z.object({
    ...pageQuery,
    workflow: z.string().max(64).optional(),
    status: z.enum(shapes.statuses).optional(),
    event: z.string().max(200).optional(),
  })
  const instances = reading('/v1/instances', {
    summary: 'Runs of workflows, newest first',
    answer: pageOf(shapes.InstanceShape),
    request: { query: instanceQuery },
  })
  app.openapi(instances, async (context) => {
    const { event: eventId, ...query } = context.req.valid('query')
    const page = await engine.list({ ...query, eventId })
    return context.json(await views.pageView(page, views.instanceView), 200)
  })

  const instance = reading('/v1/instances/{id}', {
    summary: 'One run with its journal, also if it is archived',
    answer: shapes.InstanceDetailShape,
    request: { params: idParam },
  })
  app.openapi(instance, async (context) => {
    const { id } = context.req.valid('param')
    const found = (await engine.get(id)) ?? (await from.archive.get(id))
    if (found === undefined) throw notFound(`instance "${id}"`)
    const started = found.eventId === undefined ? undefined : await from.events.get(found.eventId)
    return context.json(
      {
        ...views.instanceView(found),
        input: found.input,
        event: started ? await eventView(started, from) : null,
        journal: found.journal.map(views.entryView),
      },
      200,
    )
  })
}

function addOutcomeRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  const query = z.object(pageQuery)
  const records = reading('/v1/records', {
    summary: 'Recorded outcomes, newest first',
    answer: pageOf(shapes.RecordShape),
    request: { query },
  })
  app.openapi(records, async (context) => {
    const page = await from.records.list(context.req.valid('query'))
    const view = await views.pageView(page, ({ atMs, ...rest }) => ({
      ...rest,
      at: views.isoTime(atMs),
    }))
    return context.json(view, 200)
  })
}
