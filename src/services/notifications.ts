/** Notifies people: by mail, webhooks, Web Push and chats, from an outbox in SQL that loses nothing. */

import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import type { SqlStore } from '../store/sql.ts'
import type { GuardedHttp } from '../workflow/guarded-http.ts'
import type { StepFunction } from '../workflow/workflow.ts'
import {
  type ChannelName,
  channelNames,
  type Notification,
  type NotificationOrder,
  type Notifications,
} from './notification.ts'
import type { Channel } from './notify/channel.ts'
import { emailChannel } from './notify/email.ts'
import { discordChannel, slackChannel, webhookChannel } from './notify/hooks.ts'
import { lettersOf, type Order } from './notify/letters.ts'
import { type NotificationOptions, readNotificationOptions } from './notify/notify-options.ts'
import { type NewNotification, NotificationOutbox, notificationWrite } from './notify/outbox.ts'
import { WebPush } from './notify/push.ts'
import { NotificationSender } from './notify/sender.ts'
import { telegramChannel } from './notify/telegram.ts'
import { createTemplates } from './notify/templates.ts'

export { type NotificationOptions, readNotificationOptions }

/** What notifications need. */
export interface NotificationDependencies {
  readonly sql: SqlStore
  readonly http: GuardedHttp
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  /** Templates that come with the workflows. */
  readonly templates?: readonly Json[]
}

/**
 * Notifications over a database with `servicesMigrations`.
 *
 * @param options - by `readNotificationOptions`
 * @throws AppError `services/bad-template` for one of the templates
 */
export function createNotifications(
  options: NotificationOptions,
  dependencies: NotificationDependencies,
): Notifications {
  const { sql, clock, metrics, ...world } = dependencies
  const outbox = new NotificationOutbox(sql)
  const templates = createTemplates(dependencies.templates ?? [], sql)
  const push = new WebPush(options.push?.contact, dependencies)
  const channels = channelsOf(options, dependencies, push)
  const listeners = new Set<(notification: Notification) => void>()
  const [counted, help] = ['quantumstream_notifications_total', 'Notifications by outcome']
  const outcomes = metrics.counter(counted, help, ['channel', 'outcome'])
  const endMeasure = metrics.observed(
    'quantumstream_notifications',
    'Notifications that are not sent, by state',
    ['state'],
    async () =>
      Object.entries(await outbox.unsent()).map(([state, value]) => ({ value, labels: { state } })),
  )
  const tell = (notification: Notification) => {
    for (const listener of listeners) listener(notification)
  }
  const sender = new NotificationSender(options, {
    ...{ ...world, outbox, channels, clock, outcomes, tell },
  })
  const isSet = (name: ChannelName) => name === 'outbox' || channels.has(name)
  const usual = [options.default].flat()
  const letters = (input: Json, order: Order) =>
    lettersOf(input, order, { options, usual, isSet, templates })

  return {
    functions: stepFunctions(letters, clock),
    list: (query) => outbox.list(query),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async requeue(id) {
      await outbox.requeue(id)
      sender.wake()
      return (await outbox.get(id)) as Notification
    },
    async order({ channel, ...input }: NotificationOrder) {
      const id = randomBytes(16).toString('hex')
      const all = await letters(input, { by: 'a notification', channel, id, instanceId: '' })
      await sql.write(all.map((one) => notificationWrite(one, clock.nowMs())))
      sender.wake()
      const found = await Promise.all(all.map((one) => outbox.get(one.id)))
      return found.filter((one) => one !== undefined)
    },
    channels: () => channelNames.filter(isSet),
    ...{ templates, push },
    wake: () => sender.wake(),
    start: () => sender.start(),
    stop() {
      endMeasure()
      return sender.stop()
    },
  }
}

type LettersOf = (input: Json, order: Order) => Promise<readonly NewNotification[]>

/** `notify.send`, and one for each channel. */
function stepFunctions(letters: LettersOf, clock: Clock): Notifications['functions'] {
  const send =
    (by: string, channel: ChannelName | undefined): StepFunction =>
    async (input, { instanceId, idempotencyKey }) => {
      const id = idempotencyKey.slice(2, 34)
      const all = await letters(input, { by, channel, id, instanceId })
      const nowMs = clock.nowMs()
      const writes = all.map((one) => notificationWrite(one, nowMs))
      const output = all.map((one) => ({ id: one.id, channel: one.channel, to: one.to }))
      return {
        kind: 'done',
        output: { ...output[0], ...(output.length > 1 ? { all: output } : {}) } as Json,
        writes,
      }
    }
  const each = channelNames.map((name) => [`notify.${name}`, send(`notify.${name}`, name)])
  return { 'notify.send': send('notify.send', undefined), ...Object.fromEntries(each) }
}

function channelsOf(
  options: NotificationOptions,
  world: NotificationDependencies,
  push: WebPush,
): ReadonlyMap<ChannelName, Channel> {
  const { email, webhook, slack, discord, telegram } = options
  const channels = new Map<ChannelName, Channel>()
  if (email) channels.set('email', emailChannel(email))
  if (webhook) channels.set('webhook', webhookChannel(webhook, world))
  if (slack) channels.set('slack', slackChannel(slack, world))
  if (discord) channels.set('discord', discordChannel(discord, world))
  if (telegram) channels.set('telegram', telegramChannel(telegram, world))
  if (options.push) channels.set('push', push)
  return channels
}
