/** Describes notifications: what people are told, by which channel, and how far it is. */

import type { Json } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { StepFunction } from '../workflow/workflow.ts'

/** Ways to people; the outbox is the list itself, which sends nothing. */
export const channelNames = [
  ...(['outbox', 'webhook', 'email', 'push', 'slack', 'discord', 'telegram'] as const),
] as const
export type ChannelName = (typeof channelNames)[number]

/** `stored`: for the outbox alone; `held`: over the limit of its recipient, until there is room; `dead`: given up. */
export const notificationStates = [
  ...(['stored', 'waiting', 'sending', 'held', 'sent', 'dead'] as const),
] as const
export type NotificationState = (typeof notificationStates)[number]

/** One notification to one recipient. */
export interface Notification {
  readonly id: string
  /** Empty for one that no workflow sent. */
  readonly instanceId: string
  readonly to: string
  readonly subject: string
  /** Plain text. */
  readonly body: string
  readonly channel: ChannelName
  readonly state: NotificationState
  readonly attempts: number
  /** Why it waits, is held, or was given up. */
  readonly reason: string | undefined
  readonly atMs: number
  readonly sentAtMs: number | undefined
}

/** A template as it would be sent. */
export interface Preview {
  readonly subject: string
  readonly text: string
  /** In the channel's own form: HTML for e-mail, mrkdwn for Slack, Markdown for Discord, MarkdownV2 for Telegram. */
  readonly formatted: string | undefined
}

/**
 * A named text. In all members `${ … }` holds jq over the data; what it gives is escaped as the member's form needs it.
 * A channel without a member of its own gets `text`.
 */
export interface Template {
  readonly name: string
  readonly subject: string
  readonly text: string
  readonly html?: string | undefined
  readonly slack?: string | undefined
  readonly discord?: string | undefined
  readonly telegram?: string | undefined
}

/** A browser that is to be told; the form of `PushSubscription.toJSON()`. */
export interface PushSubscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

/** A kept subscription, without its keys. */
export interface PushSubscriber {
  readonly id: string
  /** To whom notifications by `push` are sent: any name, such as an account. */
  readonly subscriber: string
  /** Server of the browser's maker. */
  readonly service: string
  readonly atMs: number
}

/** What is asked of a notification without a workflow. */
export interface NotificationOrder {
  readonly channel?: ChannelName | undefined
  readonly to: string
  readonly subject: string
  readonly body: string
}

/** Sends, lists and looks after notifications. */
export interface Notifications {
  /**
   * The steps `notify.send`, `notify.email` and one for each other channel. Input: `to` (a recipient, the name of a group,
   * or a list of them), and `subject` and `body`, or `template` and `data`; `notify.send` takes a `channel`, too.
   */
  readonly functions: Readonly<Record<string, StepFunction>>
  list(query: NotificationQuery): Promise<Page<Notification>>
  /** Calls for each notification that is new or changed, after it is on disk. */
  subscribe(listener: (notification: Notification) => void): () => void
  /** Has a dead or held one sent. @throws AppError `services/unknown-notification` unless it is dead or held */
  requeue(id: string): Promise<Notification>
  /** Sends one without a workflow. @throws AppError `services/bad-notification`, `services/channel-not-set` */
  order(order: NotificationOrder): Promise<readonly Notification[]>
  /** Channels that are set up. */
  channels(): readonly ChannelName[]
  readonly templates: Templates
  readonly push: PushSubscriptions
  /** Looks for new ones at once. */
  wake(): void
  start(): Promise<void>
  stop(): Promise<void>
}

/** What a list is asked for. */
export interface NotificationQuery extends PageQuery {
  readonly channel?: ChannelName | undefined
  readonly state?: NotificationState | undefined
}

/** Named texts: those of files, and those that were put, which come first. */
export interface Templates {
  list(): Promise<readonly Template[]>
  /** @throws AppError `services/bad-template` */
  put(template: Json): Promise<Template>
  /** @throws AppError `services/unknown-template` unless it was put */
  remove(name: string): Promise<void>
  /** @throws AppError `services/unknown-template`, `stream/expression-failed` */
  render(name: string, channel: ChannelName, data: Json): Promise<Preview>
}

/** Browsers that are told. */
export interface PushSubscriptions {
  /** The server's public key (VAPID), base64url, for `PushManager.subscribe`. @throws AppError `services/channel-not-set` */
  publicKey(): Promise<string>
  list(query: PageQuery): Promise<Page<PushSubscriber>>
  /** @throws AppError `services/bad-subscription`, `services/too-many-subscriptions` */
  add(subscriber: string, subscription: PushSubscription): Promise<PushSubscriber>
  /** Whether it was there. */
  remove(id: string): Promise<boolean>
}
