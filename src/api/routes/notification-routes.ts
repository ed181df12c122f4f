/** Shows notifications and what they are made of: templates, channels, browsers that are told. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Json } from '../../base/json-rpc.ts'
import { channelNames, notificationStates } from '../../services/notification.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import { notFound } from './failures.ts'
import { bodyOf, operationOf, posting, reading } from './route.ts'
import { errors, jsonAnswer, NotificationShape, pageOf, pageQuery } from './shapes.ts'
import { isoTime, notificationView, pageView } from './views.ts'

const channel = z.enum(channelNames)
const idParam = z.object({ id: z.string().max(200) })
const nameParam = z.object({ name: z.string().max(64) })
const text = z.string().max(20_000)

const TemplateShape = z
  .object({
    ...{ name: z.string(), subject: z.string(), text },
    ...{ html: text.optional(), slack: text.optional() },
    ...{ discord: text.optional(), telegram: text.optional() },
  })
  .openapi('Template')

const PreviewShape = z
  .object({
    ...{ subject: z.string(), text: z.string() },
    formatted: z.string().nullable().openapi({ description: 'In the form of the channel' }),
  })
  .openapi('Preview')

const SubscriberShape = z
  .object({ id: z.string(), subscriber: z.string(), service: z.string(), at: z.string() })
  .openapi('PushSubscriber')

/** Adds the routes. */
export function addNotificationRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  addNotifications(app, from)
  addOrders(app, from)
  addTemplates(app, from)
  addPreview(app, from)
  addPush(app, from)
}

function addNotifications(app: OpenAPIHono, from: ApiDependencies): void {
  const query = z.object({
    ...pageQuery,
    ...{ channel: channel.optional(), state: z.enum(notificationStates).optional() },
  })
  const list = reading('/v1/notifications', {
    summary: 'The outbox, newest first',
    answer: pageOf(NotificationShape),
    request: { query },
  })
  app.openapi(list, async (context) => {
    const page = await from.notifications.list(context.req.valid('query'))
    return context.json(await pageView(page, notificationView), 200)
  })
  const requeue = posting('/v1/notifications/{id}/requeue', {
    summary: 'Has a notification that was given up, or is held, sent',
    answer: NotificationShape,
    request: { params: idParam },
  })
  app.openapi(requeue, async (context) => {
    const { id } = context.req.valid('param')
    return context.json(notificationView(await from.notifications.requeue(id)), 200)
  })
}

function addOrders(app: OpenAPIHono, from: ApiDependencies): void {
  const channels = reading('/v1/notification-channels', {
    summary: 'Channels that are set up',
    answer: z.object({ items: z.array(channel), next: z.null() }),
    request: {},
  })
  app.openapi(channels, (context) =>
    context.json({ items: [...from.notifications.channels()], next: null }, 200),
  )
  const test = posting('/v1/notifications/test', {
    summary: 'Sends a notification without a workflow, to see that a channel works',
    answer: pageOf(NotificationShape),
    request: {
      body: bodyOf(
        z.object({
          channel: channel.optional(),
          to: z.string().min(1).max(320),
          subject: z.string().min(1).max(300).default('A test'),
          body: text.min(1).default('This is a test of QuantumStream.'),
        }),
      ),
    },
  })
  app.openapi(test, async (context) => {
    const sent = await from.notifications.order(context.req.valid('json'))
    return context.json({ items: sent.map(notificationView), next: null }, 200)
  })
}

function addTemplates(app: OpenAPIHono, { notifications }: ApiDependencies): void {
  const list = reading('/v1/templates', {
    summary: 'Templates of notifications, by name',
    answer: pageOf(TemplateShape),
    request: {},
  })
  app.openapi(list, async (context) =>
    context.json({ items: [...(await notifications.templates.list())], next: null }, 200),
  )
  const path = '/v1/templates/{name}'
  const put = createRoute({
    ...{ method: 'put', path, operationId: operationOf('put', path) },
    summary: 'Keeps a template; it comes before a file of its name',
    request: { params: nameParam, body: bodyOf(TemplateShape.omit({ name: true })) },
    responses: { 200: jsonAnswer('Done', TemplateShape), ...errors },
  })
  app.openapi(put, async (context) => {
    const { name } = context.req.valid('param')
    const given = { ...(context.req.valid('json') as object), name } as Json
    return context.json(await notifications.templates.put(given), 200)
  })
  const remove = createRoute({
    ...{ method: 'delete', path, operationId: operationOf('delete', path) },
    summary: 'Forgets a template that was put',
    request: { params: nameParam },
    responses: { 204: { description: 'Done' }, ...errors },
  })
  app.openapi(remove, async (context) => {
    await notifications.templates.remove(context.req.valid('param').name)
    return context.body(null, 204)
  })
}

function addPreview(app: OpenAPIHono, { notifications }: ApiDependencies): void {
  const preview = posting('/v1/templates/{name}/preview', {
    summary: 'A template as a channel would send it',
    answer: PreviewShape,
    request: {
      params: nameParam,
      body: bodyOf(z.object({ channel: channel.default('outbox'), data: z.any().default({}) })),
    },
  })
  app.openapi(preview, async (context) => {
    const { channel: name, data } = context.req.valid('json')
    const template = context.req.valid('param').name
    const made = await notifications.templates.render(template, name, data as Json)
    return context.json({ ...made, formatted: made.formatted ?? null }, 200)
  })
}

function addPush(app: OpenAPIHono, { notifications: { push } }: ApiDependencies): void {
  const key = reading('/v1/push/key', {
    summary: 'The public key (VAPID) that a browser subscribes with',
    answer: z.object({ publicKey: z.string() }),
    request: {},
  })
  app.openapi(key, async (context) => context.json({ publicKey: await push.publicKey() }, 200))
  const list = reading('/v1/push/subscriptions', {
    summary: 'Browsers that are told, newest first',
    answer: pageOf(SubscriberShape),
    request: { query: z.object(pageQuery) },
  })
  const view = ({
    atMs,
    ...rest
  }: { readonly atMs: number } & z.infer<typeof plainSubscriber>) => ({
    ...{ ...rest, at: isoTime(atMs) },
  })
  app.openapi(list, async (context) => {
    const page = await push.list(context.req.valid('query'))
    return context.json(await pageView(page, view), 200)
  })
  const add = posting('/v1/push/subscriptions', {
    summary: 'Has a browser told of what is sent to a subscriber',
    answer: SubscriberShape,
    request: {
      body: bodyOf(
        z.object({
          subscriber: z.string().min(1).max(320),
          subscription: z.object({
            endpoint: z.string().max(2_048),
            keys: z.object({ p256dh: z.string().max(200), auth: z.string().max(100) }),
          }),
        }),
      ),
    },
  })
  app.openapi(add, async (context) => {
    const { subscriber, subscription } = context.req.valid('json')
    return context.json(view(await push.add(subscriber, subscription)), 200)
  })
  const path = '/v1/push/subscriptions/{id}'
  const remove = createRoute({
    ...{ method: 'delete', path, operationId: operationOf('delete', path) },
    summary: 'Tells a browser no more',
    request: { params: idParam },
    responses: { 204: { description: 'Done' }, ...errors },
  })
  app.openapi(remove, async (context) => {
    const { id } = context.req.valid('param')
    if (!(await push.remove(id))) throw notFound(`subscription "${id}"`)
    return context.body(null, 204)
  })
}

const plainSubscriber = SubscriberShape.omit({ at: true })
